"""What earlier readings of a lane have left: its legs, with all that their pieces gave."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from concurrent.futures import Future

    from callbeam.assembly import PieceParts
    from callbeam.calls import KeptLeg
    from callbeam.kvs import Lane
    from callbeam.results.result_store import ResultStore

REQUESTS = 8
"""Objects fetched or put at a time."""

LOADED_AHEAD = 16
"""Legs fetched before they are asked for."""

MOST_HELD = 64
"""Legs that wait for their put."""


class _Loaded(NamedTuple):
    leg: KeptLeg
    pieces: list[PieceParts]


class LaneMemory:
    """A lane's memory of legs (``callbeam.calls.LegMemory``).

    Parameters
    ----------
    results : ResultStore
    lane : Lane
    """

    def __init__(self, results: ResultStore, lane: Lane) -> None:
        self._results = results
        self._lane = lane
        self._numbers = results.legs_of(lane)
        self._known = frozenset(self._numbers)
        self._pool = ThreadPoolExecutor(REQUESTS)
        self._loading: dict[int, Future[_Loaded | None]] = {}
        self._keeping: deque[Future[None]] = deque()
        self._recalled: list[PieceParts] = []

    def begins(self, number: int) -> bool:
        """Tell whether a leg is kept that begins with a fragment."""
        return number in self._known

    def recall(self, number: int) -> KeptLeg | None:
        """Return that leg if all that its pieces gave is at hand; the next ones are fetched meanwhile."""
        place = bisect_left(self._numbers, number)
        coming = self._numbers[place : place + LOADED_AHEAD]
        self._loading = {one: self._loading.get(one) or self._pool.submit(self._load, one) for one in coming}
        found = self._loading.pop(number).result()
        self._recalled = [] if found is None else found.pieces
        return None if found is None else found.leg

    @property
    def recalled(self) -> list[PieceParts]:
        """What the pieces gave of the leg that was recalled last, in order."""
        return self._recalled

    def keep(self, leg: KeptLeg) -> None:
        """Keep a leg that has been read.

        Raises
        ------
        StorageError
            If an earlier one could not be kept.
        """
        self._keeping.append(self._pool.submit(self._results.put_leg, self._lane, leg))
        while len(self._keeping) > MOST_HELD:
            self._keeping.popleft().result()

    def finish(self) -> None:
        """Wait until all legs are kept, and end."""
        while self._keeping:
            self._keeping.popleft().result()
        self._pool.shutdown(cancel_futures=True)

    def _load(self, number: int) -> _Loaded | None:
        leg = self._results.get_leg(self._lane, number)
        if leg is None:
            return None
        pieces: list[PieceParts] = []
        for digest in leg.pieces:
            piece = self._results.get_piece(self._lane.stream.arn, digest)
            if piece is None:
                return None
            pieces.append(piece)
        return _Loaded(leg, pieces)
