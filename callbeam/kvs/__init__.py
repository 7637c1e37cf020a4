"""Kinesis Video Streams: finding streams, listing and reading fragments, planning what a job reads."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
