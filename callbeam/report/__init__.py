"""Pages that show calls to people: an index of a fleet, and one page for each call asked for."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
