"""DecodeTracks: a piece of a call becomes channels of samples on the leg's clock."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam

from callbeam.assembly import keyed_dead_letters, keyed_ledger
from callbeam.calls import Piece
from callbeam.decoding import DecodeConfig, DecodedPiece, decode_piece
from callbeam.transforms.coders import register_coders
from callbeam.transforms.worker_memory import MemoryNeed

register_coders()


@beam.typehints.with_input_types(Piece)
@beam.typehints.with_output_types(DecodedPiece)
class DecodePiece(beam.DoFn):
    """Decode one piece; the ledger rows and dead letters of its fragments go to ``parts``."""

    def __init__(self, job_id: str, config: DecodeConfig, memory: MemoryNeed) -> None:
        self._job_id = job_id
        self._config = config
        self._memory = memory

    def setup(self) -> None:
        """Refuse a worker on which pieces would not fit."""
        self._memory.check()

    def process(self, piece: Piece) -> Iterator[DecodedPiece | beam.pvalue.TaggedOutput]:
        """Emit the decoded piece, and what became of its fragments."""
        decoded = decode_piece(piece, self._config)
        # The reader holds the piece until the analysis behind this step is over.
        piece.let_go()
        for keyed in keyed_ledger(self._job_id, decoded.ledger):
            yield beam.pvalue.TaggedOutput("parts", keyed)
        for keyed in keyed_dead_letters(self._job_id, decoded.dead_letters):
            yield beam.pvalue.TaggedOutput("parts", keyed)
        yield decoded


class DecodeTracks(beam.PTransform):
    """Split pieces by track name and place their samples: decoded pieces on the main output, the ledger on ``parts``.

    It is the last to see the pieces' media, which it lets go of (``Piece.let_go``): a step of your own that wants it,
    too, takes its place and calls ``decode_piece``.

    Parameters
    ----------
    job_id : str
        For the ledger's rows.
    config : DecodeConfig, optional
        Whose voices tracks carry, where their names do not tell.
    memory : MemoryNeed, optional
        What a worker is to have before it begins; what one piece at a time takes by default.
    """

    def __init__(self, job_id: str, config: DecodeConfig | None = None, *, memory: MemoryNeed | None = None) -> None:
        super().__init__()
        self._job_id = job_id
        self._config = config or DecodeConfig()
        self._memory = memory or MemoryNeed()

    def expand(self, pieces: beam.PCollection[Piece]) -> beam.pvalue.DoOutputsTuple:
        """Decode each piece."""
        decode = DecodePiece(self._job_id, self._config, self._memory)
        return pieces | "DecodePiece" >> beam.ParDo(decode).with_outputs("parts", main="decoded")
