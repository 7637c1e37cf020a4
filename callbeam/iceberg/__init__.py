"""Iceberg: published files as snapshots of tables in a catalog, by pyiceberg, which only who asks for it needs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
