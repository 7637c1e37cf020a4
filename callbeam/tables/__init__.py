"""Tables as Parquet files: written and staged, published behind a manifest, and read back by it.

A job's files are staged whole, then published with the manifest last; ``open_output`` reads only files that a
manifest names.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
