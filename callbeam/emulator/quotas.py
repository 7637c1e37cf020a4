"""KVS's limits per stream: calls and points in token buckets, connections by count."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from callbeam.emulator.error_responses import client_limit, connection_limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.emulator.config import OversizeCall


class _Bucket:
    """Holds one second's worth; what is taken flows back at the same pace."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._level = float(per_second)
        self._at = time.monotonic()

    def take(self, cost: int, oversize_call: OversizeCall) -> bool:
        now = time.monotonic()
        self._level = min(self._per_second, self._level + (now - self._at) * self._per_second)
        self._at = now
        # a call dearer than a full bucket is admitted to a full one and leaves a debt, or is never admitted
        needed = min(cost, self._per_second) if oversize_call == "debt" else cost
        if self._level < needed:
            return False
        self._level -= cost
        return True


class QuotaKeeper:
    """Counts what the callers of each stream use."""

    def __init__(self, oversize_call: OversizeCall) -> None:
        self._oversize_call = oversize_call
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._open: dict[tuple[str, str], int] = {}

    def take(self, name: str, stream: str, cost: int, per_second: int | None) -> None:
        """Take ``cost`` from a stream's bucket of this name.

        Raises
        ------
        ServiceError
            ClientLimitExceededException: the bucket does not hold so much.
        """
        if per_second is None:
            return
        with self._lock:
            bucket = self._buckets.setdefault((name, stream), _Bucket(per_second))
            if not bucket.take(cost, self._oversize_call):
                raise client_limit(f"Rate exceeded: {name} of stream {stream} allows {per_second} per second")

    @contextmanager
    def connection(self, name: str, stream: str, limit: int | None) -> Iterator[None]:
        """Hold one of a stream's connections while the block runs.

        Raises
        ------
        ServiceError
            ConnectionLimitExceededException: all are in use.
        """
        key = (name, stream)
        with self._lock:
            used = self._open.get(key, 0)
            if limit is not None and used >= limit:
                raise connection_limit(f"Stream {stream} allows {limit} connections of {name}")
            self._open[key] = used + 1
        try:
            yield
        finally:
            with self._lock:
                self._open[key] -= 1
