"""DecodeTracks: a piece of a call becomes channels of samples on the leg's clock."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam

from callbeam.calls import Piece
from callbeam.decoding import DecodeConfig, DecodedPiece, decode_piece
from callbeam.transforms.coders import register_coders
from callbeam.transforms.worker_memory import MemoryNeed

register_coders()


@beam.typehints.with_input_types(Piece)
@beam.typehints.with_output_types(DecodedPiece)
class DecodePiece(beam.DoFn):
    """Decode one piece."""

    def __init__(self, config: DecodeConfig, memory: MemoryNeed) -> None:
        self._config = config
        self._memory = memory

    def setup(self) -> None:
        """Refuse a worker on which pieces would not fit."""
        self._memory.check()

    def process(self, piece: Piece) -> Iterator[DecodedPiece]:
        """Emit the decoded piece, which tells what became of its fragments."""
        decoded = decode_piece(piece, self._config)
        # The reader holds the piece until the analysis behind this step is over.
        piece.let_go()
        yield decoded


class DecodeTracks(beam.PTransform):
    """Split pieces by track name and place their samples.

    It is the last to see the pieces' media, which it lets go of (``Piece.let_go``): a step of your own that wants it,
    too, takes its place and calls ``decode_piece``.

    Parameters
    ----------
    config : DecodeConfig, optional
        Whose voices tracks carry, where their names do not tell.
    memory : MemoryNeed, optional
        What a worker is to have before it begins; what one piece at a time takes by default.
    """

    def __init__(self, config: DecodeConfig | None = None, *, memory: MemoryNeed | None = None) -> None:
        super().__init__()
        self._config = config or DecodeConfig()
        self._memory = memory or MemoryNeed()

    def expand(self, pieces: beam.PCollection[Piece]) -> beam.PCollection[DecodedPiece]:
        """Decode each piece."""
        return pieces | "DecodePiece" >> beam.ParDo(DecodePiece(self._config, self._memory))
