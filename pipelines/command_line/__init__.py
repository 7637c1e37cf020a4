"""What commands share: a parser that corrects misspelt words, values of options, and the options about S3."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
