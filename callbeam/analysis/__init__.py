"""A piece's channels in, rows out: the one way through all that a single channel tells."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
