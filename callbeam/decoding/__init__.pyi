from .decode import DecodeConfig as DecodeConfig
from .decode import DecodedPiece as DecodedPiece
from .decode import decode_piece as decode_piece

__all__ = [
    "DecodeConfig",
    "DecodedPiece",
    "decode_piece",
]
