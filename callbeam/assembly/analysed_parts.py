"""What the analysis of a piece tells of its call, as parts of the call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from callbeam.assembly import call_parts
from callbeam.assembly.call_parts import Keyed
from callbeam.assembly.joined_channels import channel_part
from callbeam.assembly.packing import pack
from callbeam.legs import track_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from callbeam.analysis import PieceAnalysis
    from callbeam.sentiment import UnitBatch
    from callbeam.timeline import LegClock


@dataclass(frozen=True, slots=True)
class PieceParts:
    """All that a piece tells of its call, its account of fragments included: what is kept and passed on as one.

    Attributes
    ----------
    digest : str
        The piece's (``Piece.digest``); empty for a piece of a recording.
    stream_arn : str
        Where its leg lies.
    parts : tuple of Keyed
    bytes : int
        Of the fragments that it accounts for.
    batches : tuple of UnitBatch
        What a sentiment model is still to score, with the audio of it.
    """

    digest: str
    stream_arn: str
    parts: tuple[Keyed, ...]
    bytes: int
    batches: tuple[UnitBatch, ...] = ()

    def __len__(self) -> int:
        """Return the number of units to be scored, which RunInference counts."""
        return sum(map(len, self.batches))

    @property
    def nbytes(self) -> int:
        """About how many bytes of memory it takes: audio, and what is packed."""
        packed = sum(len(part.value) for part in self.parts if isinstance(part.value, bytes))
        return packed + sum(batch.nbytes for batch in self.batches)

    def scored(self, scores: Iterable[Keyed]) -> PieceParts:
        """Return the same with a model's scores in place of what they are of."""
        return replace(self, parts=(*self.parts, *scores), batches=())


def parts_of_analysis(
    call_id: str, analysis: PieceAnalysis, clock: LegClock, piece: int, *, whole: bool = False
) -> Iterator[Keyed]:
    """Yield the parts of a piece's call, all but rows of heavy tables and a model's scores.

    Parameters
    ----------
    call_id : str
    analysis : PieceAnalysis
    clock : LegClock
        The leg's.
    piece : int
        Index of the piece in its leg.
    whole : bool
        The call gets all of the leg's second rows, and makes their windows (``SecondRows``).
    """
    for pair in analysis.pairs(piece):
        yield Keyed(call_id, call_parts.PAIRS, pair)
    for analysed in analysis.channels:
        yield Keyed(call_id, call_parts.CHANNELS, channel_part(analysed, clock, piece))
        if analysed.features is not None:
            yield Keyed(call_id, call_parts.TRACKS, track_of(analysed.channel.channel_id, piece, analysed.features))
        seconds = analysed.rows.seconds
        if seconds.num_rows:
            yield Keyed(call_id, call_parts.SECONDS, call_parts.SecondRows(pack(call_parts.SECONDS, seconds), whole))
    batches = {
        call_parts.UTTERANCES: [analysed.utterances for analysed in analysis.channels],
        call_parts.UNITS: [analysed.units for analysed in analysis.channels],
    }
    for kind, rows in batches.items():
        if any(batch.num_rows for batch in rows):
            yield Keyed(call_id, kind, pack(kind, *rows))
