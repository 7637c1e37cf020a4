"""Follows legs through a lane's fragments: what a job reads, skips, gives out in pieces, and accounts for.

Three kinds of legs pass by. One that runs into the job, or begins in the margin before it, belongs to the job before:
it is only followed to where it ends. One that begins in the job or in the margin after it is read to its end, wherever
that lies. With the first leg that begins later still the lane is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from callbeam.calls.pieces import DeadLetter, LedgerRow, Leg, LegEnd, Piece
from callbeam.calls.stream_cursor import StreamCursor
from callbeam.calls.stream_scan import FragmentReader
from callbeam.kvs import LEG_SKEW_MS, FragmentStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.calls.pieces import CallIdentity
    from callbeam.calls.stream_scan import Observation
    from callbeam.kvs import FetchedFragment, FragmentSource, Job, Lane, Unit

    Event = Piece | LegEnd | LedgerRow | DeadLetter

STEP = "ReadFragments"
"""How dead letters name the step that gives fragments up here."""


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
    reading = _LaneReading(lane, job, source)
    try:
        yield from reading.events()
    finally:
        reading.close()


@dataclass(slots=True)
class _Following:
    """The leg that is being followed.

    Attributes
    ----------
    leg : Leg or None
        None for one that runs into the job, whose beginning was not seen.
    cutter : PieceCutter or None
        Present for a leg whose media is read.
    may_be_cut : bool
        It has no tags, and begins soon after a named call.
    asked_for : bool
        The job's filter wants it.
    """

    state: LegState
    leg: Leg | None = None
    cutter: PieceCutter | None = None
    may_be_cut: bool = False
    asked_for: bool = True

    @property
    def call_id(self) -> str | None:
        return self.state.identity.call_id if self.state.identity is not None else None

    @property
    def foreign(self) -> CallIdentity | None:
        """The call whose fragments may be passed over; untagged audio must be read to know where it ends."""
        return self.state.identity if self.cutter is None and self.state.tagged_ms is not None else None


class _LaneReading:
    def __init__(self, lane: Lane, job: Job, source: FragmentSource) -> None:
        self._lane = lane
        self._job = job
        self._cursor = StreamCursor(lane, job, source)
        self._look_back = LookBack(self._cursor, source)
        self._reader = FragmentReader(self._cursor, source)
        self._leg: _Following | None = None

    def close(self) -> None:
        self._reader.close()

    def events(self) -> Iterator[Event]:
        self._find_leg_into()
        while True:
            foreign = self._leg.foreign if self._leg is not None else None
            seen = self._reader.next(self._reach_ms(), foreign)
            if seen is None:
                break
            if seen.lost is not None:
                yield from self._lose(seen, seen.lost)
                continue
            if not self._goes_on(seen):
                may_be_cut = self._leg is not None and may_be_one(self._leg.state, seen.identity, seen.at_ms)
                yield from self._end(seen, may_be_cut=may_be_cut)
                if place_of(seen.at_ms, self._job) is Place.LATER:
                    break
                self._begin(seen, may_be_cut=may_be_cut)
            yield from self._follow(seen)
        yield from self._end(None)

    def _find_leg_into(self) -> None:
        """Find the leg that runs into the margin before the job."""
        state = self._look_back.leg_into(self._job.start_ms - LEG_SKEW_MS, self._reach_ms())
        if state is not None:
            self._leg = _Following(state)

    def _goes_on(self, seen: Observation) -> bool:
        """Tell whether a fragment continues the leg that is followed; what that is called may only now matter."""
        following = self._leg
        if following is None:
            return False
        pause_ms = seen.at_ms - following.state.last_ms
        matters = seen.identity is not None or pause_ms > UNTAGGED_PAUSE_MS
        if following.leg is None and following.state.identity is None and matters and pause_ms <= LEG_PAUSE_MS:
            following.state = self._look_back.find_call(following.state)
        return continues(following.state, seen.identity, seen.at_ms)

    def _reach_ms(self) -> int:
        """Return how far to read: to the end of the margin, or until the leg under way is surely over."""
        reach_ms = self._job.end_ms + LEG_SKEW_MS
        if self._leg is not None and self._leg.cutter is not None:
            reach_ms = max(reach_ms, self._leg.state.last_ms + OPEN_MS)
        return min(reach_ms, self._job.as_of_ms)

    def _begin(self, seen: Observation, *, may_be_cut: bool) -> None:
        stream, number = self._lane.stream, seen.listed.number
        identity = seen.identity or untagged_identity(stream, number)
        tagged_ms = None if seen.identity is None else seen.at_ms
        state = LegState(identity, seen.at_ms, tagged_ms)
        if not self._job.only.wants(identity.call_id, identity.voice_connector_id):
            self._leg = _Following(state, asked_for=False)
            return
        leg = Leg(identity, stream, number, seen.at_ms)
        cutter = None
        if place_of(seen.at_ms, self._job) is Place.INSIDE and seen.fetched is not None:
            cutter = PieceCutter(leg, unit_of(seen.at_ms, self._lane, self._job), seen.fetched)
        self._leg = _Following(state, leg, cutter, may_be_cut)

    def _follow(self, seen: Observation) -> Iterator[Event]:
        following = self._leg
        if following is None:
            return
        following.state = extend_leg(following.state, seen.identity, seen.at_ms)
        if following.cutter is not None and seen.fetched is not None:
            yield from following.cutter.add(seen.fetched)
            yield from self._other_unit(seen, following, following.cutter.unit)
        else:
            yield from self._other_unit(seen, following, None)

    def _end(self, follower: Observation | None, *, may_be_cut: bool = False) -> Iterator[Event]:
        following, self._leg = self._leg, None
        if following is None or following.leg is None:
            return
        pieces = 0
        if following.cutter is not None:
            yield from following.cutter.finish()
            pieces = following.cutter.emitted
        last_ms = following.state.last_ms
        other = follower is not None and (
            follower.identity is None or follower.identity.call_id != following.leg.identity.call_id
        )
        still_open = is_open(last_ms, self._job.as_of_ms, other_call_followed=other)
        yield LegEnd(following.leg, pieces, last_ms, still_open, may_be_cut or following.may_be_cut)

    def _lose(self, seen: Observation, lost: FetchedFragment) -> Iterator[Event]:
        """Account for a fragment without media: it is the call's around it, as a fragment without tags would be."""
        following = self._leg
        call_id, unit = None, None
        if following is not None and continues(following.state, None, seen.at_ms):
            if following.cutter is None:
                yield from self._other_unit(seen, following, None)
                return
            call_id, unit = following.call_id, following.cutter.unit
            yield from self._other_unit(seen, following, unit)
        elif self._job.start_ms <= seen.at_ms < self._job.end_ms:
            unit = unit_of(seen.at_ms, self._lane, self._job)
        if unit is not None:
            status = lost.status if lost.status is not None else FragmentStatus.DAMAGED
            yield self._row(seen, unit, status, call_id, lost.reason)
            yield DeadLetter(
                STEP,
                status.value,
                lost.reason,
                self._lane.stream,
                seen.listed.number,
                unit.start_ms,
                call_id,
                lost.sample,
            )

    def _other_unit(self, seen: Observation, following: _Following, owner: Unit | None) -> Iterator[LedgerRow]:
        """Say under the unit that a fragment lies in that its leg is another's, or not asked for."""
        if self._job.start_ms <= seen.at_ms < self._job.end_ms:
            unit = unit_of(seen.at_ms, self._lane, self._job)
            if unit != owner:
                status = FragmentStatus.OTHER_UNIT if following.asked_for else FragmentStatus.NOT_ASKED
                yield self._row(seen, unit, status, following.call_id, "")

    def _row(
        self, seen: Observation, unit: Unit, status: FragmentStatus, call_id: str | None, reason: str
    ) -> LedgerRow:
        listed = seen.listed
        return LedgerRow(
            unit_start_ms=unit.start_ms,
            stream=self._lane.stream,
            number=listed.number,
            server_ms=listed.server_ms,
            producer_ms=listed.producer_ms,
            bytes=listed.size,
            status=status.value,
            reason=reason,
            call_id=call_id,
        )
