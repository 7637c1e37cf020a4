"""Sessions of streaming that several records tell of: which are the same one, and what is known of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING

from callbeam.records.statements import PRECEDENCE, Statement, StreamingSession

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SAME_START_MS = 2000
"""Two sessions on one stream whose starts lie no further apart are one: contact records cut theirs to seconds."""

Told = tuple[tuple[int, int], StreamingSession]
"""A session with how much it is believed: its record's place in ``PRECEDENCE``, and when that was said."""

_MERGED = tuple(
    field.name for field in fields(StreamingSession) if field.name not in {"stream_arn", "role", "role_source"}
)
_LAST = 1 << 62


def merged_sessions(statements: Iterable[Statement]) -> tuple[StreamingSession, ...]:
    """Return the sessions that statements of one contact tell of, each once.

    Sessions are the same if they begin with the same fragment of the same stream. One that names no fragment is the
    session of its stream that starts within 2 s of it; if it names no start either, it is the stream's only session.
    Of what several records tell of a session, the one believed most counts, field by field. The order of the
    statements does not matter.

    Parameters
    ----------
    statements : iterable of Statement
        All of one contact.

    Returns
    -------
    tuple of StreamingSession
        By start, stream and first fragment.
    """
    told = _told(statements)
    if len(told) == 1:
        return (told[0][1],)
    by_stream: dict[str, list[Told]] = defaultdict(list)
    for each in told:
        by_stream[each[1].stream_arn].append(each)
    found = [_joined(group) for stream in by_stream.values() for group in _grouped(stream)]
    return tuple(sorted(found, key=_place))


def _told(statements: Iterable[Statement]) -> list[Told]:
    told = [
        ((PRECEDENCE.index(each.source), each.said_ms), session) for each in statements for session in each.sessions
    ]
    return sorted(told, key=lambda each: (each[0], repr(each[1]))) if len(told) > 1 else told


def _grouped(told: Sequence[Told]) -> list[list[Told]]:
    """Put together what is one session, of one stream's."""
    groups: dict[tuple[str, int], list[Told]] = {}
    for each in told:
        if each[1].first_fragment is not None:
            groups.setdefault((each[1].first_fragment, 0), []).append(each)
    named = list(groups.values())
    without = sorted(
        (each for each in told if each[1].first_fragment is None), key=lambda each: (_start(each[1]), each[0])
    )
    begun = -_LAST
    for each in without:
        start = each[1].start_ms
        if start is None:
            continue
        near = min(named, key=lambda group: (_distance(group, start), str(group[0][1].first_fragment)), default=None)
        if near is not None and _distance(near, start) <= SAME_START_MS:
            groups.setdefault((str(near[0][1].first_fragment), 1), []).append(each)
        else:
            begun = begun if start - begun <= SAME_START_MS else start
            groups.setdefault(("", begun), []).append(each)
    return _with_vague(_with_companions(groups), [each for each in without if each[1].start_ms is None])


def _with_companions(groups: dict[tuple[str, int], list[Told]]) -> list[list[Told]]:
    """Add what is near a named session to it, once all are placed: so that none is drawn by another's companion."""
    joined: dict[tuple[str, int], list[Told]] = defaultdict(list)
    for (fragment, kind), group in groups.items():
        joined[fragment, 0 if fragment else kind] += group
    return list(joined.values())


def _with_vague(groups: list[list[Told]], vague: list[Told]) -> list[list[Told]]:
    """Add what names neither fragment nor start to the only session there is; beside several it tells nothing new."""
    if not vague:
        return groups
    if not groups:
        return [vague]
    return [groups[0] + vague] if len(groups) == 1 else groups


def _start(session: StreamingSession) -> int:
    return _LAST if session.start_ms is None else session.start_ms


def _distance(group: Sequence[Told], start: int) -> int:
    return min(abs(_start(session) - start) for _, session in group)


def _joined(group: list[Told]) -> StreamingSession:
    ordered = [session for _, session in sorted(group, key=lambda each: (each[0], repr(each[1])))]
    values = {}
    for name in _MERGED:
        known = [value for session in ordered if (value := getattr(session, name)) not in {None, ()}]
        if known:
            values[name] = known[-1]
    with_role = [session for session in ordered if session.role is not None]
    if with_role:
        values |= {"role": with_role[-1].role, "role_source": with_role[-1].role_source}
    return StreamingSession(stream_arn=ordered[0].stream_arn, **values)


def _place(session: StreamingSession) -> tuple[int, str, int, str]:
    number = session.first_fragment or ""
    return _start(session), session.stream_arn, len(number), number
