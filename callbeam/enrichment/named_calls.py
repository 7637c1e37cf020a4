"""Which call of the tables a source means: by any of the names that records know it by."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callbeam.tables import Output

DAY_MS = 86_400_000

_COLUMNS = ("call_id", "job_id", "contact_id", "chime_call_id", "aliases", "call_start_ts")


@dataclass(frozen=True, slots=True)
class KnownCall:
    """A call that a job has written.

    Attributes
    ----------
    call_id, job_id : str
    start_ms : int
        Zero of the call's clock, UTC milliseconds.
    day_ms : int
        The UTC midnight at which the day of its job begins: what is said of it lies in the same partition.
    """

    call_id: str
    job_id: str
    start_ms: int
    day_ms: int


class NamedCalls:
    """The calls of an output, by name.

    Parameters
    ----------
    output : Output

    Attributes
    ----------
    calls : dict of str to KnownCall
        By call_id.
    first_day_ms : int
        The first day of which there are tables: what is said of calls that no job has written, and that no time tells a
        day of, lies in it.
    """

    def __init__(self, output: Output) -> None:
        days = {manifest.job_id: day_of(manifest.start_ms) for manifest in output.manifests}
        self.first_day_ms = min(days.values())
        self.calls: dict[str, KnownCall] = {}
        by_alias: dict[str, set[str]] = defaultdict(set)
        rows = output.read("calls", _COLUMNS).sort_by([("call_id", "ascending"), ("job_id", "ascending")])
        for row in rows.to_pylist():
            call_id, job_id = row["call_id"], row["job_id"]
            start_ms = round(row["call_start_ts"].timestamp() * 1000)
            self.calls.setdefault(call_id, KnownCall(call_id, job_id, start_ms, days[job_id]))
            for alias in (row["contact_id"], row["chime_call_id"], *(row["aliases"] or ())):
                if alias is not None:
                    by_alias[alias].add(call_id)
        self._by_alias = {alias: next(iter(ids)) for alias, ids in by_alias.items() if len(ids) == 1}

    def find(self, names: tuple[str, ...]) -> KnownCall | None:
        """Return the call that the first known of some names means; a name of several calls means none of them."""
        for name in names:
            if (known := self.calls.get(name)) is not None:
                return known
        return next((self.calls[self._by_alias[name]] for name in names if name in self._by_alias), None)


def day_of(at_ms: int) -> int:
    """Return the UTC midnight before an instant, in ms.

    Examples
    --------
    >>> from datetime import datetime, timezone
    >>> datetime.fromtimestamp(day_of(1_772_452_800_123) / 1000, tz=timezone.utc).isoformat()
    '2026-03-02T00:00:00+00:00'
    """
    return at_ms // DAY_MS * DAY_MS
