"""Legs as the steps before the assembly give them, and the rows that become of their calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from callbeam.analysis import AnalysisConfig, analyse_piece
from callbeam.assembly import CallTables, Keyed, call_parts, parts_of_analysis
from callbeam.audio import Channel
from callbeam.calls import LegEnd
from callbeam.timeline import LegClock
from callbeam.voice import SileroDetector


def leg_parts(
    pieces: Sequence[Sequence[Channel]],
    end_ms: int,
    *,
    uncertainty_ms: int = 50,
    is_open: bool = False,
    config: AnalysisConfig | None = None,
) -> list[Keyed]:
    """Analyse the channels of a leg's pieces; return the parts of its call that come of them."""
    first = pieces[0][0]
    call_id, clock = first.leg.identity.call_id, LegClock("producer", first.clock_start_ms, uncertainty_ms)
    parts = [Keyed(call_id, call_parts.LEGS, LegEnd(first.leg, len(pieces), end_ms, is_open))]
    for index, channels in enumerate(pieces):
        analysis = analyse_piece(channels, config or AnalysisConfig(), SileroDetector())
        parts += parts_of_analysis(call_id, analysis, clock, index, whole=True)
    return parts


def rows_by_table(tables: CallTables) -> dict[str, list[dict[str, Any]]]:
    """Return a call's rows, by the tables that have any."""
    return {name: pa.Table.from_batches(some).to_pylist() for name, some in tables.batches.items() if some}
