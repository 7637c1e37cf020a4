"""What a call's channels tell together: turns, overlaps, events, phases, totals."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
