"""Phone-call audio in Amazon Kinesis Video Streams, turned into Parquet tables with Apache Beam.

What a notebook starts with stands here; every room of the package has a page of its own.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
