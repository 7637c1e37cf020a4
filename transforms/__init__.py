"""The steps of a job, in order; each takes and gives a PCollection.

``ReadFromKinesisVideo`` works on its own in any Beam pipeline; the others make up ``callbeam backfill``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
