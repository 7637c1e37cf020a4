"""A call put together: whose it is, its clock, offsets, and its rows in every table."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from callbeam.assembly.channels import JoinedChannel, channel_batch, join_parts
from callbeam.assembly.packing import unpack
from callbeam.assembly.parts import CHANNELS, DEAD_LETTERS, FILES, FRAGMENTS, LEGS, SECONDS, WINDOWS, Keyed
from callbeam.assembly.rows import complete
from callbeam.assembly.verdict import Verdict
from callbeam.assembly.windows import WindowRow, window_batch
from callbeam.calls.ownership import CallStatus, decide_call
from callbeam.kvs.fragments import LOST, FragmentStatus
from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callbeam.calls.pieces import LegEnd
    from callbeam.kvs.units import Job

PACKED = frozenset({FRAGMENTS, DEAD_LETTERS, SECONDS})
"""The kinds of parts that are packed batches."""

CLOCKS_DIFFER_MS = 200
"""Legs whose clocks are less sure of each other than this cannot be compared."""


@dataclass(frozen=True, slots=True)
class CallTables:
    """What a call adds to the tables.

    Attributes
    ----------
    call_key : str
        ``call_id``; for rows that belong to no call, their stream.
    batches : dict of str to list of pyarrow.RecordBatch
        By table name.
    files : tuple of StagedFile
        Files of heavy tables that hold this call's rows already.
    open : bool
        The call may still be going on; a later run writes it.
    """

    call_key: str
    batches: dict[str, list[pa.RecordBatch]] = field(default_factory=dict)
    files: tuple[Any, ...] = ()
    open: bool = False


def assemble_call(call_key: str, parts: Iterable[Keyed], job: Job) -> CallTables:
    """Put one call together.

    Parameters
    ----------
    call_key : str
        The call's id, or a stream's ARN for rows that belong to no call.
    parts : iterable of Keyed
        All parts of the call, in any order.
    job : Job
        Decides which legs are its own.

    Returns
    -------
    CallTables
        The ledger of every call; the other tables only of a call that the job owns and that has ended.
    """
    by_kind: dict[str, list[Any]] = defaultdict(list)
    for part in parts:
        by_kind[part.kind].append(unpack(part.value) if part.kind in PACKED else part.value)
    ledger = pa.Table.from_batches(by_kind[FRAGMENTS], schema=TABLES[FRAGMENTS].schema)
    letters = by_kind[DEAD_LETTERS]
    leg_ends: list[LegEnd] = by_kind[LEGS]
    if not leg_ends:
        return _tables(call_key, {FRAGMENTS: ledger.to_batches(), DEAD_LETTERS: letters})
    decision = decide_call(leg_ends, job)
    verdict = Verdict(leg_ends, decision)
    ledger = verdict.judge(ledger)
    if decision.status is not CallStatus.OWNED:
        batches = {FRAGMENTS: ledger.to_batches()}
        return _tables(call_key, batches, is_open=decision.status is CallStatus.OPEN)
    letters = verdict.letters(letters)
    channels = join_parts(part for part in by_kind[CHANNELS] if verdict.writes(*part.leg_key))
    start_ms = min([row.first.clock.start_ms for row in channels] or [end.leg.start_server_ms for end in decision.legs])
    kept = {row.first.channel_id for row in channels}
    windows = [row for row in by_kind[WINDOWS] if row.channel_id in kept]
    return _tables(
        call_key,
        {
            "calls": [_call_batch(job, decision.legs, channels, ledger, letters, start_ms)],
            CHANNELS: [channel_batch(job.job_id, channels, start_ms)] if channels else [],
            SECONDS: [
                _second_batch(job.job_id, batch, start_ms) for batch in by_kind[SECONDS] if _channel(batch) in kept
            ],
            WINDOWS: _window_batches(job.job_id, call_key, start_ms, windows),
            FRAGMENTS: ledger.to_batches(),
            DEAD_LETTERS: letters,
        },
        files=tuple(some.file for some in by_kind[FILES] if some.channel_id in kept),
    )


def _tables(
    call_key: str, batches: dict[str, list[pa.RecordBatch]], *, files: tuple[Any, ...] = (), is_open: bool = False
) -> CallTables:
    return CallTables(call_key, {name: some for name, some in batches.items() if some}, files, is_open)


def _call_batch(
    job: Job,
    legs: Sequence[LegEnd],
    channels: Sequence[JoinedChannel],
    ledger: pa.Table,
    letters: Sequence[pa.RecordBatch],
    start_ms: int,
) -> pa.RecordBatch:
    identity = legs[0].leg.identity
    by_status = Counter(ledger["status"].to_pylist())
    fragments = by_status.total() - by_status[FragmentStatus.OTHER_UNIT.value]
    lost = sum(by_status[status.value] for status in LOST)
    parts_lost = _parts_lost(ledger, letters)
    sources = sorted({row.first.clock.source for row in channels}) or ["server"]
    row = {
        "job_id": job.job_id,
        "call_id": identity.call_id,
        "source": identity.source,
        "instance_id": identity.instance_id,
        "chime_call_id": identity.chime_call_id,
        "voice_connector_id": identity.voice_connector_id,
        "stream_arns": sorted({end.leg.stream.arn for end in legs}),
        "call_start_ts": start_ms,
        "duration_ms": max((row.end_ms for row in channels), default=start_ms) - start_ms,
        "status": "no_audio" if not channels else "partial" if lost or parts_lost else "ok",
        "leg_count": len(legs),
        "channel_count": len(channels),
        "fragment_count": fragments,
        "lost_fragment_count": lost,
        "clock_source": sources[0] if len(sources) == 1 else "mixed",
        "clock_uncertainty_ms": max((row.first.clock.uncertainty_ms for row in channels), default=None),
        "warnings": _warnings(legs, channels, lost=lost, parts_lost=parts_lost),
    }
    return pa.RecordBatch.from_pylist([row], schema=TABLES["calls"].schema)


def _parts_lost(ledger: pa.Table, letters: Sequence[pa.RecordBatch]) -> bool:
    """Tell whether a fragment that was decoded also had what could not be: a track of another codec, odd bytes."""
    numbers, statuses = (ledger[name].to_pylist() for name in ("fragment_number", "status"))
    decoded = {
        number for number, status in zip(numbers, statuses, strict=True) if status == FragmentStatus.DECODED.value
    }
    return any(batch.column("fragment_number")[0].as_py() in decoded for batch in letters)


def _warnings(legs: Sequence[LegEnd], channels: Sequence[JoinedChannel], *, lost: int, parts_lost: bool) -> list[str]:
    warnings = []
    if lost:
        warnings.append("fragments_lost")
    if parts_lost:
        warnings.append("parts_of_fragments_lost")
    if any(row.first.participant_role is None for row in channels):
        warnings.append("role_unknown")
    legs_with_audio = {row.first.leg_key: row.first.clock.uncertainty_ms for row in channels}
    if len(legs_with_audio) > 1 and sum(sorted(legs_with_audio.values())[-2:]) > CLOCKS_DIFFER_MS:
        warnings.append("clocks_differ")
    if len(legs) > len({end.leg.stream.arn for end in legs}):
        warnings.append("several_legs_on_a_stream")
    return sorted(warnings)


def _channel(batch: pa.RecordBatch) -> str:
    return str(batch.column("channel_id")[0].as_py())


def _second_batch(job_id: str, batch: pa.RecordBatch, start_ms: int) -> pa.RecordBatch:
    offsets = batch.column("start_ts").cast(pa.int64()).to_numpy() - start_ms
    return complete(TABLES[SECONDS], batch, job_id, begin_offset_ms=pa.array(offsets.astype(np.int32)))


def _window_batches(job_id: str, call_id: str, start_ms: int, rows: Sequence[WindowRow]) -> list[pa.RecordBatch]:
    return [window_batch(job_id, call_id, start_ms, rows)] if rows else []
