"""Where a stream's data APIs are served: asked of GetDataEndpoint, remembered, forgotten when in doubt."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from callbeam.kvs.timing import Timing

MAX_AGE_S = 45 * 60.0
"""Renewed at the latest after this: how long a media session lives on the service's side."""


class DataEndpoints:
    """Endpoint URLs by (stream ARN, API). GetDataEndpoint allows 5 calls a second per stream, so answers are kept.

    Parameters
    ----------
    ask : callable
        Takes a stream's ARN and the API's name as GetDataEndpoint spells it, returns the URL.
    """

    def __init__(self, ask: Callable[[str, str], str], timing: Timing) -> None:
        self._ask = ask
        self._timing = timing
        self._known: dict[tuple[str, str], tuple[str, float]] = {}
        self._lock = threading.Lock()

    def get(self, stream_arn: str, api: str) -> str:
        """Return the URL for a stream and API, asking only when none younger than 45 min is known."""
        key = (stream_arn, api)
        now = self._timing.monotonic()
        with self._lock:
            url, asked_at = self._known.get(key, ("", float("-inf")))
        if now - asked_at >= MAX_AGE_S:
            url = self._ask(stream_arn, api)
            with self._lock:
                self._known[key] = (url, now)
        return url

    def forget(self, stream_arn: str, api: str) -> None:
        """Ask again the next time."""
        with self._lock:
            self._known.pop((stream_arn, api), None)
