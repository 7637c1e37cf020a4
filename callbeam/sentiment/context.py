"""The turns before a unit, which a model may read with it."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

CONTEXT_TURNS = 3


class Turn(NamedTuple):
    """An utterance in its place in the call; milliseconds from the call's start.

    Attributes
    ----------
    utterance_id : str
    participant_role : str or None
    begin_offset_ms, end_offset_ms : int
    text : str or None
        What was said, where a transcript tells.
    """

    utterance_id: str
    participant_role: str | None
    begin_offset_ms: int
    end_offset_ms: int
    text: str | None = None


def previous_turns(
    begin_offset_ms: int, utterance_ids: Collection[str], turns: Sequence[Turn], count: int = CONTEXT_TURNS
) -> list[Turn]:
    """Return the last turns, of any participant, that begin before a unit and are no part of it.

    They may go on into it: an interrupted turn is what the unit answers.

    Parameters
    ----------
    begin_offset_ms : int
        Where the unit begins.
    utterance_ids : collection of str
        What the unit holds or cuts.
    turns : sequence of Turn
        All of the call, sorted by begin.
    count : int
        How many at most.

    Returns
    -------
    list of Turn
        Oldest first; their fields are those of column ``context``.
    """
    found: list[Turn] = []
    at = bisect_left(turns, begin_offset_ms, key=lambda turn: turn.begin_offset_ms)
    while at and len(found) < count:
        at -= 1
        if turns[at].utterance_id not in utterance_ids:
            found.append(turns[at])
    return found[::-1]
