"""Matroska as KVS delivers it: a reader that copies no payload, and a writer for each producer's dialect."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
