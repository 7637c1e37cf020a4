"""Compaction: the small files of a month's jobs become large ones, published as a job is."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
