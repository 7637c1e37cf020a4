"""Where a contact's audio is looked for: stretches of its streams, from what its records say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from callbeam.calls.ownership import UNTAGGED
from callbeam.kvs import DAY_MS, HOUR_MS, LEG_SKEW_MS, Sought
from callbeam.stream_arns import stream_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from callbeam.kvs import Stretch
    from callbeam.records import Contact, StreamingSession

UNENDED_MS = HOUR_MS
"""How long after its initiation a contact's audio is looked for that has neither a start of streaming nor an end: it
may have waited in a queue."""


def contact_begin_ms(contact: Contact) -> int | None:
    """Return when a contact's first audio began, UTC milliseconds, as far as records tell; else its first instant."""
    starts = [session.start_ms for session in contact.sessions if session.start_ms is not None]
    if starts or contact.initiation_ms is not None:
        return min(starts, default=contact.initiation_ms)
    return min((mark.at_ms for mark in contact.marks), default=None)


def untagged_name(session: StreamingSession) -> str:
    """Return what audio without tags is called that begins with a session's first fragment."""
    return f"{stream_name(session.stream_arn)}#{session.first_fragment}"


def session_span(contact: Contact, session: StreamingSession) -> tuple[int, int] | None:
    """Return from when to when records say that a session's legs begin, both UTC milliseconds.

    A session without times has its contact's: from its initiation, or the first instant that is known, to its end.
    """
    known = (ms for ms in (session.start_ms, contact.initiation_ms, contact_begin_ms(contact)) if ms is not None)
    start_ms = next(known, None)
    if start_ms is None:
        return None
    unended_ms = start_ms + (UNENDED_MS if session.start_ms is None else 0)
    ends = (end_ms for end_ms in (session.stop_ms, contact.ended_ms) if end_ms is not None)
    return start_ms, max(next(ends, unended_ms), start_ms)


def sought_of(contact: Contact) -> Iterator[Sought]:
    """Yield where each session's audio is looked for: records' and KVS's clocks differ, so ``LEG_SKEW_MS`` around.

    A leg is read to its end wherever that lies, so the margin after the stop is for short sessions alone.
    """
    for session in contact.sessions:
        span = session_span(contact, session)
        if span is None:
            continue
        start_ms, end_ms = span
        first = session.first_fragment
        untagged = first is not None and contact.call_id == untagged_name(session)
        yield Sought(
            stream_arn=session.stream_arn,
            call_id=contact.call_id,
            source=UNTAGGED if untagged else contact.system,
            start_ms=start_ms - LEG_SKEW_MS,
            end_ms=max(end_ms, start_ms + LEG_SKEW_MS),
            first_number=None if first is None else int(first),
            stop_ms=contact.disconnect_ms if session.stop_ms is None else session.stop_ms,
            aliases=contact.aliases,
        )


def sought_in(reach: Stretch, contact: Contact, arns: Collection[str]) -> list[Sought]:
    """Return what a job looks for of a contact on streams that are there.

    A session may begin within a leg that another has begun on its stream before the job: each says which these are.
    """
    start_ms = reach.start_ms + LEG_SKEW_MS
    every = [one for one in sought_of(contact) if one.stream_arn in arns]

    def earlier_than(one: Sought) -> tuple[Sought, ...]:
        before_ms = min(one.start_ms, start_ms)
        return tuple(other for other in every if other.stream_arn == one.stream_arn and other.start_ms < before_ms)

    return [
        one if one.first_number is None else replace(one, earlier=earlier_than(one))
        for one in every
        if one.start_ms < reach.end_ms and reach.start_ms < one.end_ms
    ]


def days_of(contact: Contact, arns: Collection[str]) -> set[int]:
    """Return the UTC days, counted from 1970, on which legs of a contact may begin.

    Near midnight that are two: which it is, the server's time of a leg's first fragment decides, which records do not
    tell. A contact without a stream that is there has its own beginning's.
    """
    instants = [] if (begin_ms := contact_begin_ms(contact)) is None else [begin_ms]
    for session in contact.sessions:
        span = session_span(contact, session) if session.stream_arn in arns else None
        if span is not None:
            instants += span[:1] if session.start_ms is not None else span
    return {(instant + skew) // DAY_MS for instant in instants for skew in (-LEG_SKEW_MS, 0, LEG_SKEW_MS)}
