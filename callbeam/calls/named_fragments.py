"""Asks KVS for the fragments that records name, where nothing else tells, or nothing sure, when and whose they are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from callbeam.calls.identity import identity_of
from callbeam.calls.sought_calls import untagged_name
from callbeam.errors import UsageError
from callbeam.kvs import LEG_SKEW_MS, KvsError, ListedFragment
from callbeam.mkv import fragment_tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from callbeam.calls.pieces import CallIdentity
    from callbeam.kvs import FragmentSource, KvsClient, Stream
    from callbeam.records import Contact, StreamingSession

MOST_PROBED = 32
"""Fragments after a named one that are looked at for a tag: the first of a contact have been seen without any."""

PROBED_MS = 60_000
"""They come within that time."""


class NamedFragment(NamedTuple):
    """When KVS received a fragment, UTC milliseconds, and whose it is; None where no tag tells."""

    server_ms: int
    identity: CallIdentity | None


def locate(client: KvsClient, contacts: Iterable[Contact], streams: Mapping[str, Stream | None]) -> list[Contact]:
    """Correct contacts by the fragments that their records name.

    Parameters
    ----------
    client : KvsClient
    contacts : iterable of Contact
    streams : mapping of str to Stream or None
        By ARN, those that their sessions name.

    Returns
    -------
    list of Contact
        By call_id. A session whose first fragment is there, and which has no start or one that is not that fragment's,
        starts when KVS received it. A contact that has no name but its stream and first fragment has its tags' name;
        it is one with the contact of that name, if there is one. All others are as they were.

    Raises
    ------
    UsageError
        If KVS refuses, or cannot be asked.
    """
    contacts = list(contacts)
    asked: defaultdict[str, set[int]] = defaultdict(set)
    for contact in contacts:
        for session in contact.sessions:
            if streams.get(session.stream_arn) is not None and _is_asked_for(contact, session):
                asked[session.stream_arn].add(int(session.first_fragment or 0))
    if not asked:
        return contacts
    nameless = {contact.call_id for contact in contacts if _is_nameless(contact)}
    found: dict[tuple[str, int], NamedFragment] = {}
    for arn, numbers in sorted(asked.items()):
        stream = streams[arn]
        if stream is not None:
            some = _ask(client.source(stream), stream, numbers, nameless)
            found.update(((arn, number), one) for number, one in some.items())
    placed = sorted((_placed(contact, found) for contact in contacts), key=lambda contact: contact.call_id)
    return [_joined(list(same)) for _, same in groupby(placed, key=lambda contact: contact.call_id)]


def claimed_ms(number: int) -> int | None:
    """Return the server time in a fragment number, as in all captures that have been seen; None in any other form.

    AWS does not document it. So it decides nothing but which fragments are worth asking for.

    Examples
    --------
    >>> claimed_ms(91343852333181531502161607852955530730504675150)
    1726677687758
    """
    return (number >> 28) & ((1 << 64) - 1) if number >> 156 == 1 else None


def _is_nameless(contact: Contact) -> bool:
    return any(contact.call_id == untagged_name(session) for session in contact.sessions)


def _is_asked_for(contact: Contact, session: StreamingSession) -> bool:
    if session.first_fragment is None:
        return False
    if session.start_ms is None or contact.call_id == untagged_name(session):
        return True
    claimed = claimed_ms(int(session.first_fragment))
    return claimed is not None and abs(claimed - session.start_ms) > LEG_SKEW_MS


def _ask(
    source: FragmentSource, stream: Stream, numbers: Iterable[int], nameless: set[str]
) -> dict[int, NamedFragment]:
    found: dict[int, NamedFragment] = {}
    try:
        for fetched in source.read([ListedFragment(number, None) for number in sorted(numbers)]):
            tags = fragment_tags(fetched.document) if fetched.document is not None else None
            if tags is None or tags.server_ms is None:
                continue
            number = fetched.listed.number
            identity = identity_of(fetched)
            if identity is None and f"{stream.name}#{number}" in nameless:
                identity = _next_identity(source, tags.server_ms)
            found[number] = NamedFragment(tags.server_ms, identity)
    except KvsError as error:
        raise UsageError(str(error)) from error
    return found


def _next_identity(source: FragmentSource, at_ms: int) -> CallIdentity | None:
    """Return whose the first tagged fragment is that follows closely."""
    for listed in source.list(at_ms, at_ms + PROBED_MS)[:MOST_PROBED]:
        for fetched in source.read([listed]):
            identity = identity_of(fetched)
            if identity is not None:
                return identity
    return None


def _placed(contact: Contact, found: Mapping[tuple[str, int], NamedFragment]) -> Contact:
    sessions, named = [], None
    for session in contact.sessions:
        one = found.get((session.stream_arn, int(session.first_fragment or 0)))
        sessions.append(session if one is None else _begun_at(session, one.server_ms))
        if one is not None and contact.call_id == untagged_name(session):
            named = one.identity
    if named is None:
        return replace(contact, sessions=tuple(sessions))
    return replace(
        contact,
        call_id=named.call_id,
        system=named.source,
        aliases=tuple(sorted({*contact.aliases, contact.call_id})),
        sessions=tuple(sessions),
    )


def _begun_at(session: StreamingSession, server_ms: int) -> StreamingSession:
    """Move a session to where its first fragment is; its stop, which the same clock tells, with it."""
    start_ms, stop_ms = session.start_ms, session.stop_ms
    if start_ms is not None and abs(start_ms - server_ms) <= LEG_SKEW_MS:
        return session
    if stop_ms is not None and start_ms is not None:
        stop_ms += server_ms - start_ms
    return replace(session, start_ms=server_ms, stop_ms=stop_ms)


def _joined(same: list[Contact]) -> Contact:
    """Make one of contacts that have turned out to be the same; the one that records name most tells the facts."""
    known = max(same, key=lambda contact: (len(contact.sources), contact.last_update_ms or 0, len(contact.marks)))
    if len(same) == 1:
        return known
    return replace(
        known,
        aliases=tuple(sorted({alias for each in same for alias in each.aliases} - {known.call_id})),
        sources=tuple(sorted({source for each in same for source in each.sources})),
        sessions=tuple(dict.fromkeys(session for each in (known, *same) for session in each.sessions)),
        exclude_spans=tuple(sorted({span for each in same for span in each.exclude_spans})),
        include_spans=tuple(sorted({span for each in same for span in each.include_spans})),
    )
