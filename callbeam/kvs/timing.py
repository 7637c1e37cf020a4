"""The clocks that retries, pace and retention go by, in one place so that tests can bring their own."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Timing:
    """Clocks and chance.

    Attributes
    ----------
    monotonic : callable
        Seconds on a clock that never goes back.
    sleep : callable
        Waits that many seconds.
    wall_ms : callable
        UTC milliseconds since the epoch.
    chance : callable
        A random number in [0, 1).
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    wall_ms: Callable[[], int] = _wall_ms
    chance: Callable[[], float] = random.random

    def back_off(self, attempt: int, *, base_s: float = 0.5, cap_s: float = 20.0) -> float:
        """Seconds to wait after the given failure (0, 1, ...): exponential, with full jitter.

        Full jitter (a uniform draw from 0 to the exponential bound) spreads readers that were throttled together.
        """
        return self.chance() * min(cap_s, base_s * 2.0 ** min(attempt, 16))
