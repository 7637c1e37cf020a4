"""The tables: one a file, every column declared once; code, docs and DDL come from here."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
