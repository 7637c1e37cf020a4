"""From what records say of calls to the stretches of a stream that are listed and read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from callbeam.kvs.lanes import Sought, Stretch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

JOINED_MS = 15 * 60_000
"""Ranges closer than that are listed as one: what lies between is about one page, and would cost a call of its own."""


def within(sought: Iterable[Sought], reach: Stretch) -> tuple[Sought, ...]:
    """Cut to a job's reach what is sought; what lies outside of it is another job's."""
    return tuple(
        one
        if reach.start_ms <= one.start_ms and one.end_ms <= reach.end_ms
        else replace(one, start_ms=max(one.start_ms, reach.start_ms), end_ms=min(one.end_ms, reach.end_ms))
        for one in sought
        if one.start_ms < reach.end_ms and reach.start_ms < one.end_ms
    )


def listed_ranges(sought: Sequence[Sought]) -> list[Stretch]:
    """Return the ranges to be listed, in order: few, however many calls are sought."""
    return _joined(((one.start_ms, 0, one.end_ms) for one in sought), JOINED_MS)


def located(sought: Iterable[Sought], found: Mapping[int, int | None]) -> tuple[Sought, ...]:
    """Let calls begin with the fragments that records name.

    Parameters
    ----------
    sought : iterable of Sought
    found : mapping of int to int or None
        Those of the named fragments that are listed, and their server times as far as the listing tells.

    Returns
    -------
    tuple of Sought
        Those whose fragment is listed begin when it came; those whose fragment is not have none, so that tags decide.
    """

    def begun(one: Sought) -> Sought:
        if one.first_number is None:
            return one
        if one.first_number not in found:
            return replace(one, first_number=None)
        at_ms = found[one.first_number]
        if at_ms is None:
            return one
        end_ms = one.end_ms if one.stop_ms is None else min(one.end_ms, one.stop_ms)
        return replace(one, start_ms=at_ms, end_ms=max(end_ms, at_ms + 1))

    return tuple(begun(one) for one in sought)


def stretches_of(sought: Iterable[Sought], found: Mapping[int, int | None]) -> tuple[Stretch, ...]:
    """Return where legs of calls begin that are read, in order, those that overlap or touch as one.

    Examples
    --------
    >>> calls = [Sought("arn", "c-1", "connect", 0, 60), Sought("arn", "c-2", "connect", 50, 90, first_number=7)]
    >>> stretches_of(calls, {7: 50})
    (Stretch(start_ms=0, end_ms=90, first_number=None),)
    """
    timed = {number for number, at_ms in found.items() if at_ms is not None}

    def first_of(one: Sought) -> int:
        """Return the fragment before which nothing matters; 0 where a leg may run into it that is an earlier job's."""
        return one.first_number if one.first_number in timed and not one.earlier else 0

    return tuple(_joined(((one.start_ms, first_of(one), one.end_ms) for one in sought), 0))


def _joined(ranges: Iterable[tuple[int, int, int]], gap_ms: int) -> list[Stretch]:
    """Join ranges, each its start, the fragment that it begins with (0 for none) and its end."""
    joined: list[Stretch] = []
    begun: tuple[int, int] | None = None
    until_ms = 0
    for start_ms, first, end_ms in sorted(ranges):
        if begun is not None and start_ms <= until_ms + gap_ms:
            until_ms = max(until_ms, end_ms)
            continue
        if begun is not None:
            joined.append(Stretch(begun[0], until_ms, begun[1] or None))
        begun, until_ms = (start_ms, first), end_ms
    if begun is not None:
        joined.append(Stretch(begun[0], until_ms, begun[1] or None))
    return joined
