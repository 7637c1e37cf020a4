"""Pieces of calls to channels of samples, and an account of each of their fragments.

``decode_piece`` splits media by track name and places samples on the leg's clock; what cannot be decoded is named,
with its reason, in the piece's ledger and dead letters.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
