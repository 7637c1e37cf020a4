"""Finds a fragment by its number, the call that it lies in, and reads that call's leg from a fragment on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from callbeam.calls.calls_under_way import begin_of_call_at
from callbeam.calls.identity import identity_of
from callbeam.calls.lane_reader import read_lane
from callbeam.calls.look_back import LookBack
from callbeam.calls.ownership import continues
from callbeam.calls.pieces import LegEnd
from callbeam.calls.stream_cursor import StreamCursor
from callbeam.errors import JobError, UsageError
from callbeam.kvs import LEG_SKEW_MS, FragmentStatus, Job, Lane, ListedFragment, Unit
from callbeam.mkv import fragment_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.calls.pieces import CallIdentity, DeadLetter, LedgerRow, Piece
    from callbeam.kvs import FetchedFragment, FragmentSource, Stream

AROUND_MS = 2_000
"""Listed around a fragment's server time: tags round it, and ranges are of whole seconds."""


def find_fragment(source: FragmentSource, stream: Stream, number: int) -> ListedFragment:
    """Find a fragment by its number alone: ListFragments takes times, so its media is asked for its own.

    Parameters
    ----------
    source : FragmentSource
    stream : Stream
        The source's.
    number : int

    Returns
    -------
    ListedFragment
        As listed; as its tags say where the listing leaves it out. ``server_ms`` is there.

    Raises
    ------
    UsageError
        If the stream does not hold it: not, or no longer.
    JobError
        If it cannot be read.
    """
    (fetched,) = source.read([ListedFragment(number, None)])
    tags = fragment_tags(fetched.document) if fetched.document is not None else None
    if tags is None or tags.server_ms is None:
        raise _not_there(stream, number, fetched)
    listed = source.list(tags.server_ms - AROUND_MS, tags.server_ms + AROUND_MS)
    found = next((one for one in listed if one.number == number), ListedFragment(number, None))
    if found.server_ms is not None:
        return found
    return replace(found, server_ms=tags.server_ms, producer_ms=tags.producer_ms)


def _not_there(stream: Stream, number: int, fetched: FetchedFragment) -> UsageError | JobError:
    if fetched.status in {FragmentStatus.NOT_FOUND, FragmentStatus.EXPIRED}:
        return UsageError(
            f"stream {stream.name} holds no fragment {number}: check both, and that its retention of "
            f"{stream.retention_hours} h has not passed the fragment by ({fetched.reason})"
        )
    reason = fetched.reason or "it says no server timestamp"
    return JobError(f"fragment {number} of stream {stream.name} cannot be read: {reason}; begin with the next one")


def call_at(
    source: FragmentSource, stream: Stream, fragment: ListedFragment, as_of_ms: int
) -> tuple[CallIdentity | None, ListedFragment]:
    """Tell whose call a fragment is, and where that call begins on its stream.

    Parameters
    ----------
    source : FragmentSource
    stream : Stream
        The source's.
    fragment : ListedFragment
        With ``server_ms``.
    as_of_ms : int
        Now, UTC milliseconds.

    Returns
    -------
    CallIdentity or None
        By its own tags, else by those before it, as legs are followed; None if no tag tells.
    ListedFragment
        The call's first fragment that is still there; the fragment itself if nothing before it is the call's.
    """
    at_ms = _time_of(fragment)
    (fetched,) = source.read([fragment])
    identity = identity_of(fetched)
    if identity is None:
        identity = _call_before(source, stream, at_ms, as_of_ms)
    begin_ms = begin_of_call_at(source, at_ms, at_ms + 1)
    if begin_ms is None or begin_ms >= at_ms:
        return identity, fragment
    first = next((one for one in source.list(begin_ms, begin_ms + 1) if one.server_ms is not None), fragment)
    return identity, first


def _call_before(source: FragmentSource, stream: Stream, at_ms: int, as_of_ms: int) -> CallIdentity | None:
    """Return the call of the leg that a fragment without tags goes on with."""
    job = _job(stream, at_ms + LEG_SKEW_MS, at_ms + LEG_SKEW_MS + 1, as_of_ms)
    look_back = LookBack(StreamCursor(Lane(stream, (), as_of_ms), job, source), source)
    state = look_back.leg_into(at_ms, at_ms + 1)
    if state is not None and state.identity is None:
        state = look_back.find_call(state)
    return state.identity if state is not None and continues(state, None, at_ms) else None


def read_leg_of(
    source: FragmentSource,
    stream: Stream,
    fragment: ListedFragment,
    *,
    first: ListedFragment,
    call: CallIdentity | None,
    as_of_ms: int,
) -> Iterator[Piece | LegEnd | LedgerRow | DeadLetter]:
    """Read the leg that a fragment lies in, from a fragment of it on to its end, as ``read_lane`` does.

    Parameters
    ----------
    source : FragmentSource
    stream : Stream
        The source's.
    fragment : ListedFragment
        With ``server_ms``; the last leg of what is yielded is the one that it lies in.
    first : ListedFragment
        Where to begin: the same, or one before it. What came before it is taken as not there.
    call : CallIdentity or None
        Whose call ``first`` is, if its own tags do not tell.
    as_of_ms : int
        Now, UTC milliseconds.

    Yields
    ------
    Piece, LegEnd, LedgerRow, DeadLetter
        The last is a ``LegEnd``.
    """
    at_ms, begin_ms = _time_of(fragment), _time_of(first)
    job = _job(stream, begin_ms, at_ms + 1, as_of_ms)
    lane = Lane(stream, (Unit(begin_ms, at_ms + 1, 1, first.size),), as_of_ms)
    for event in read_lane(lane, job, _From(source, begin_ms, first.number, call)):
        yield event
        if isinstance(event, LegEnd) and event.last_server_ms >= at_ms:
            return


def _time_of(fragment: ListedFragment) -> int:
    if fragment.server_ms is None:
        raise ValueError(f"fragment {fragment.number} has no server time")
    return fragment.server_ms


def _job(stream: Stream, start_ms: int, end_ms: int, as_of_ms: int) -> Job:
    return Job(f"{start_ms}", (stream.arn,), (stream,), stream.account, stream.region, start_ms, end_ms, as_of_ms)


class _From:
    """A stream as if it began with one of its fragments, which is named after its call."""

    def __init__(self, source: FragmentSource, begin_ms: int, number: int, call: CallIdentity | None) -> None:
        self._source = source
        self._begin = begin_ms, number
        self._call = call

    def list(self, start_ms: int, end_ms: int) -> list[ListedFragment]:
        begin_ms, number = self._begin
        if end_ms <= begin_ms:
            return []
        listed = self._source.list(max(start_ms, begin_ms), end_ms)
        return [
            one
            for one in listed
            if (begin_ms if one.server_ms is None else one.server_ms, one.number) >= (begin_ms, number)
        ]

    def read(self, listed: Sequence[ListedFragment]) -> Iterator[FetchedFragment]:
        for fetched in self._source.read(listed):
            yield self._named(fetched)

    def _named(self, fetched: FetchedFragment) -> FetchedFragment:
        document, call = fetched.document, self._call
        if document is None or call is None or fetched.listed.number != self._begin[1]:
            return fetched
        if identity_of(fetched) is not None:
            return fetched
        name = "TransactionId" if call.source == "chime" else "ContactId"
        return replace(fetched, document=replace(document, tags=(*document.tags, (name, call.call_id))))
