"""A stream's fragments in the order in which KVS received them, listed step by step as they are looked at."""

from __future__ import annotations

from collections import deque
from itertools import islice, pairwise, takewhile
from typing import TYPE_CHECKING, NamedTuple

from callbeam.calls.ownership import LOOK_BACK_MS
from callbeam.kvs import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.kvs import FragmentSource, Job, Lane, ListedFragment, Stretch

FIRST_STEP_MS = 5 * 60_000
"""How far listing first goes beyond the job: most legs that cross its border end soon after."""


class Arrival(NamedTuple):
    """A listed fragment and when it came.

    Attributes
    ----------
    at_ms : int
        Server time; where the listing has none, that of the fragment before it by number, until its tags are read.
    listed : ListedFragment
    """

    at_ms: int
    listed: ListedFragment

    @property
    def timed(self) -> bool:
        """Whether the listing tells when it came."""
        return self.listed.server_ms is not None


class StreamCursor:
    """A cursor over a stream's fragments, ordered by server time and then by number.

    Fragment numbers rise with server time unless two sessions put media into a stream at once, and then the order by
    number depends on where a listing is cut. Two jobs must see the same order at their common border: time goes first.

    Listing begins a look-back before the stretch, goes on by one planned unit at a time (what lies between units is
    empty, and costs no call of its own), and beyond the stretch as far as is asked for, never past ``as_of_ms``.

    Parameters
    ----------
    lane : Lane
    job : Job
    source : FragmentSource
    stretch : Stretch, optional
        Of the lane; the job with its margins by default. If it names a fragment, nothing before that is listed.

    Attributes
    ----------
    begin_ms : int
        Where listing begins.
    """

    def __init__(self, lane: Lane, job: Job, source: FragmentSource, stretch: Stretch | None = None) -> None:
        stretch = stretch or job.reach
        self._source = source
        self._job = job
        self._stretch = stretch
        self._limit_ms = job.as_of_ms
        self.begin_ms = stretch.start_ms - (LOOK_BACK_MS if stretch.first_number is None else 0)
        self._listed_to_ms = self.begin_ms
        ends = (unit.end_ms for unit in lane.units if stretch.start_ms < unit.end_ms < stretch.end_ms)
        self._stops = deque([*ends, stretch.end_ms])
        self._beyond_ms = FIRST_STEP_MS
        self._ahead: deque[Arrival] = deque()
        self._unplaced: set[int] = set()

    def peek(self, before_ms: int) -> Arrival | None:
        """Return the next fragment if it came before ``before_ms``."""
        while not self._ahead and self._list_step(before_ms):
            pass
        if self._ahead and self._ahead[0].at_ms < before_ms:
            return self._ahead[0]
        return None

    def pop(self) -> Arrival:
        """Take the next fragment, which ``peek`` has shown."""
        return self._ahead.popleft()

    def upcoming(self, before_ms: int, *, list_on: bool = False) -> Iterator[Arrival]:
        """Iterate over the next fragments that came before ``before_ms``, without taking them.

        Parameters
        ----------
        list_on : bool
            List as far as ``before_ms`` first; else only what is at hand.
        """
        while list_on and self._list_step(before_ms):
            pass
        return takewhile(lambda arrival: arrival.at_ms < before_ms, self._ahead)

    def ahead(self, count: int, before_ms: int) -> list[Arrival]:
        """Return up to ``count`` of the next fragments that came before ``before_ms``, and list no more for that."""
        while len(self._ahead) < count and self._list_step(before_ms):
            pass
        return [arrival for arrival in islice(self._ahead, count) if arrival.at_ms < before_ms]

    def list_before(self, start_ms: int, end_ms: int) -> list[Arrival]:
        """List a range before ``begin_ms``, which no cursor passes."""
        return list(self._list(start_ms, end_ms))

    def _list_step(self, before_ms: int) -> bool:
        """List one step on towards ``before_ms``; False where that has been reached."""
        start_ms, goal_ms = self._listed_to_ms, min(before_ms, self._limit_ms)
        if start_ms >= goal_ms:
            return False
        while self._stops and self._stops[0] <= start_ms:
            self._stops.popleft()
        if self._stops:
            end_ms = min(self._stops[0], self._limit_ms)
        else:
            end_ms = min(start_ms + self._beyond_ms, goal_ms)
            self._beyond_ms = HOUR_MS
        self._ahead.extend(self._list(start_ms, end_ms))
        self._listed_to_ms = end_ms
        return True

    def _list(self, start_ms: int, end_ms: int) -> Iterator[Arrival]:
        """List a range; by the parts that rules tell apart where fragments themselves do not tell theirs."""
        listed = self._source.list(start_ms, end_ms)
        if all(fragment.server_ms is not None for fragment in listed):
            yield from self._place(listed, start_ms)
            return
        hours = range(start_ms - start_ms % HOUR_MS, end_ms, HOUR_MS)
        borders = {*hours, self._stretch.start_ms, self._job.start_ms, self._job.end_ms}
        cuts = [start_ms, *sorted(border for border in borders if start_ms < border < end_ms), end_ms]
        for from_ms, to_ms in pairwise(cuts):
            yield from self._place(self._source.list(from_ms, to_ms), from_ms)

    def _place(self, listed: list[ListedFragment], start_ms: int) -> list[Arrival]:
        arrivals = []
        at_ms = next((fragment.server_ms for fragment in listed if fragment.server_ms is not None), start_ms)
        for fragment in listed:
            if fragment.server_ms is not None:
                at_ms = fragment.server_ms
            elif fragment.number in self._unplaced:
                continue  # without a time it is listed again by the next step, whose range KVS takes in whole seconds
            else:
                self._unplaced.add(fragment.number)
            arrivals.append(Arrival(at_ms, fragment))
        first = self._stretch.first_number
        if first is not None:
            arrivals = [one for one in arrivals if (one.at_ms, one.listed.number) >= (self.begin_ms, first)]
        return sorted(arrivals, key=lambda arrival: (arrival.at_ms, arrival.listed.number))
