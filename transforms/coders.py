"""Coders of what passes from the source to the last step that sees audio, within one process."""

from __future__ import annotations

import pickle

from apache_beam import coders

from callbeam.assembly import PieceParts
from callbeam.calls import Piece
from callbeam.decoding import DecodedPiece


class PieceCoder(coders.Coder):
    """Encodes pieces, should a runner ever part the steps that hand them on; and tells their size without doing so.

    Workers sample the size of elements as they pass. By default that encodes them, and a piece may hold 60 MB.
    """

    def encode(self, value: Piece | DecodedPiece | PieceParts) -> bytes:
        """Pickle, slowly; documents warn when that happens."""
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def decode(self, encoded: bytes) -> Piece | DecodedPiece | PieceParts:
        """Unpickle what ``encode`` made."""
        value: Piece | DecodedPiece | PieceParts = pickle.loads(encoded)  # noqa: S301  (the runner's own bytes)
        return value

    def estimate_size(self, value: Piece | DecodedPiece | PieceParts) -> int:
        """Return the bytes of media, samples or parts."""
        if isinstance(value, PieceParts):
            return value.nbytes
        if isinstance(value, Piece):
            return sum(fragment.listed.size for fragment in value.fragments)
        return sum(channel.samples.nbytes for channel in value.channels)

    def is_deterministic(self) -> bool:
        """Say that pieces are no keys."""
        return False


def register_coders() -> None:
    """Tell Beam, in whichever process imports a step that passes pieces on."""
    coders.registry.register_coder(Piece, PieceCoder)
    coders.registry.register_coder(DecodedPiece, PieceCoder)
    coders.registry.register_coder(PieceParts, PieceCoder)
