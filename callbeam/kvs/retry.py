"""How long a failing call is asked again, and how soon."""

from __future__ import annotations

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


class Patience:
    """One effort's memory of its failures: waits after each, until it is not worth waiting any more.

    Parameters
    ----------
    what : str
        What is being asked, for the error: ``ListFragments of stream calls-1``.
    give_up_after_s : float or None
        Overrides the configuration's, for what a person waits for.
    """

    def __init__(self, what: str, config: KvsConfig, timing: Timing, *, give_up_after_s: float | None = None) -> None:
        self._what = what
        self._timing = timing
        self._throttle_limit_s = config.throttle_give_up_after_s
        self._limit_s = config.give_up_after_s if give_up_after_s is None else give_up_after_s
        self.failures = 0
        self._since_s = 0.0
        self._by_trouble: dict[Trouble, int] = {}

    def bear(self, trouble: Trouble, error: Exception) -> None:
        """Wait after a failure.

        Raises
        ------
        KvsError
            If waiting longer is pointless: terminal at once, or for too long.
        """
        now = self._timing.monotonic()
        if self.failures == 0:
            self._since_s = now
        self._by_trouble[trouble] = self._by_trouble.get(trouble, 0) + 1
        limit_s = self._throttle_limit_s if trouble is Trouble.THROTTLED else self._limit_s
        attempts = _ATTEMPTS.get(trouble)
        exhausted = attempts is not None and self._by_trouble[trouble] >= attempts
        if exhausted or now - self._since_s >= limit_s:
            raise explain(self._what, trouble, error) from error
        self._timing.sleep(self._timing.back_off(self.failures))
        self.failures += 1

    def refresh(self) -> None:
        """Forget the failures: an answer came."""
        self.failures = 0
        self._by_trouble.clear()
