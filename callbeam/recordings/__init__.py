"""Recordings of calls: files that their publishers wrote, told by their names and by records, and read as legs are.

``find_recorded`` makes legs of files' names; ``read_recorded`` turns such a leg into what ``callbeam.decoding`` makes
of a stream's.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
