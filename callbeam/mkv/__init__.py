"""Matroska as KVS delivers it: a reader that copies no payload, and a writer for each producer's dialect.

``read_documents`` gives each EBML document of a capture, which is a fragment in KVS, with what was sound in it and
the first error. ``write_fragment`` writes one as Connect, Chime or libav does.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
