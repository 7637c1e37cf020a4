"""How right tables are beside the truth of made-up calls, and how right a detector is beside what is known."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
