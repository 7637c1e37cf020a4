"""A store whose process is killed, and one that refuses a step."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from callbeam.storage import StorageError

if TYPE_CHECKING:
    from callbeam.storage import ObjectStore


class KilledProcessError(BaseException):
    """Stands for the end of a process: nothing catches it on its way."""


class _KilledStore:
    def __init__(self, store: ObjectStore, operations: int, *, is_refused: bool) -> None:
        self._store = store
        self._left = operations
        self._is_refused = is_refused
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._store, name)
        if name not in {"put", "copy", "delete"}:
            return operation

        def step(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                self._left -= 1
                if self._is_refused and self._left == -1:
                    raise StorageError("the disk is full")
                if not self._is_refused and self._left < 0:
                    raise KilledProcessError
            return operation(*args, **kwargs)

        return step


def killed_after(store: ObjectStore, operations: int) -> Any:
    """Return the store of a process that is killed after so many operations that change something."""
    return _KilledStore(store, operations, is_refused=False)


def refusing_after(store: ObjectStore, operations: int) -> Any:
    """Return a store that refuses one operation, the one after so many that change something."""
    return _KilledStore(store, operations, is_refused=True)
