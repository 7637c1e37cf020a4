"""Made-up hold music: kinds, what is played, and on which instruments."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
