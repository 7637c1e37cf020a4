"""Whose call is it: identity, legs, ownership, and following calls through a stream's fragments."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
