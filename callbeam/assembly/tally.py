"""What a job came to: counts over its calls, and the row of table ``jobs``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from callbeam.assembly.call_parts import CHANNELS, FRAGMENTS
from callbeam.kvs import LOST, NOT_OURS
from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from callbeam.assembly.assemble import CallTables
    from callbeam.kvs import Job


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over some calls.

    Attributes
    ----------
    by_status : Counter of str
        Ledger rows by status.
    call_count : int
        Calls written.
    call_ms : int
        Their length.
    channel_ms : int
        Audio of the channels written, gaps left out.
    open_calls : frozenset of str
        Calls that may still be going on.
    """

    by_status: Counter[str] = field(default_factory=Counter)
    call_count: int = 0
    call_ms: int = 0
    channel_ms: int = 0
    open_calls: frozenset[str] = frozenset()


def tally_of(call: CallTables) -> Tally:
    """Count what one call adds to the tables."""
    by_status: Counter[str] = Counter()
    for batch in call.batches.get(FRAGMENTS, ()):
        for item in pc.value_counts(batch.column("status")).to_pylist():
            by_status[item["values"]] += item["counts"]
    # In whole milliseconds, so that the order of addition does not show.
    channel_ms = sum(
        samples * 1000 // rate_hz
        for batch in call.batches.get(CHANNELS, ())
        for samples, rate_hz in zip(
            batch.column("samples").to_pylist(), batch.column("sample_rate_hz").to_pylist(), strict=True
        )
    )
    calls = call.batches.get("calls", ())
    return Tally(
        by_status,
        call_count=sum(batch.num_rows for batch in calls),
        call_ms=sum(pc.sum(batch.column("duration_ms")).as_py() for batch in calls),
        channel_ms=channel_ms,
        open_calls=frozenset({call.call_key}) if call.open else frozenset(),
    )


def add_tallies(tallies: Iterable[Tally]) -> Tally:
    """Add up tallies, in any order."""
    by_status: Counter[str] = Counter()
    call_count, call_ms, channel_ms = 0, 0, 0
    open_calls: frozenset[str] = frozenset()
    for tally in tallies:
        by_status.update(tally.by_status)
        call_count += tally.call_count
        call_ms += tally.call_ms
        channel_ms += tally.channel_ms
        open_calls |= tally.open_calls
    return Tally(by_status, call_count=call_count, call_ms=call_ms, channel_ms=channel_ms, open_calls=open_calls)


def lost_ratio(by_status: Mapping[str, int]) -> float | None:
    """Return lost fragments as a share of listed less other_unit and not_asked; None if none is left.

    Examples
    --------
    >>> lost_ratio({"decoded": 98, "damaged": 2, "other_unit": 50})
    0.02
    """
    ours = sum(by_status.values()) - sum(by_status.get(status.value, 0) for status in NOT_OURS)
    lost = sum(by_status.get(status.value, 0) for status in LOST)
    return lost / ours if ours else None


def job_batch(
    job: Job, tally: Tally, *, options_sha256: str, versions: Mapping[str, str], models: Mapping[str, str]
) -> pa.RecordBatch:
    """Make the row of table ``jobs``; nothing in it comes from the wall clock."""
    row = {
        "job_id": job.job_id,
        "sources": list(job.sources),
        "account": job.account,
        "region": job.region,
        "start_ts": job.start_ms,
        "end_ts": job.end_ms,
        "options_sha256": options_sha256,
        "versions": sorted(versions.items()),
        "models": sorted(models.items()),
        "stream_count": len(job.streams),
        "call_count": tally.call_count,
        "channel_hours": tally.channel_ms / 3_600_000,
        "listed": tally.by_status.total(),
        "by_status": sorted(tally.by_status.items()),
        "lost_ratio": lost_ratio(tally.by_status),
    }
    return pa.RecordBatch.from_pylist([row], schema=TABLES["jobs"].schema)
