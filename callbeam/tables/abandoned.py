"""What attempts at a job have left that was then given up: staged files, and results kept for a next attempt."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from callbeam.kvs import DAY_MS
from callbeam.tables.object_names import JOBS

if TYPE_CHECKING:
    from callbeam.storage import ObjectInfo, ObjectStore

ABANDONED_MS = 14 * DAY_MS
"""How long after its last sign of life a job counts as given up."""


def remove_abandoned(store: ObjectStore, now_ms: int) -> None:
    """Remove what jobs have left that have written nothing for two weeks; their tables and manifests stay.

    Parameters
    ----------
    store : ObjectStore
    now_ms : int
        UTC milliseconds.

    Raises
    ------
    StorageError
        If storage gave up.
    """
    left: dict[str, list[ObjectInfo]] = defaultdict(list)
    for info in store.list(JOBS):
        job_id, _, rest = info.key.removeprefix(JOBS).partition("/")
        if "/" in rest:
            left[job_id].append(info)
    for some in left.values():
        if max(info.written_ms for info in some) < now_ms - ABANDONED_MS:
            store.delete([info.key for info in some])
