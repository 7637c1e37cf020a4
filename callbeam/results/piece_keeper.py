"""Keeps what pieces give while the next ones are analysed: a put to S3 takes longer than a short call's analysis."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from callbeam.assembly import PieceParts
    from callbeam.results.result_store import ResultStore

PUTS = 8
"""Puts under way at a time: at 50 ms each, 160 pieces a second."""

MOST_HELD = 32
"""Pieces whose parts wait for their put; a piece's take some 100 kB."""


class PieceKeeper:
    """Takes pieces in order, and gives each out once it is kept: as it was kept first.

    Parameters
    ----------
    results : ResultStore
    """

    def __init__(self, results: ResultStore) -> None:
        self._results = results
        self._pool = ThreadPoolExecutor(PUTS)
        self._held: deque[Future[PieceParts]] = deque()

    def keep(self, piece: PieceParts) -> Iterator[PieceParts]:
        """Take a piece; yield those before it that are kept by now.

        Raises
        ------
        StorageError
            If a piece cannot be kept.
        """
        self._held.append(self._pool.submit(self._results.put_piece, piece))
        while self._held and (self._held[0].done() or len(self._held) > MOST_HELD):
            yield self._held.popleft().result()

    def finish(self) -> Iterator[PieceParts]:
        """Yield the rest, and end."""
        while self._held:
            yield self._held.popleft().result()
        self._pool.shutdown()
