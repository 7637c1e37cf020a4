"""What a notebook starts with: captures, recordings and tables, without Beam and without a service."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
