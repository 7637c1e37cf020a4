"""Streams and their fragments as the emulator holds them, in a folder or for as long as it runs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
