"""Pieces of calls to channels of samples, and an account of each of their fragments."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
