"""What the parts of a call are, as its records tell: bot and prompts, queue, agent, hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.conversation.phases import (
    AGENT_ON_LINE,
    FROM_AUDIO,
    FROM_NOTHING,
    HOLD,
    IVR,
    QUEUE,
    RINGING,
    UNKNOWN,
    Phase,
)
from callbeam.records import CONTACT_RECORD
from callbeam.spans import as_spans, clip, intersect, subtract, union

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from callbeam.records import Contact, Mark
    from callbeam.spans import SpanArray

FROM_RECORDS = "records"

_CONNECTED, _QUEUED, _ON_HOLD = "agent_connected", "queued", "agent_state_connected_onhold"
_ENDS_AGENT = frozenset(
    {"after_contact_work_started", "disconnected", "transfer_completed", "agent_state_ended", "agent_state_missed"}
)
_ENDS_QUEUE = frozenset({"dequeued", _CONNECTED, "disconnected"})
_AGENT_STATE = "agent_state_"


TOLD_MS = 1_000
"""Contact records cut instants to whole seconds."""


def exact_marks(marks: Iterable[Mark]) -> list[Mark]:
    """Leave out marks of contact records where an event tells the same to the millisecond."""
    marks = list(marks)
    events = [mark for mark in marks if mark.source != CONTACT_RECORD]

    def is_told(mark: Mark) -> bool:
        return any(
            (event.kind, event.agent_id) == (mark.kind, mark.agent_id) and 0 <= event.at_ms - mark.at_ms < TOLD_MS
            for event in events
        )

    return [mark for mark in marks if mark.source != CONTACT_RECORD or not is_told(mark)]


def agent_connected_ms(contact: Contact) -> int | None:
    """Return when the first agent was connected, UTC milliseconds; None if no record tells."""
    return min((mark.at_ms for mark in exact_marks(contact.marks) if mark.kind == _CONNECTED), default=None)


def contact_phases(contact: Contact, start_ms: int, duration_ms: int, heard: Sequence[Phase]) -> tuple[Phase, ...]:
    """Return a call's phases by its records: they follow each other without gaps from 0 to its end.

    Parameters
    ----------
    contact : Contact
    start_ms : int
        UTC milliseconds of the call's start, from which offsets count.
    duration_ms : int
        The call's.
    heard : sequence of Phase
        What sound alone tells: hold counts while an agent has the call, ringing where records tell nothing better.

    Returns
    -------
    tuple of Phase
        Empty where no record tells of a queue or an agent.

    Notes
    -----
    The agent's phase runs from each ``agent_connected`` to the end of that agent's part: after-contact work, a
    completed transfer, or the disconnect; a hold within it is one of its agent's states, or is heard. The queue's runs
    from ``queued`` to an agent or to the disconnect. What lies before the first of both is ``ivr``: prompts and bots.
    What lies between or behind them is ``unknown``.
    """
    known = exact_marks(contact.marks)
    marks = [mark for mark in known if mark.kind in {_CONNECTED, _QUEUED}]
    if not marks:
        return ()
    end_ms = start_ms + duration_ms

    def on_call(spans: Iterable[tuple[int, int | None]]) -> SpanArray:
        # What a record cut to the second ends within the audio's last one, ends with it.
        ended = ((begin, end_ms if end is None or end > end_ms - TOLD_MS else end) for begin, end in spans)
        on_clock = as_spans((begin, end) for begin, end in ended if begin < end)
        return clip(as_spans(on_clock - start_ms), 0, duration_ms)

    agent = on_call(_spans(known, {_CONNECTED}, _ENDS_AGENT))
    queue = subtract(on_call(_spans(known, {_QUEUED}, _ENDS_QUEUE)), agent)
    states = {mark.kind for mark in known if mark.kind.startswith(_AGENT_STATE)} - {_ON_HOLD}
    told = on_call(_spans(known, {_ON_HOLD}, states | _ENDS_AGENT))
    hold = intersect(union(told, _of(heard, HOLD)), agent)
    before = clip(as_spans([(0, max(min(mark.at_ms for mark in marks) - start_ms, 0))]), 0, duration_ms)
    ivr = subtract(before, union(agent, queue))
    rest = subtract(as_spans([(0, duration_ms)]), union(agent, queue, ivr))
    ringing = intersect(rest, _of(heard, RINGING))
    parts = (
        (IVR, ivr, FROM_RECORDS),
        (QUEUE, queue, FROM_RECORDS),
        (HOLD, intersect(hold, told), FROM_RECORDS),
        (HOLD, subtract(hold, told), FROM_AUDIO),
        (AGENT_ON_LINE, subtract(agent, hold), FROM_RECORDS),
        (RINGING, ringing, FROM_AUDIO),
        (UNKNOWN, subtract(rest, ringing), FROM_NOTHING),
    )
    found = [
        Phase(phase=phase, begin_offset_ms=int(begin), end_offset_ms=int(end), source=source)
        for phase, spans, source in parts
        for begin, end in spans.tolist()
    ]
    return tuple(sorted(found, key=lambda one: one.begin_offset_ms))


def _spans(marks: Sequence[Mark], begins: Collection[str], ends: Collection[str]) -> list[tuple[int, int | None]]:
    """Return from each begin to the first end behind it, of the same agent where the end names one; else open."""
    spans: list[tuple[int, int | None]] = []
    for begin in (mark for mark in marks if mark.kind in begins):
        behind = [
            mark.at_ms
            for mark in marks
            if mark.kind in ends and mark.at_ms > begin.at_ms and mark.agent_id in {"", begin.agent_id}
        ]
        spans.append((begin.at_ms, min(behind, default=None)))
    return spans


def _of(phases: Sequence[Phase], kind: str) -> SpanArray:
    return as_spans((one.begin_offset_ms, one.end_offset_ms) for one in phases if one.phase == kind)
