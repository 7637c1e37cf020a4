"""How fast one stream's media is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callbeam.kvs.timing import Timing


class Pace:
    """Lets through a number of fragments per second, without bursts.

    KVS counts fragments asked for, not calls, and all readers of a stream share one quota; so each call waits until
    what was asked for before it has been paid off.

    Parameters
    ----------
    per_second : float
        Fragments per second; 0 for no limit.
    """

    def __init__(self, per_second: float, timing: Timing) -> None:
        self._per_second = per_second
        self._timing = timing
        self._free_at = float("-inf")

    def take(self, fragments: int) -> None:
        """Wait until ``fragments`` may be asked for."""
        if self._per_second <= 0:
            return
        now = self._timing.monotonic()
        if self._free_at > now:
            self._timing.sleep(self._free_at - now)
        self._free_at = max(self._free_at, now) + fragments / self._per_second
