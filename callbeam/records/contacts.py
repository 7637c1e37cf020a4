"""Contacts and calls as all records together tell them, which come more than once and in any order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from callbeam.records.leg_roles import with_roles
from callbeam.records.session_merging import merged_sessions
from callbeam.records.statements import CHIME, CONTACT_RECORD, PRECEDENCE, ContactFacts, Mark, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from callbeam.records.statements import StreamingSession

LOOKED_BACK = 16
"""Statements among which a new one is looked for, so that what comes again and again takes no memory."""

_FACTS = tuple(field.name for field in fields(ContactFacts))
_ALL_FACTS = attrgetter(*_FACTS)
_RANKS = {source: rank for rank, source in enumerate(PRECEDENCE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(ContactFacts):
    """What is known of one contact of Connect or one call of a voice connector, beside its facts.

    Attributes
    ----------
    call_id : str
        The ContactId, the TransactionId, or for audio that names no call ``<stream>#<first fragment number>``: what the
        audio's own tags make of it.
    system : str
        ``connect`` or ``chime``.
    aliases : tuple of str
        Other identifiers under which records know it, sorted.
    sources : tuple of str
        Kinds of records that speak of it, sorted.
    last_update_ms : int or None
        When the newest contact record was written, epoch milliseconds.
    sessions : tuple of StreamingSession
        Where its audio is, by start, stream and fragment.
    marks : tuple of Mark
        What happened when, in order of time.
    attributes : tuple of (str, str)
        The contact attributes that the caller wanted, by name.
    recordings : tuple of str
        Places of recordings in S3, sorted.
    exclude_spans, include_spans : tuple of (int, int)
        Epoch milliseconds, half open, sorted: audio that must not, or alone may, be used.
    """

    call_id: str
    system: str
    aliases: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    last_update_ms: int | None = None
    sessions: tuple[StreamingSession, ...] = ()
    marks: tuple[Mark, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    recordings: tuple[str, ...] = ()
    exclude_spans: tuple[tuple[int, int], ...] = ()
    include_spans: tuple[tuple[int, int], ...] = ()

    @property
    def ended_ms(self) -> int | None:
        """When it ended, epoch milliseconds: its disconnect, else the last stop if all sessions have one; None else."""
        if self.disconnect_ms is not None:
            return self.disconnect_ms
        stops = [session.stop_ms for session in self.sessions]
        ends = [stop for stop in stops if stop is not None]
        return max(ends) if ends and len(ends) == len(stops) else None


def merge_statements(statements: Iterable[Statement]) -> tuple[Contact, ...]:
    """Put together what records say, contact by contact.

    Parameters
    ----------
    statements : iterable of Statement
        In any order; the same one any number of times.

    Returns
    -------
    tuple of Contact
        One for each call, by call_id.

    Notes
    -----
    Of a contact's contact records the one with the latest LastUpdateTimestamp speaks, alone: that is how Connect says
    that a later copy replaces an earlier one. Only sessions and recordings of earlier copies are kept, since copies
    with ``Recordings`` null occur. All other records add up. Where kinds of records disagree on a fact, the kind that
    comes later in ``PRECEDENCE`` counts, within one kind the later statement.

    A record that knows a call under another identifier alone belongs to the call of which other records say that it
    has that identifier, if they name exactly one; so does what knows it under an identifier of that identifier.
    """
    found = _by_call(statements)
    return tuple(_contact(call_id, found.pop(call_id)) for call_id in sorted(found))


def _by_call(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = {}
    owners: dict[str, set[str]] = defaultdict(set)
    for each in statements:
        known = found.setdefault(each.call_id, [])
        if each not in known[-LOOKED_BACK:]:
            known.append(each)
        for alias in each.aliases:
            owners[alias].add(each.call_id)
    for alias, name in _names(owners).items():
        if alias in found:
            found.setdefault(name, []).extend(found.pop(alias))
    return found


def _names(owners: Mapping[str, set[str]]) -> dict[str, str]:
    """Tell under which identifier a call goes that has others as well: the one that no record calls another's.

    An identifier that several calls have names none of them. It may take a few rounds: what looked like two calls may
    be one by a third record. Nothing depends on the order of the records.

    Parameters
    ----------
    owners : mapping of str to set of str
        By identifier, the identifiers of calls of which records say that they have it, too.
    """
    names: dict[str, str] = {}

    def name_of(identifier: str) -> str:
        while identifier in names:
            identifier = names[identifier]
        return identifier

    left = sorted(owners)
    while left:
        unclear = []
        for alias in left:
            claimants = {name_of(owner) for owner in owners[alias]} - {alias}
            if len(claimants) == 1:
                names[alias] = claimants.pop()
            elif claimants:
                unclear.append(alias)
        if len(unclear) == len(left):
            break
        left = unclear
    return {alias: name_of(alias) for alias in names}


def _contact(call_id: str, statements: list[Statement]) -> Contact:
    if len(statements) > 1:
        statements.sort(key=_order)
    newest = next((each for each in reversed(statements) if each.source == CONTACT_RECORD), None)
    speaking = [each for each in statements if each.source != CONTACT_RECORD or each is newest]
    facts = _facts(speaking)
    sessions = merged_sessions(statements)
    system = speaking[-1].system
    if system == CHIME:
        sessions = with_roles(
            sessions,
            facts.get("direction"),
            [each.siprec for each in _by_time(speaking) if each.siprec is not None],
            _last(each.caller_key for each in speaking),
            _last(each.callee_key for each in speaking),
        )
    aliases = {alias for each in statements for alias in (each.call_id, *each.aliases)}
    return Contact(
        call_id=call_id,
        system=system,
        aliases=tuple(sorted(aliases - {call_id})),
        sources=tuple(sorted({each.source for each in statements})),
        last_update_ms=newest.said_ms or None if newest is not None else None,
        sessions=sessions,
        marks=_marks(speaking),
        attributes=tuple(sorted(dict(pair for each in speaking for pair in each.attributes).items())),
        recordings=_united(statements, lambda each: each.recordings),
        exclude_spans=_united(statements, lambda each: each.exclude_spans),
        include_spans=_united(statements, lambda each: each.include_spans),
        **facts,
    )


def _order(statement: Statement) -> tuple[int, int, int, _Told]:
    """Order statements so that the later one is believed more; of two at the same time the one that tells more."""
    told = sum(value is not None for value in _ALL_FACTS(statement.facts)) + len(statement.sessions)
    return _RANKS[statement.source], statement.said_ms, told, _Told(statement)


class _Told:
    """All that a statement tells as an order, which is made only where all else is equal."""

    __slots__ = ("statement",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, statement: Statement) -> None:
        self.statement = statement

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Told) and self.statement == other.statement

    def __lt__(self, other: _Told) -> bool:
        return self._text() < other._text()

    def _text(self) -> tuple[str, ...]:
        each = self.statement
        senders = each.siprec.senders if each.siprec is not None else ()
        return repr(each), repr(senders), each.caller_key or "", each.callee_key or ""


def _by_time(statements: Sequence[Statement]) -> list[Statement]:
    return sorted(statements, key=lambda each: (each.said_ms, _order(each)))


def _facts(statements: Iterable[Statement]) -> dict[str, Any]:
    """Return the facts that are known; statements come in the order of how much they are believed."""
    facts: dict[str, Any] = {}
    for each in statements:
        told = zip(_FACTS, _ALL_FACTS(each.facts), strict=True)
        facts.update([(name, value) for name, value in told if value is not None])
    return facts


def _last(values: Iterable[str | None]) -> str | None:
    found = None
    for value in values:
        found = found if value is None else value
    return found


def _marks(statements: Iterable[Statement]) -> tuple[Mark, ...]:
    return tuple(sorted({mark for each in statements for mark in each.marks}))


def _united(statements: Iterable[Statement], part: Callable[[Statement], Iterable[Any]]) -> tuple[Any, ...]:
    found = {value for each in statements for value in part(each)}
    return tuple(sorted(found)) if found else ()
