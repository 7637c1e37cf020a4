"""Samples and frames: a channel on the leg's clock; its levels, spectrum and pitch by frame, second and window.

A ``Channel`` holds int16 samples and the gaps in them. Frames of 25 ms every 10 ms lie on a grid from the leg's first
sample, so that pieces of a leg give the same values as the whole. Spectral measures are librosa's by definition.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
