"""Where the clocks begin on which the offsets of what is said of calls lie.

Jobs of several days or streams may each hold a part of a call, on a clock of its own. ``callbeam enrich`` takes the
clock of one of them, the first of its date; ``unit_labels`` in ``docs/views.sql`` is its twin in SQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

Instant = TypeVar("Instant")

_DATE = len("20260302")


def job_date(job_id: str) -> str:
    """Return the date at the beginning of a job's id.

    Examples
    --------
    >>> job_date("20260302T000000Z-1601877c919c")
    '20260302'
    """
    return job_id[:_DATE]


def clock_zeros(calls: Iterable[tuple[str, str, Instant]]) -> dict[tuple[str, str], Instant]:
    """Return where the clocks begin.

    Parameters
    ----------
    calls : iterable of (str, str, instant)
        ``job_id``, ``call_id`` and ``call_start_ts`` of rows of ``calls``; the last in any form.

    Returns
    -------
    dict of (str, str) to instant
        By ``call_id`` and ``job_date``.

    Examples
    --------
    >>> clock_zeros([("20260302T000000Z-b", "c-1", 9), ("20260302T000000Z-a", "c-1", 5)])
    {('c-1', '20260302'): 5}
    """

    def job_of(row: tuple[str, str, Any]) -> str:
        return row[0]

    zeros: dict[tuple[str, str], Instant] = {}
    for job_id, call_id, start in sorted(calls, key=job_of):
        zeros.setdefault((call_id, job_date(job_id)), start)
    return zeros
