from .decode import DecodeConfig as DecodeConfig
from .decode import DecodedPiece as DecodedPiece
from .decode import decode_piece as decode_piece
from .exclusion import exclude as exclude
from .track import channel_id as channel_id

__all__ = [
    "DecodeConfig",
    "DecodedPiece",
    "channel_id",
    "decode_piece",
    "exclude",
]
