"""Follows legs through a lane's fragments: what a job reads, skips, gives out in pieces, and accounts for.

Three kinds of legs pass by. One that runs into the job, or begins in the margin before it, belongs to the job before:
it is only followed to where it ends. One that begins in the job or in the margin after it is read to its end, wherever
that lies. With the first leg that begins later still the lane is done.

A job that is planned from records reads stretches of its streams, one after the other, each in this way. What lies
between them is not looked at, unless a leg runs on into it.

A leg that was read before, by an earlier attempt at the job, is passed by as long as it is listed as it was then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from callbeam.calls.calls_under_way import begin_of_call_at
from callbeam.calls.followed_leg import Following, KeptLeg, LegNotes, RecalledPieces
from callbeam.calls.known_calls import KnownCalls, has_stopped
from callbeam.calls.lane_ledger import LaneLedger
from callbeam.calls.look_back import LookBack
from callbeam.calls.ownership import (
    LEG_PAUSE_MS,
    OPEN_MS,
    UNTAGGED_PAUSE_MS,
    LegState,
    Place,
    continues,
    extend_leg,
    is_open,
    may_be_one,
    place_of,
    unit_of,
    untagged_identity,
)
from callbeam.calls.piece_cutter import PieceCutter
from callbeam.calls.pieces import Leg, LegEnd
from callbeam.calls.stream_cursor import StreamCursor
from callbeam.calls.stream_scan import FragmentReader, Observation
from callbeam.kvs import Stretch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.calls.followed_leg import LegMemory
    from callbeam.calls.pieces import CallIdentity, DeadLetter, LedgerRow, Piece
    from callbeam.calls.stream_cursor import Arrival
    from callbeam.kvs import FetchedFragment, FragmentSource, Job, Lane

    Event = Piece | KeptLeg | LegEnd | LedgerRow | DeadLetter


def read_lane(lane: Lane, job: Job, source: FragmentSource) -> Iterator[Piece | LegEnd | LedgerRow | DeadLetter]:
    """Read a job's units of one stream, in order.

    Parameters
    ----------
    lane : Lane
        Its units are what the plan found; what has come since is read all the same.
    job : Job
    source : FragmentSource
        The lane's stream.

    Yields
    ------
    Piece
        Media of the legs that begin in the job or in the margin after it; open legs' too.
    LegEnd
        One for each of these legs, after its pieces, and one without pieces for each leg that begins in the margin
        before the job: ``decide_call`` needs them all.
    LedgerRow
        One for each fragment that a unit listed and that no piece owns: whoever decodes a piece accounts for
        ``fragments[first_owned:end_owned]`` under ``piece.unit``.
    DeadLetter
        For each fragment that was lost before it could be decoded.
    """
    for event in _read(lane, job, source, None):
        if not isinstance(event, KeptLeg):
            yield event


def resume_lane(
    lane: Lane, job: Job, source: FragmentSource, memory: LegMemory
) -> Iterator[Piece | KeptLeg | LegEnd | LedgerRow | DeadLetter]:
    """Read a lane as ``read_lane`` does, but for the legs that the memory has from an earlier reading.

    Of each that is listed as it was then it yields the KeptLeg in place of the pieces.
    """
    return _read(lane, job, source, memory)


def _read(lane: Lane, job: Job, source: FragmentSource, memory: LegMemory | None) -> Iterator[Event]:
    reading = _LaneReading(lane, job, source, memory)
    try:
        yield from reading.events()
    finally:
        reading.close()


class _LaneReading:
    def __init__(self, lane: Lane, job: Job, source: FragmentSource, memory: LegMemory | None) -> None:
        self._lane = lane
        self._job = job
        self._source = source
        self._memory = memory
        self._known = KnownCalls(lane.sought)
        self._stretches = list(lane.stretches) or [job.reach]
        self._leg: Following | None = None
        self._awaited: int | None = None  # the named first fragment of a call, where that was lost
        self._read_to = 0, 0  # server time and number: what comes before them has been seen to
        self._open(self._stretches[0])

    def close(self) -> None:
        self._reader.close()

    def events(self) -> Iterator[Event]:
        for stretch in self._stretches:
            rest = self._rest_of(stretch)
            if rest is None:
                continue
            if rest is not self._stretch:
                self._reader.close()
                self._open(rest)
            self._find_leg_into()
            yield from self._read_stretch()

    def _rest_of(self, stretch: Stretch) -> Stretch | None:
        """Return what is left of a stretch, where a leg that began before it has been read into it."""
        at_ms, number = self._read_to
        if at_ms >= stretch.end_ms:
            return None
        if at_ms < stretch.start_ms:
            return stretch
        return Stretch(at_ms, stretch.end_ms, number or (stretch.first_number if at_ms == stretch.start_ms else None))

    def _open(self, stretch: Stretch) -> None:
        self._stretch = stretch
        self._cursor = StreamCursor(self._lane, self._job, self._source, stretch)
        self._look_back = LookBack(self._cursor, self._source)
        is_kept = self._memory.begins if self._memory is not None else None
        self._reader = FragmentReader(self._cursor, self._source, self._known.is_named, is_kept)
        self._ledger = LaneLedger(self._lane, self._job, (stretch, *self._stretches))

    def _read_stretch(self) -> Iterator[Event]:
        """Read a stretch, and the legs that begin in it to their end."""
        while True:
            reach_ms = self._reach_ms()
            kept, seen = self._next(reach_ms)
            if seen is None:
                self._read_to = reach_ms, 0
                yield from self._end(None)
                return
            if seen.lost is not None:
                yield from self._lose(seen, seen.lost)
                continue
            identity = self._known.named(seen.identity)
            if identity is not seen.identity:
                seen = replace(seen, identity=identity)
            begun = self._begun_by(seen)
            self._awaited = None
            if begun is not None or not self._goes_on(seen):
                before = self._leg if begun is None else None
                may_be_cut = before is not None and may_be_one(before.state, seen.identity, seen.at_ms)
                yield from self._end(seen, may_be_cut=may_be_cut)
                if seen.at_ms >= self._stretch.end_ms:
                    self._read_to = seen.at_ms, seen.listed.number
                    return
                self._begin(seen, begun, kept, may_be_cut=may_be_cut)
            yield from self._follow(seen) if kept is None else self._pass_by(kept)

    def _next(self, reach_ms: int) -> tuple[KeptLeg | None, Observation | None]:
        """Return the next fragment; with the leg that it begins, if that need not be read."""
        arrival = None if self._memory is None else self._cursor.peek(reach_ms)
        if arrival is not None and not self._reader.passing_over:
            kept = self._recall(arrival)
            if kept is not None:
                return kept, Observation(arrival.at_ms, arrival.listed, kept.identity, None)
        foreign = self._leg.foreign if self._leg is not None else None
        return None, self._reader.next(reach_ms, foreign, self._wanted_to_ms())

    def _recall(self, arrival: Arrival) -> KeptLeg | None:
        """Return the leg that begins with the next fragment, if it did so before and is what it was."""
        memory, number = self._memory, arrival.listed.number
        if memory is None or arrival.at_ms >= self._stretch.end_ms or not memory.begins(number):
            return None
        kept = memory.recall(number)
        if kept is None:
            return None
        seen = Observation(arrival.at_ms, arrival.listed, kept.identity, None)
        begun = self._begun_by(seen)
        begins = begun is not None or not self._goes_on(seen)
        if not begins or self._leg_of(seen, begun) != kept.leg:
            return None
        reach_ms = min(max(self._stretch.end_ms, kept.state.last_ms + OPEN_MS), self._job.as_of_ms)
        return kept if kept.is_in(self._cursor.ahead(kept.fragments + 1, reach_ms)) else None

    def _pass_by(self, kept: KeptLeg) -> Iterator[Event]:
        """Follow a leg to its end by what is listed of it."""
        for arrival in self._reader.skip(kept.fragments):
            yield from self._follow(Observation(arrival.at_ms, arrival.listed, None, None))
        if self._leg is not None:
            self._leg.state, self._leg.ended = kept.state, True
        yield kept

    def _find_leg_into(self) -> None:
        """Find the leg that runs into the stretch; where it is a call that is sought, begin where that does."""
        stretch = self._stretch
        if stretch.first_number is not None:
            return
        state = self._look_back.leg_into(stretch.start_ms, self._reach_ms())
        if state is None:
            return
        self._leg = self._running_in(state)
        begin_ms = self._begin_of_sought(self._leg)
        if begin_ms is not None:
            self._open(replace(stretch, start_ms=begin_ms))
            state = self._look_back.leg_into(begin_ms, self._reach_ms())
            self._leg = None if state is None else self._running_in(state)

    def _begin_of_sought(self, into: Following) -> int | None:
        """Return where the call that runs into a stretch begins, if it is sought and may be the job's.

        Then the times of its records are off.
        """
        start_ms, earliest_ms = self._stretch.start_ms, max(self._job.reach.start_ms, self._read_to[0])
        if start_ms <= earliest_ms or not self._lane.sought or into.call_id is None or not into.asked_for:
            return None
        begin_ms = begin_of_call_at(self._source, start_ms, self._stretch.end_ms)
        return begin_ms if begin_ms is not None and begin_ms >= earliest_ms else None

    def _begun_by(self, seen: Observation) -> CallIdentity | None:
        """Return the call that begins with a fragment because records say so, and tags do not say otherwise."""
        number = seen.listed.number if self._known.is_named(seen.listed.number) else self._awaited
        begun = self._known.begun_by(number)
        if begun is None or (seen.identity is not None and seen.identity.call_id != begun.call_id):
            return None
        following = self._leg
        if following is None or number is None:
            return begun
        if following.leg is None:
            return None if self._is_earlier_jobs(following, begun, number, seen) else begun
        # what begins in the margin before the job, the job before reads to its end
        is_read = following.call_id == begun.call_id and self._continues(following, seen.identity, seen.at_ms)
        return None if is_read else begun

    def _is_earlier_jobs(self, into: Following, begun: CallIdentity, number: int, seen: Observation) -> bool:
        """Tell whether a leg that runs in is an earlier job's, which reads it through where its call begins again."""
        earlier = self._known.earlier_than(number)
        if not (earlier and into.asked_for):
            return False
        if into.call_id is None:
            self._leg = into = self._running_in(self._look_back.find_call(into.state))
        if into.call_id is None:
            earlier = () if has_stopped(earlier, seen.at_ms) else earlier
        elif into.call_id != begun.call_id:
            return False
        if not (earlier and self._continues(into, seen.identity, seen.at_ms)):
            return False
        begin_ms = begin_of_call_at(self._source, seen.at_ms, seen.at_ms + 1)
        return begin_ms is not None and any(begin_ms < one.end_ms for one in earlier)

    def _goes_on(self, seen: Observation) -> bool:
        """Tell whether a fragment continues the leg that is followed; what that is called may only now matter."""
        following = self._leg
        if following is None:
            return False
        pause_ms = seen.at_ms - following.state.last_ms
        matters = seen.identity is not None or pause_ms > UNTAGGED_PAUSE_MS
        if following.leg is None and following.state.identity is None and matters and pause_ms <= LEG_PAUSE_MS:
            self._leg = following = self._running_in(self._look_back.find_call(following.state))
        return self._continues(following, seen.identity, seen.at_ms)

    def _continues(self, following: Following, identity: CallIdentity | None, at_ms: int) -> bool:
        """Tell whether a fragment belongs to the leg before it: by its tags, and where there are none by records."""
        if following.ended:
            return False
        if identity is None and following.by_records and following.state.tagged_ms is None:
            streaming = self._known.is_streaming(following.call_id or "", at_ms)
            if streaming is not None:
                return streaming and at_ms - following.state.last_ms <= LEG_PAUSE_MS
        return continues(following.state, identity, at_ms)

    def _reach_ms(self) -> int:
        """Return how far to read: to the end of the stretch, or until the leg under way is surely over."""
        reach_ms = self._stretch.end_ms
        if self._leg is not None and self._leg.cutter is not None:
            reach_ms = max(reach_ms, self._leg.state.last_ms + OPEN_MS)
        return min(reach_ms, self._job.as_of_ms)

    def _wanted_to_ms(self) -> int | None:
        """Return up to when media is wanted for sure; None where the job is about all that lies on the stream."""
        if not self._lane.sought:
            return None
        following, stretch = self._leg, self._stretch
        if following is not None:
            call_id, at_ms = following.call_id if following.cutter is not None else None, following.state.last_ms
        else:
            begun = self._known.begun_by(stretch.first_number) if stretch.first_number is not None else None
            call_id, at_ms = begun.call_id if begun is not None else None, stretch.start_ms
        return (self._known.stop_of(call_id, at_ms) if call_id is not None else None) or 0

    def _running_in(self, state: LegState) -> Following:
        """Follow a leg whose beginning was not seen."""
        state = replace(state, identity=self._known.named(state.identity))
        identity = state.identity
        asked_for = identity is None or self._job.only.wants(identity.call_id, identity.voice_connector_id)
        return Following(state, asked_for=asked_for)

    def _leg_of(self, seen: Observation, begun: CallIdentity | None) -> Leg:
        """Return the leg that begins with a fragment."""
        number = seen.listed.number
        identity = seen.identity or begun or untagged_identity(self._lane.stream, number)
        return Leg(identity, self._lane.stream, number, seen.at_ms)

    def _begin(self, seen: Observation, begun: CallIdentity | None, kept: KeptLeg | None, *, may_be_cut: bool) -> None:
        leg = self._leg_of(seen, begun)
        identity = leg.identity
        state = LegState(identity, seen.at_ms, None if seen.identity is None else seen.at_ms)
        wanted = self._job.only.wants(identity.call_id, identity.voice_connector_id)
        if not wanted or self._known.is_before(identity.call_id, seen.at_ms, leg.first_number):
            self._leg = Following(state, asked_for=False)
            return
        self._leg = following = Following(state, leg, may_be_cut=may_be_cut, by_records=begun is not None)
        if place_of(seen.at_ms, self._job) is not Place.INSIDE:
            return
        unit = unit_of(seen.at_ms, self._lane, self._job, self._stretch)
        if kept is not None:
            following.cutter = RecalledPieces(unit, len(kept.pieces))
        elif seen.fetched is None:
            raise ValueError(f"fragment {leg.first_number} was passed over, and begins a leg that is to be read")
        else:
            following.cutter = PieceCutter(leg, unit, seen.fetched)
            following.notes = LegNotes(seen.identity) if self._memory is not None else None

    def _follow(self, seen: Observation) -> Iterator[Event]:
        following = self._leg
        if following is None:
            return
        following.state = extend_leg(following.state, seen.identity, seen.at_ms)
        if following.notes is not None:
            following.notes.add(seen)
        if isinstance(following.cutter, PieceCutter) and seen.fetched is not None:
            yield from following.given(following.cutter.add(seen.fetched))
        yield from self._ledger.other_unit(seen, following)

    def _end(self, follower: Observation | None, *, may_be_cut: bool = False) -> Iterator[Event]:
        following, self._leg = self._leg, None
        if following is None or following.leg is None:
            return
        pieces = 0
        if following.cutter is not None:
            yield from following.given(following.cutter.finish())
            pieces = following.cutter.emitted
        last_ms = following.state.last_ms
        other = follower is not None and (
            follower.identity is None or follower.identity.call_id != following.leg.identity.call_id
        )
        still_open = is_open(last_ms, self._job.as_of_ms, other_call_followed=other)
        yield LegEnd(following.leg, pieces, last_ms, still_open, may_be_cut or following.may_be_cut)
        if self._memory is not None and following.notes is not None and not still_open:
            number = None if follower is None else follower.listed.number
            kept = following.notes.kept(following.leg, following.state, number)
            if kept is not None:
                self._memory.keep(kept)

    def _lose(self, seen: Observation, lost: FetchedFragment) -> Iterator[Event]:
        """Account for a fragment without media.

        It is the call's that records let begin with it, else the call's around it, as one without tags would be.
        """
        following = self._leg
        if following is not None and following.notes is not None:
            following.notes.lose()
        self._awaited = seen.listed.number if self._known.is_named(seen.listed.number) else self._awaited
        begun = self._begun_by(seen)
        call_id, unit = begun.call_id if begun is not None else None, self._ledger.unit_at(seen.at_ms)
        if following is not None and begun is None and self._continues(following, None, seen.at_ms):
            yield from self._ledger.other_unit(seen, following)
            if following.cutter is None:
                return
            call_id, unit = following.call_id, following.cutter.unit
        if unit is not None:
            yield from self._ledger.lost(seen, lost, unit, call_id)
