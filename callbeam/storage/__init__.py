"""Whole objects in a folder or on S3: put, copied, listed, read by ranges.

``open_store`` gives either behind one small interface.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
