"""Samples and frames: a channel on the leg's clock, its levels, spectrum and pitch by frame, second and window."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
