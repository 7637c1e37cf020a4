"""Running jobs on this machine: the runner, its worker processes, how they end, and what is said meanwhile."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
