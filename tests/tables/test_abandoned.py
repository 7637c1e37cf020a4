"""What jobs left that were given up is removed after two weeks, and nothing else is."""

from __future__ import annotations

import time

from callbeam.storage import ObjectStore
from callbeam.tables import remove_abandoned
from callbeam.tables.abandoned import ABANDONED_MS

LEFT = ["_jobs/j/attempt/calls/00000.parquet", "_jobs/j/pieces/frames/x.parquet", "_jobs/j/results/k/s/piece-d"]
STAYING = ["_jobs/j/manifest.json", "_jobs/j/run.json", "calls/dt=2026-03-01/j-00000.parquet"]


def test_what_is_left_of_jobs_expires(store: ObjectStore) -> None:
    for key in (*LEFT, *STAYING):
        store.put(key, b"x")
    now_ms = round(time.time() * 1000)
    remove_abandoned(store, now_ms + ABANDONED_MS - 60_000)
    assert [info.key for info in store.list("")] == sorted([*LEFT, *STAYING])
    assert all(abs(info.written_ms - now_ms) < 60_000 for info in store.list(""))
    remove_abandoned(store, now_ms + ABANDONED_MS + 60_000)
    assert [info.key for info in store.list("")] == sorted(STAYING)
