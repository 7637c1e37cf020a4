"""Erasure: a person's rows out of every table of an output, and a tombstone that keeps them out."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
