"""Made-up calls with known truth: who speaks when, how it sounds, and how producers write it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
