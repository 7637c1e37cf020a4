"""Runners that are not this machine's own: the options that they know, and what they tell of a job while it runs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
