"""What a source's records of segments come to: partial results give way to final ones, repetitions to the last one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from callbeam.transcripts import (
    CONTACT_LENS,
    CONTACT_LENS_IVR,
    POST_CALL_ANALYTICS,
    TRANSCRIBE,
    TRANSCRIBE_CALL_ANALYTICS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Row = Mapping[str, Any]


OF_FILES: Final = frozenset(
    {CONTACT_LENS, CONTACT_LENS_IVR, POST_CALL_ANALYTICS, TRANSCRIBE, TRANSCRIBE_CALL_ANALYTICS}
)
"""Systems that leave a file for each call."""


@dataclass(frozen=True, slots=True)
class FinalSegment:
    """A segment as it is to be believed.

    Attributes
    ----------
    row : mapping
        Of ``collected.SCHEMAS[Segment]``.
    record_count : int
        Records that it stands for.
    place : str
        The first of these, by place.
    """

    row: Row
    record_count: int
    place: str


def final_segments(rows: Iterable[Row]) -> list[FinalSegment]:
    """Decide which of a source's records of one call's segments count.

    Parameters
    ----------
    rows : iterable of mapping
        In any order; the result does not depend on it.

    Returns
    -------
    list of FinalSegment
        In order of begin. Final records of one name that overlap are one segment, and the last of them counts; those
        that do not are two segments whose names are the same. So are records of one speaker with the same begin and
        end, whatever their names: a redacted file and the other one of a call are two accounts of the same. Of those
        the fuller one counts. A partial record counts only where no final one has its name.
    """
    named: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        named[row["segment_id"], row["role"] or ""].append(row)
    found: list[list[Row]] = []
    for some in named.values():
        finals = [row for row in some if not row["is_partial"]]
        groups = _overlapping(finals or some)
        partials = [row for row in some if finals and row["is_partial"]]
        nearest = [min(groups, key=partial(_apart, row)) for row in partials]
        for row, group in zip(partials, nearest, strict=True):
            group.append(row)
        found += groups
    return sorted(
        (FinalSegment(_last(group), len(group), min(row["place"] for row in group)) for group in _same(found)),
        key=lambda one: (one.row["begin_ms"], one.row["end_ms"], one.row["segment_id"]),
    )


def _same(groups: Iterable[list[Row]]) -> Iterable[list[Row]]:
    """Join groups whose segments are of one speaker, with the same begin and end."""
    same: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for group in groups:
        last = _last(group)
        same[last["role"], last["speaker"], last["begin_ms"], last["end_ms"], last["is_partial"]] += group
    return same.values()


def told_twice(rows: Iterable[Row]) -> tuple[str, str] | None:
    """Return two files of one system that both tell what one speaker says at a time, or None.

    Parameters
    ----------
    rows : iterable of mapping
        A call's rows of ``segments``. Of systems that leave a file for each call: streams tell bit by bit.
    """
    spoken: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if row["source"] in OF_FILES:
            spoken[row["source"], row["participant_role"], row["source_speaker"]].append(row)
    for some in spoken.values():
        before: Row | None = None
        for row in sorted(some, key=lambda row: (row["source_begin_ms"], row["place"])):
            if before is not None and row["source_begin_ms"] < before["source_end_ms"]:
                files = sorted(one["place"].partition(", line ")[0] for one in (before, row))
                if files[0] != files[1]:
                    return files[0], files[1]
            if before is None or row["source_end_ms"] > before["source_end_ms"]:
                before = row
    return None


def _overlapping(rows: list[Row]) -> list[list[Row]]:
    """Group records that overlap; the reach of a group is that of all its records."""
    groups: list[list[Row]] = []
    reach = -1
    for row in sorted(rows, key=_order):
        if groups and (row["begin_ms"] < reach or row["begin_ms"] == groups[-1][0]["begin_ms"]):
            groups[-1].append(row)
        else:
            groups.append([row])
        reach = max(reach, row["end_ms"])
    return groups


def _order(row: Row) -> tuple[Any, ...]:
    return row["begin_ms"], row["end_ms"], row["said_ms"], row["text"] or "", row["place"]


def _apart(row: Row, group: list[Row]) -> tuple[int, int]:
    """Return how far a record lies from a group, and where that begins, which decides between equals."""
    begin = min(one["begin_ms"] for one in group)
    end = max(one["end_ms"] for one in group)
    return max(0, begin - row["end_ms"], row["begin_ms"] - end), begin


def _last(group: list[Row]) -> Row:
    """Return the record that counts: the last final one; of several one with text, as little redacted as there is."""
    return max(group, key=lambda row: (not row["is_partial"], row["said_ms"], *_full(row), row["end_ms"], *_order(row)))


def _full(row: Row) -> tuple[bool, bool]:
    return row["text"] is not None, row["redacted"] is not True
