"""What a person wants to see when a job is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from callbeam.assembly import lost_ratio
from callbeam.kvs import LOST, FragmentStatus
from callbeam.pipelines.command_line import show_instant
from callbeam.report import counted
from callbeam.schemas import TABLES
from callbeam.tables import Manifest, Outcome

MOST_NAMED = 5
"""Calls named in a line; the manifest names all."""


def only_runs_in(outcome: Outcome) -> bool:
    """Tell whether there is audio in a job's range, and all of it of calls that are another job's."""
    return not outcome.call_count and set(outcome.by_status) == {FragmentStatus.OTHER_UNIT.value}


def summary(manifest: Manifest, *, elapsed_s: float, start_before_ms: int | None = None, kept_out: bool = False) -> str:
    """Describe a published job.

    Parameters
    ----------
    manifest : Manifest
    elapsed_s : float
        Wall time of the run.
    start_before_ms : int, optional
        Where the calls of the range begin before it: the start with which a job would have them.
    kept_out : bool
        Whether calls were left out because they were erased, if nothing else is there.

    Returns
    -------
    str
        Several lines.
    """
    outcome = manifest.outcome
    hours = outcome.call_ms / 3_600_000
    speed = outcome.call_ms / 1000 / max(elapsed_s, 1e-3)
    took = f"{hours:.2f} h in {elapsed_s:.1f} s ({speed:.0f} times real time)"
    lines = [f"job {manifest.job_id}: {counted(outcome.call_count, 'call')}, {took}"]
    if not outcome.by_status and kept_out:
        lines.append("calls of this range were erased and are kept out, and there are no fragments of others")
    elif not outcome.by_status:
        lines.append("no fragments in this range: an empty manifest was published")
    rows: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for entry in manifest.files:
        rows[entry.table] += entry.rows
        size[entry.table] += entry.bytes
    for name in (name for name in TABLES if name in rows):
        unit = "row" if rows[name] == 1 else "rows"
        lines.append(f"  {name:<16} {rows[name]:>9,} {unit:<4} {_bytes(size[name]):>10}")
    lines += accounting(outcome.by_status)
    if start_before_ms is not None:
        early = show_instant(start_before_ms)
        lines.append(f"  the calls here begin before --start: to have them, begin with --start {early} or earlier")
    if outcome.open_calls:
        named = ", ".join(outcome.open_calls[:MOST_NAMED]) + (", ..." if len(outcome.open_calls) > MOST_NAMED else "")
        lines.append(
            f"  {counted(len(outcome.open_calls), 'call')} may still be going on ({named}): run the job again later"
        )
    return "\n".join(lines)


def accounting(by_status: Mapping[str, int]) -> list[str]:
    """Return the lines that add every listed fragment up."""
    listed = sum(by_status.values())
    if not listed:
        return []
    terms = " + ".join(f"{by_status[s.value]:,} {s.value}" for s in FragmentStatus if by_status.get(s.value))
    lost = sum(by_status.get(status.value, 0) for status in LOST)
    return [f"  {listed:,} listed = {terms}", f"  lost: {lost:,} ({lost_ratio(by_status) or 0:.2%})"]


def _bytes(count: int) -> str:
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError
