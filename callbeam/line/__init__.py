"""What the line adds to a channel: tones, keys, hold music, silence, clipping, leaks of one channel into another."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
