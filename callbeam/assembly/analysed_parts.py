"""What the analysis of a piece tells of its call, as parts of the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.assembly import call_parts
from callbeam.assembly.call_parts import Keyed
from callbeam.assembly.joined_channels import channel_part
from callbeam.assembly.packing import pack
from callbeam.legs import track_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.analysis import PieceAnalysis
    from callbeam.timeline import LegClock


def parts_of_analysis(call_id: str, analysis: PieceAnalysis, clock: LegClock, piece: int) -> Iterator[Keyed]:
    """Yield the parts of a piece's call, all but rows of heavy tables and a model's scores.

    Parameters
    ----------
    call_id : str
    analysis : PieceAnalysis
    clock : LegClock
        The leg's.
    piece : int
        Index of the piece in its leg.
    """
    for pair in analysis.pairs(piece):
        yield Keyed(call_id, call_parts.PAIRS, pair)
    for analysed in analysis.channels:
        yield Keyed(call_id, call_parts.CHANNELS, channel_part(analysed, clock, piece))
        if analysed.features is not None:
            yield Keyed(call_id, call_parts.TRACKS, track_of(analysed.channel.channel_id, piece, analysed.features))
        batches = {
            call_parts.SECONDS: analysed.rows.seconds,
            call_parts.UTTERANCES: analysed.utterances,
            call_parts.UNITS: analysed.units,
        }
        for kind, batch in batches.items():
            if batch.num_rows:
                yield Keyed(call_id, kind, pack(batch))
