"""Objects in a folder or on S3: whole, listed, read by ranges."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
