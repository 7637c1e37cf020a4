"""A store whose process is killed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from callbeam.storage import ObjectStore


class KilledProcessError(BaseException):
    """Stands for the end of a process: nothing catches it on its way."""


class _KilledStore:
    def __init__(self, store: ObjectStore, operations: int) -> None:
        self._store = store
        self._left = operations
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._store, name)
        if name not in {"put", "copy", "delete"}:
            return operation

        def step(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                if self._left <= 0:
                    raise KilledProcessError
                self._left -= 1
            return operation(*args, **kwargs)

        return step


def killed_after(store: ObjectStore, operations: int) -> Any:
    """Return the store of a process that is killed after so many operations that change something."""
    return _KilledStore(store, operations)
