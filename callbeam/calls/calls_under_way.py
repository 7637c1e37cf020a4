"""Finds where a call begins that runs into a range from before it: what to say where a job owns nothing else."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from callbeam.calls.identity import identity_of
from callbeam.calls.ownership import LEG_PAUSE_MS, UNTAGGED_PAUSE_MS
from callbeam.calls.stream_scan import BATCH
from callbeam.kvs import HOUR_MS, LEG_SKEW_MS, plan_lanes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from callbeam.kvs import FragmentSource, Job, KvsClient, ListedFragment

MOST_PROBED = 32
"""Fragments looked at for a tag in one place: contacts end with a few that have none."""

MOST_READ = 8_000
"""Fragments read to find what call a run without tags has: some are named once, at their beginning."""


MOST_STREAMS = 20
"""Streams looked at: an earlier start than theirs is seldom needed, and advice should not cost a job's time."""


def start_before(client: KvsClient, job: Job) -> int | None:
    """Find a start from which a job would own the calls that run into this one's range.

    Returns
    -------
    int or None
        UTC milliseconds, a whole second, ``LEG_SKEW_MS`` before the first of these calls begins: a leg on another
        stream may begin that much earlier. None if no call runs in.

    Raises
    ------
    CallbeamError
        If KVS refuses, or cannot be asked.
    """
    lanes = [lane for lane in plan_lanes(client, job) if lane.units][:MOST_STREAMS]
    begins = [begin_of_call_at(client.source(lane.stream), job.start_ms, job.end_ms) for lane in lanes]
    first_ms = min((begin_ms for begin_ms in begins if begin_ms is not None), default=None)
    return None if first_ms is None else (first_ms - LEG_SKEW_MS) // 1000 * 1000


def begin_of_call_at(source: FragmentSource, at_ms: int, until_ms: int) -> int | None:
    """Find where the call begins whose fragments a range begins with.

    It goes back by the hour, then bisects, so a call of some hours costs some twenty single reads. A call is taken to
    lie in one run on its stream: that is good enough for advice, and ownership does not rest on it.

    Parameters
    ----------
    source : FragmentSource
    at_ms, until_ms : int
        The range, UTC milliseconds of server time.

    Returns
    -------
    int or None
        Server time of the call's first fragment; None if the range is empty or nothing before it is the call's.
    """
    here = _timed(source.list(at_ms, until_ms))
    if not here:
        return None
    call_id = _call_of(source, here[:1]) or _call_before(source, here[0][0], at_ms)
    pause_ms = UNTAGGED_PAUSE_MS if call_id is None else LEG_PAUSE_MS

    def is_mine(index: int) -> bool:
        return _call_of(source, near[index::-1]) in {None, call_id}

    begin_ms, first_ms = None, here[0][0]
    while True:
        hour = _timed(source.list(at_ms - HOUR_MS, at_ms))
        near = _since_pause(hour, first_ms, pause_ms)
        mine = _first(is_mine, len(near))
        begin_ms = near[mine][0] if mine < len(near) else begin_ms
        if mine or len(near) < len(hour):
            return begin_ms
        # an hour without a fragment may still be a pause within the call: the next one's fragments tell
        if not hour and first_ms - at_ms + HOUR_MS > pause_ms:
            return begin_ms
        at_ms -= HOUR_MS
        first_ms = near[0][0] if near else first_ms


def _timed(listed: Sequence[ListedFragment]) -> list[tuple[int, ListedFragment]]:
    timed = [(one.server_ms, one) for one in listed if one.server_ms is not None]
    return sorted(timed, key=lambda entry: (entry[0], entry[1].number))


def _since_pause(
    before: list[tuple[int, ListedFragment]], next_ms: int, pause_ms: int
) -> list[tuple[int, ListedFragment]]:
    """Return what comes after the last pause that ends a leg."""
    times = [at_ms for at_ms, _ in before] + [next_ms]
    pauses = [i for i, (one, other) in enumerate(pairwise(times), start=1) if other - one > pause_ms]
    return before[pauses[-1] :] if pauses else before


def _first(is_mine: Callable[[int], bool], count: int) -> int:
    """Bisect for the first index from which on all are the call's; ``count`` if none is."""
    other, mine = -1, count
    if count and is_mine(0):
        return 0
    while mine - other > 1:
        middle = (mine + other) // 2
        if is_mine(middle):
            mine = middle
        else:
            other = middle
    return mine


def _call_before(source: FragmentSource, next_ms: int, at_ms: int) -> str | None:
    """Return the call that a run without tags has from the last tag before it."""
    read, size = 0, 1
    while read < MOST_READ:
        hour = _timed(source.list(at_ms - HOUR_MS, at_ms))
        near = list(_since_pause(hour, next_ms, UNTAGGED_PAUSE_MS if read else LEG_PAUSE_MS))
        first_ms = near[0][0] if near else next_ms
        while near:
            some = near[-size:]
            del near[-size:]
            calls = [identity_of(one) for one in source.read([a for _, a in some])]
            tagged = [identity.call_id for identity in calls if identity is not None]
            if tagged:
                return tagged[-1]
            read, size = read + len(some), min(2 * size, BATCH)
        if not hour or first_ms > hour[0][0]:
            break
        at_ms, next_ms = at_ms - HOUR_MS, first_ms
    return None


def _call_of(source: FragmentSource, some: Sequence[tuple[int, ListedFragment]]) -> str | None:
    """Return the call that the first tagged of some fragments names; one that is read tagged costs no second."""
    for _, listed in some[:MOST_PROBED]:
        for fetched in source.read([listed]):
            identity = identity_of(fetched)
            if identity is not None:
                return identity.call_id
    return None
