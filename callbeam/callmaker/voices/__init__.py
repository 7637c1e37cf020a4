"""Voices of made-up calls: what is said, and the ways to make it heard."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
