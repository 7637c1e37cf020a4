"""How long a failing call is asked again, and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from callbeam.kvs.service_errors import Trouble, explain

if TYPE_CHECKING:
    from callbeam.kvs.config import KvsConfig
    from callbeam.kvs.timing import Timing

_ATTEMPTS = {
    # Credentials may just have expired, an endpoint just have moved: one more try with fresh ones tells.
    Trouble.DENIED: 2,
    Trouble.WRONG_ENDPOINT: 4,
    Trouble.NO_CREDENTIALS: 1,
    Trouble.MISSING: 1,
    Trouble.INVALID: 1,
    Trouble.OTHER: 1,
}
"""Attempts in all for what time alone does not cure; everything else goes by the clock."""


@dataclass(slots=True)
class _Allowance:
    """How long failures of a kind may be waited out, and have been."""

    limit_s: float
    spent_s: float = 0.0


class Patience:
    """One effort's memory of its failures: waits after each, until it is not worth waiting any more.

    Throttling, which only says that others read, too, and everything else have each a time of their own. Each wait is
    counted to what was waited out: so neither takes time from the other, and both in turn end when one is used up.

    Parameters
    ----------
    what : str
        What is being asked, for the error: ``ListFragments of stream calls-1``.
    give_up_after_s : float
        Not longer than this, whatever the configuration allows, where a person waits.
    """

    def __init__(self, what: str, config: KvsConfig, timing: Timing, *, give_up_after_s: float = inf) -> None:
        self._what = what
        self._timing = timing
        self._throttling = _Allowance(min(config.throttle_give_up_after_s, give_up_after_s))
        self._failing = _Allowance(min(config.give_up_after_s, give_up_after_s))
        self.failures = 0
        self._by_trouble: dict[Trouble, int] = {}
        self._since_s = 0.0  # when the last failure came
        self._spending: _Allowance | None = None  # and whose time has passed since

    def bear(self, trouble: Trouble, error: Exception) -> None:
        """Wait after a failure.

        Raises
        ------
        KvsError
            If waiting longer is pointless: terminal at once, or for too long.
        """
        now = self._timing.monotonic()
        if self._spending is not None:
            self._spending.spent_s += now - self._since_s
        self._since_s = now
        self._spending = self._throttling if trouble is Trouble.THROTTLED else self._failing
        self._by_trouble[trouble] = self._by_trouble.get(trouble, 0) + 1
        attempts = _ATTEMPTS.get(trouble)
        exhausted = attempts is not None and self._by_trouble[trouble] >= attempts
        if exhausted or self._spending.spent_s >= self._spending.limit_s:
            raise explain(self._what, trouble, error) from error
        self._timing.sleep(self._timing.back_off(self.failures))
        self.failures += 1

    def refresh(self) -> None:
        """Forget the failures: an answer came."""
        self.failures = 0
        self._by_trouble.clear()
        self._spending = None
        self._throttling.spent_s = self._failing.spent_s = 0.0
