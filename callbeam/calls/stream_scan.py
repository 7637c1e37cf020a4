"""Reads a stream's fragments in order, and passes over those of a call that belongs elsewhere with single probes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from callbeam.calls.identity import identity_of
from callbeam.calls.ownership import TAG_REACH_MS
from callbeam.calls.stream_cursor import Arrival
from callbeam.kvs import FetchedFragment, FragmentStatus
from callbeam.letter_samples import letter_sample
from callbeam.mkv import fragment_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from callbeam.calls.pieces import CallIdentity
    from callbeam.calls.stream_cursor import StreamCursor
    from callbeam.kvs import FragmentSource, ListedFragment

STRETCH_PAUSE_MS = 5_000
"""A call does not come back to its stream after another one without such a pause, nor ..."""

STRETCH_MS = TAG_REACH_MS
"""... within this time. So what lies between two fragments tagged with one call, closer than that and without such a
pause, is that call's: the tagless ones among them too."""

BATCH = 200
"""Fragments asked for at once: KVS pays out 500 a second, and its client goes by bytes besides."""

TAGLESS_BATCH = 32
"""The same where fragments are only read because the probe before them had no tag."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A fragment, in its place in the stream.

    Attributes
    ----------
    at_ms : int
        Server time, or the best that stands for it (``Arrival``).
    listed : ListedFragment
    identity : CallIdentity or None
        Whose call it is by its own tags, or because it was passed over as that call's.
    fetched : FetchedFragment or None
        None if it was passed over unread.
    timed : bool
        Whether the listing tells when it came.
    """

    at_ms: int
    listed: ListedFragment
    identity: CallIdentity | None
    fetched: FetchedFragment | None
    timed: bool = True

    @property
    def lost(self) -> FetchedFragment | None:
        """What was fetched, if it holds no media."""
        return self.fetched if self.fetched is not None and self.fetched.status is not None else None


class FragmentReader:
    """Hands out a stream's fragments in order, reading as few of a foreign call's as tells where it ends.

    Parameters
    ----------
    cursor : StreamCursor
    source : FragmentSource
    is_named : callable
        Tells of a fragment's number whether records let a call begin with it: that is not passed over, for whose it is
        the tags around it do not tell.
    is_kept : callable, optional
        Tells of a fragment's number whether it may begin what need not be read: no batch goes on into that. It may be
        passed over, for whether it begins a leg the tags around it tell, as they did before.
    """

    def __init__(
        self,
        cursor: StreamCursor,
        source: FragmentSource,
        is_named: Callable[[int], bool],
        is_kept: Callable[[int], bool] | None = None,
    ) -> None:
        self._cursor = cursor
        self._source = source
        self._is_named = is_named
        self._is_kept = is_kept
        self._batch: Generator[FetchedFragment, None, None] | None = None
        self._probed: dict[int, FetchedFragment] = {}
        self._pass_over = 0
        self._tagged: Arrival | None = None  # the fragment handed out last, if it was tagged
        self._tagless = False  # what comes next has been seen to lack tags
        self._beyond = 1  # how many to ask for at once of what may be nobody's who is asked for

    def next(
        self, before_ms: int, foreign: CallIdentity | None = None, wanted_to_ms: int | None = None
    ) -> Observation | None:
        """Return the next fragment that came before ``before_ms``; None if there is none.

        Parameters
        ----------
        before_ms : int
            Nothing beyond it is listed or read.
        foreign : CallIdentity or None
            The call of the fragment handed out last, if its media is of no interest: as far as its fragments follow
            they may be passed over.
        wanted_to_ms : int or None
            Up to when media is wanted for sure: what came later is asked for in small batches, which grow as long as
            it does not end. None: all of it may be.
        """
        if self._cursor.peek(before_ms) is None:
            return None
        if foreign is not None and self._tagged is not None and not self._pass_over:
            self.close()
            self._pass_over = self._count_foreign(foreign, self._tagged, before_ms)
        if self._pass_over:
            self._pass_over -= 1
            arrival = self._cursor.pop()
            self._probed.pop(arrival.listed.number, None)
            return Observation(arrival.at_ms, arrival.listed, foreign, None)
        return self._read(before_ms, foreign is not None, wanted_to_ms)

    @property
    def passing_over(self) -> bool:
        """Whether the next fragment is known to be the foreign call's."""
        return self._pass_over > 0

    def skip(self, count: int) -> list[Arrival]:
        """Take fragments, which the cursor has listed, without reading them."""
        self.close()
        self._tagged, self._tagless = None, False
        skipped = [self._cursor.pop() for _ in range(count)]
        for arrival in skipped:
            self._probed.pop(arrival.listed.number, None)
        return skipped

    def close(self) -> None:
        """Stop a read under way, and give its connection back."""
        if self._batch is not None:
            self._batch.close()
            self._batch = None

    def _read(self, before_ms: int, probing: bool, wanted_to_ms: int | None) -> Observation:
        if self._batch is None:
            size = (TAGLESS_BATCH if self._tagless else 1) if probing else self._size(before_ms, wanted_to_ms)
            self._batch = self._fetch(self._coming(before_ms, size))
        fetched = next(self._batch, None)
        if fetched is None:
            self._batch = None
            return self._read(before_ms, probing, wanted_to_ms)
        arrival = self._cursor.pop()
        at_ms = instant(arrival, fetched)
        identity = identity_of(fetched)
        self._tagged = Arrival(at_ms, fetched.listed) if identity is not None else None
        self._tagless = identity is None
        return Observation(at_ms, fetched.listed, identity, fetched, arrival.timed)

    def _coming(self, before_ms: int, size: int) -> list[Arrival]:
        """Return what to ask for at once: at least one, and none from where it may not have to be read."""
        coming = list(islice(self._cursor.upcoming(before_ms), size))
        if self._is_kept is not None:
            kept = (place for place, one in enumerate(coming) if place and self._is_kept(one.listed.number))
            del coming[next(kept, size) :]
        return coming

    def _size(self, before_ms: int, wanted_to_ms: int | None) -> int:
        """Return how many fragments to ask for at once."""
        if wanted_to_ms is None:
            return BATCH
        sure = sum(1 for _ in islice(self._cursor.upcoming(min(before_ms, wanted_to_ms + 1)), BATCH))
        if sure:
            self._beyond = 1
            return sure
        size, self._beyond = self._beyond, min(2 * self._beyond, BATCH)
        return size

    def _fetch(self, arrivals: Sequence[Arrival]) -> Generator[FetchedFragment, None, None]:
        """Read fragments, those left out that a probe has read already."""
        reading = self._source.read([a.listed for a in arrivals if a.listed.number not in self._probed])
        try:
            for arrival in arrivals:
                probed = self._probed.pop(arrival.listed.number, None)
                yield probed if probed is not None else settle(next(reading), arrival)
        finally:
            if hasattr(reading, "close"):
                reading.close()

    def _probe(self, arrival: Arrival) -> CallIdentity | None:
        number = arrival.listed.number
        if number not in self._probed:
            (fetched,) = self._source.read([arrival.listed])
            self._probed[number] = settle(fetched, arrival)
        return identity_of(self._probed[number])

    def _count_foreign(self, call: CallIdentity, tagged: Arrival, before_ms: int) -> int:
        """Count the fragments after ``tagged``, which is the call's, that are surely the call's too."""
        stretch = self._stretch(tagged, before_ms)
        count = len(stretch)
        while count:
            identity = self._probe(stretch[count - 1])
            if identity is not None and identity.call_id == call.call_id:
                self._tagged = stretch[count - 1]
                return count
            self._tagged = None
            if identity is not None:
                return self._find_border(stretch, count - 1, call)
            count //= 2
        self._tagless = bool(stretch)
        return 0

    def _stretch(self, tagged: Arrival, before_ms: int) -> list[Arrival]:
        """Return what follows ``tagged`` without a pause, up to where records let a call begin."""
        stretch: list[Arrival] = []
        last_ms = tagged.at_ms
        for arrival in self._cursor.upcoming(min(before_ms, tagged.at_ms + STRETCH_MS + 1), list_on=True):
            if arrival.at_ms - last_ms > STRETCH_PAUSE_MS or not arrival.timed:
                break
            if self._is_named(arrival.listed.number):
                break
            stretch.append(arrival)
            last_ms = arrival.at_ms
        return stretch

    def _find_border(self, stretch: Sequence[Arrival], other: int, call: CallIdentity) -> int:
        """Bisect for the first fragment tagged with another call; ``stretch[other]`` is, and -1 is the call's own."""
        mine = -1
        while other - mine > 1:
            middle = nearest = (mine + other) // 2
            while nearest > mine and (identity := self._probe(stretch[nearest])) is None:
                nearest -= 1
            if nearest == mine or (identity is not None and identity.call_id == call.call_id):
                mine = middle
            else:
                other = nearest
        return other


def instant(arrival: Arrival, fetched: FetchedFragment) -> int:
    """Return when a fragment came, now that it has been read."""
    server_ms = fetched.listed.server_ms
    return arrival.at_ms if arrival.timed or server_ms is None else server_ms


def settle(fetched: FetchedFragment, arrival: Arrival) -> FetchedFragment:
    """Fill in the times that the listing lacks from the fragment's tags.

    Without any time at all the fragment is given up. With a producer's time alone, KVS's own is taken from the
    fragments around it.
    """
    listed = fetched.listed
    if fetched.document is None or listed.server_ms is not None:
        return fetched
    tags = fragment_tags(fetched.document)
    producer_ms = tags.producer_ms if listed.producer_ms is None else listed.producer_ms
    if tags.server_ms is None and producer_ms is None:
        reason = "neither the listing nor the fragment's tags hold a timestamp"
        sample = letter_sample(fetched.document.data)
        return FetchedFragment(listed, None, FragmentStatus.NO_TIMESTAMP, reason, sample)
    server_ms = arrival.at_ms if tags.server_ms is None else tags.server_ms
    return replace(fetched, listed=replace(listed, server_ms=server_ms, producer_ms=producer_ms))
