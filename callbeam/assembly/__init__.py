"""Parts of calls put together: rows, offsets, and the decision whose call it is."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
