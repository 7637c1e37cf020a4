"""Whose leg a stream of a Chime call carries, from what its events tell, and what that was told from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.records.siprec import SiprecMetadata
    from callbeam.records.statements import StreamingSession

CUSTOMER: Final = "CUSTOMER"
AGENT: Final = "AGENT"

_OTHER = {CUSTOMER: AGENT, AGENT: CUSTOMER}
_CALLER = {"INBOUND": CUSTOMER, "OUTBOUND": AGENT}


def with_roles(
    sessions: Sequence[StreamingSession],
    direction: str | None,
    metadata: Sequence[SiprecMetadata],
    caller_key: str | None,
    callee_key: str | None,
) -> tuple[StreamingSession, ...]:
    """Give each leg the role that its call's events tell.

    Parameters
    ----------
    sessions : sequence of StreamingSession
        All of the call; a role that is there, from a list of calls, stays.
    direction : str or None
        ``INBOUND``: the caller is the customer; ``OUTBOUND``: the caller is the agent.
    metadata : sequence of SiprecMetadata
        In the order of time: what is partial adds to what was before it.
    caller_key, callee_key : str or None
        Opaque keys of ``fromNumber`` and ``toNumber``.

    Returns
    -------
    tuple of StreamingSession
        With role and role_source.

    Notes
    -----
    In this order: a participant of the SIPREC session who sends the stream of this label and has the caller's or the
    callee's address (``siprec``); the order of labels, in which the first is the agent (``siprec_label``, Amazon
    Connect, *Provide call metadata for Contact Lens integration*); ``isCaller`` and the call's direction
    (``is_caller``). Where one of two streams is left without, it has the other's opposite (``other_leg``). Where two
    streams would both be the same by the same evidence, it tells nothing.
    """
    senders, agent_last = _joined(metadata)
    sides = {key: side for side, key in ((1, callee_key), (0, caller_key)) if key is not None}
    told: list[tuple[str, list[str | None]]] = []
    for source, roles in (
        ("siprec", [_by_address(each, senders, sides, direction) for each in sessions]),
        ("siprec_label", [_by_label(each, sorted(senders), agent_last=agent_last) for each in sessions]),
        ("is_caller", [_by_caller(each, direction) for each in sessions]),
    ):
        if _tells_apart(sessions, roles):
            told.append((source, roles))
    given = []
    for at, session in enumerate(sessions):
        role, source = session.role, session.role_source
        for evidence, roles in told:
            if role is None and roles[at] is not None:
                role, source = roles[at], evidence
        given.append(replace(session, role=role, role_source=source))
    return _with_opposites(given)


def _joined(metadata: Sequence[SiprecMetadata]) -> tuple[dict[str, str], bool]:
    senders: dict[str, str] = {}
    agent_last = False
    for each in metadata:
        if each.complete and each.senders:
            senders = {}
        senders.update({label: key for label, key in each.senders if key or label not in senders})
        agent_last = agent_last or each.agent_last
    return senders, agent_last


def _by_address(
    session: StreamingSession, senders: dict[str, str], sides: dict[str, int], direction: str | None
) -> str | None:
    side = sides.get(senders.get(session.media_label or "", ""))
    caller = _CALLER.get(direction or "")
    return None if side is None or caller is None else (caller, _OTHER[caller])[side]


def _by_label(session: StreamingSession, labels: Sequence[str], *, agent_last: bool) -> str | None:
    if len(labels) != 2 or session.media_label not in labels:
        return None
    return AGENT if (session.media_label == labels[0]) != agent_last else CUSTOMER


def _by_caller(session: StreamingSession, direction: str | None) -> str | None:
    caller = _CALLER.get(direction or "")
    if caller is None or session.is_caller is None:
        return None
    return caller if session.is_caller else _OTHER[caller]


def _tells_apart(sessions: Sequence[StreamingSession], roles: Sequence[str | None]) -> bool:
    """Tell whether no two streams are given the same role: sessions of one stream may be."""
    streams: dict[str, set[str]] = {}
    for session, role in zip(sessions, roles, strict=True):
        if role is not None:
            streams.setdefault(role, set()).add(session.stream_arn)
    return all(len(arns) == 1 for arns in streams.values())


def _with_opposites(sessions: list[StreamingSession]) -> tuple[StreamingSession, ...]:
    streams = {session.stream_arn for session in sessions}
    known = {(session.stream_arn, session.role) for session in sessions if session.role is not None}
    if len(streams) != 2 or len(known) != 1:
        return tuple(sessions)
    ((arn, role),) = known
    return tuple(
        replace(session, role=_OTHER[role], role_source="other_leg")
        if session.role is None and session.stream_arn != arn
        else session
        for session in sessions
    )
