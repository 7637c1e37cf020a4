"""Where a leg ends, which unit and which job own it, and whether its call may still be going on.

Every rule is a function of plain values: server timestamps in UTC milliseconds, and whose call a fragment is. What
reads fragments (``read_lane``) and what puts calls together (``decide_call``) both go by these, and by nothing else.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING

from callbeam.calls.pieces import CallIdentity
from callbeam.kvs import HOUR_MS, LEG_SKEW_MS, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.calls.pieces import LegEnd
    from callbeam.kvs import Job, Lane, Stream, Stretch

MINUTE_MS = 60_000

UNTAGGED = "untagged"
"""``CallIdentity.source`` of audio that no tag names."""

TAG_REACH_MS = 5 * MINUTE_MS
"""A fragment without tags has the call of the last tagged fragment at most this long before it, pauses or not."""

LEG_PAUSE_MS = HOUR_MS
"""A longer pause ends a leg."""

UNTAGGED_PAUSE_MS = MINUTE_MS
"""Fragments without tags adjoin up to such a pause: they go on with the leg before them, whosever it is and however
long ago it was named. A longer one ends a leg of untagged audio."""

LOOK_BACK_MS = LEG_PAUSE_MS + TAG_REACH_MS
"""What came this long before an instant decides which leg runs into it: a pause, and the tag before the pause."""

OPEN_MS = LEG_PAUSE_MS + TAG_REACH_MS
"""A leg whose last fragment is younger may still be going on."""


@dataclass(frozen=True, slots=True)
class LegState:
    """A leg as far as it has been seen.

    Attributes
    ----------
    identity : CallIdentity or None
        Whose call; None for audio without tags whose beginning was not seen: it has no name here, or not yet.
    last_ms : int
        Server time of the last fragment.
    tagged_ms : int or None
        Server time of the last fragment that was tagged, if it has been seen; None for untagged audio.
    """

    identity: CallIdentity | None
    last_ms: int
    tagged_ms: int | None


def untagged_identity(stream: Stream, number: int) -> CallIdentity:
    """Name untagged audio after its stream and its first fragment."""
    return CallIdentity(f"{stream.name}#{number}", UNTAGGED)


def continues(leg: LegState, identity: CallIdentity | None, at_ms: int) -> bool:
    """Tell whether a fragment belongs to the leg before it on its stream.

    Parameters
    ----------
    leg : LegState
        The leg up to the fragment before.
    identity : CallIdentity or None
        What the fragment's own tags say; None where they name no call, or where its media is lost.
    at_ms : int
        Its server time.

    Examples
    --------
    >>> leg = LegState(CallIdentity("c-1", "connect"), last_ms=200_000, tagged_ms=0)
    >>> continues(leg, None, 300_000), continues(leg, None, 300_001)
    (True, False)
    >>> leg = LegState(CallIdentity("c-1", "connect"), last_ms=900_000, tagged_ms=0)
    >>> continues(leg, None, 960_000), continues(leg, None, 960_001)
    (True, False)
    """
    pause_ms = at_ms - leg.last_ms
    if identity is not None:
        same = leg.identity is not None and leg.identity.call_id == identity.call_id
        return same and pause_ms <= LEG_PAUSE_MS
    if pause_ms <= UNTAGGED_PAUSE_MS:
        return True
    return leg.tagged_ms is not None and at_ms - leg.tagged_ms <= TAG_REACH_MS


def may_be_one(leg: LegState, identity: CallIdentity | None, at_ms: int) -> bool:
    """Tell whether audio without tags that ends a leg may be its call's all the same: it came after a short pause."""
    named = leg.identity is not None and leg.identity.source != UNTAGGED
    return named and identity is None and at_ms - leg.last_ms <= LEG_PAUSE_MS


def extend_leg(leg: LegState, identity: CallIdentity | None, at_ms: int) -> LegState:
    """Add a fragment that continues the leg."""
    tagged_ms = leg.tagged_ms if identity is None else at_ms
    return LegState(leg.identity, max(leg.last_ms, at_ms), tagged_ms)


class Place(Enum):
    """Where a leg begins, seen from a job."""

    EARLIER = "before the job's margin"
    BEFORE = "in the margin before the job"
    INSIDE = "in the job, or in the margin after it"
    LATER = "after that margin"


def place_of(start_ms: int, job: Job) -> Place:
    """Tell where a leg begins that starts at ``start_ms``: only legs INSIDE may be the job's."""
    if start_ms < job.start_ms - LEG_SKEW_MS:
        return Place.EARLIER
    if start_ms < job.start_ms:
        return Place.BEFORE
    return Place.INSIDE if start_ms < job.end_ms + LEG_SKEW_MS else Place.LATER


def unit_of(at_ms: int, lane: Lane, job: Job, stretch: Stretch | None = None) -> Unit:
    """Find the unit that owns a leg which begins at ``at_ms``.

    Within the job that is the lane's own unit, or the clock hour's part of the stretch (of the job, by default) where
    the plan found nothing; the margin after the job is a unit of its own.
    """
    stretch = stretch or job.reach
    before = bisect_right(lane.units, at_ms, key=attrgetter("start_ms"))
    if before and at_ms < lane.units[before - 1].end_ms:
        return lane.units[before - 1]
    hour_ms = at_ms - at_ms % HOUR_MS
    if at_ms >= job.end_ms:
        return Unit(job.end_ms, job.end_ms - job.end_ms % HOUR_MS + HOUR_MS, 0, 0)
    start_ms = max(hour_ms, job.start_ms, stretch.start_ms)
    return Unit(start_ms, min(hour_ms + HOUR_MS, job.end_ms, stretch.end_ms), 0, 0)


def is_open(last_ms: int, as_of_ms: int, *, other_call_followed: bool) -> bool:
    """Tell whether a leg may still be going on.

    Parameters
    ----------
    last_ms : int
        Server time of its last fragment.
    as_of_ms : int
        The instant at which the job judges, ``Job.as_of_ms``.
    other_call_followed : bool
        Another call's fragment came after it on its stream.
    """
    return not other_call_followed and as_of_ms - last_ms < OPEN_MS


class CallStatus(str, Enum):
    """What a job makes of a call."""

    OWNED = "owned"
    OTHER_UNIT = "other_unit"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class CallDecision:
    """What a job makes of a call.

    Attributes
    ----------
    status : CallStatus
        OWNED: the job writes ``legs``. OPEN: they are its own, but one of them may still be going on. OTHER_UNIT: it
        owns none.
    legs : tuple of LegEnd
        The legs that the job owns, in order of server time, stream and fragment number.
    """

    status: CallStatus
    legs: tuple[LegEnd, ...]


def owns_leg(start_ms: int, starts_ms: Sequence[int], job: Job) -> bool:
    """Tell whether a job owns a leg.

    A leg that begins within ``LEG_SKEW_MS`` after a job's border goes to the job before exactly when a leg of its call
    begins within ``LEG_SKEW_MS`` before that border. Jobs that lie side by side give each leg once by this rule if each
    is at least ``LEG_SKEW_MS`` long.

    Parameters
    ----------
    start_ms : int
        Server time of the leg's first fragment.
    starts_ms : sequence of int
        The same for every leg of its call that the job has seen, on any stream.
    job : Job
    """

    def begins_before(border_ms: int) -> bool:
        return any(border_ms - LEG_SKEW_MS <= other_ms < border_ms for other_ms in starts_ms)

    if start_ms < job.start_ms or start_ms >= job.end_ms + LEG_SKEW_MS:
        return False
    if start_ms < job.start_ms + LEG_SKEW_MS and begins_before(job.start_ms):
        return False
    return start_ms < job.end_ms or begins_before(job.end_ms)


def decide_call(leg_ends: Sequence[LegEnd], job: Job, *, ended: bool = False) -> CallDecision:
    """Decide which legs of a call a job owns, and whether it may write them.

    Parameters
    ----------
    leg_ends : sequence of LegEnd
        All legs of one call, from every lane of the job, in any order.
    job : Job
    ended : bool
        Records say that the call is over: none of its legs can still be going on.

    Returns
    -------
    CallDecision
    """
    starts_ms = [end.leg.start_server_ms for end in leg_ends]
    owned = [end for end in leg_ends if owns_leg(end.leg.start_server_ms, starts_ms, job)]
    owned.sort(key=lambda end: (end.leg.start_server_ms, end.leg.stream.arn, end.leg.first_number))
    if not owned:
        return CallDecision(CallStatus.OTHER_UNIT, ())
    status = CallStatus.OPEN if not ended and any(end.open for end in owned) else CallStatus.OWNED
    return CallDecision(status, tuple(owned))
