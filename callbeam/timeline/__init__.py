"""A leg's clock, and where each block of audio lies on it: gaps, overlaps, re-uploads, clocks that step.

``Placer`` places a fragment's blocks on the leg's sample grid; ``ClockWatch`` tells a gap from a clock that was set.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
