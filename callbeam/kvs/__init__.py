"""Kinesis Video Streams, read patiently: finding streams, listing and reading fragments, planning jobs.

``KvsClient`` finds streams and opens one as a ``FragmentSource``; ``plan_jobs`` and ``plan_lanes`` say what a
backfill reads, from metadata alone. Throttling is waited for, and what cannot be had is told with its reason.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
