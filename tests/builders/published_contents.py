"""Files of a job as a run stages them and as tables have them; what is in them does not matter."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any

from callbeam.tables import Manifest, Outcome, PublishConfig, StagedFile, load_manifest, publish
from callbeam.tables.object_names import final_key, manifest_key, piece_key, staged_key

if TYPE_CHECKING:
    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore

Content = dict[tuple[str, "int | str"], bytes]
"""A run's files: by table and shard, or by table and piece's name."""

OLD: Content = {
    ("calls", 0): b"old calls",
    ("seconds", 0): b"the same seconds",
    ("seconds", 1): b"seconds no longer there",
    ("frames", "x-00000"): b"old frames",
    ("frames", "x-00001"): b"frames no longer there",
}
NEW: Content = {
    ("calls", 0): b"new calls",
    ("seconds", 0): b"the same seconds",
    ("windows", 0): b"new windows",
    ("frames", "x-00000"): b"new frames, longer",
}
OTHERS = {
    "calls/dt=2026-03-01/another-00000.parquet": b"another job's",
    "calls/dt=2026-03-02/another-00000.parquet": b"another job's",
    "_jobs/another/manifest.json": b"another job's",
    "_jobs/another/attempt/calls/00000.parquet": b"another job's",
}


class KilledError(Exception):
    """Stands for the end of a process."""


class Limited:
    """A store that does so many operations, from any thread; ``hit`` tells whether it was asked for more."""

    def __init__(self, store: ObjectStore, operations: int) -> None:
        self._store = store
        self._left = operations
        self._lock = threading.Lock()
        self.hit = False


class Killed(Limited):
    """A store whose process is killed after so many operations; nothing comes after that."""

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._store, name)
        if name == "describe":
            return operation

        def run(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                if self._left == 0:
                    self.hit = True
                    raise KilledError
                self._left -= 1
            return list(operation(*args)) if name == "list" else operation(*args, **kwargs)

        return run


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def stage(store: ObjectStore, job: Job, attempt: str, content: Content) -> list[StagedFile]:
    staged = []
    for (table, place), data in content.items():
        shard = place if isinstance(place, int) else None
        piece = isinstance(place, str)
        key = piece_key(table, job, place, sha256(data)) if piece else staged_key(table, job, attempt, place)
        store.put(key, data)
        staged.append(StagedFile(key, table, shard, 1, len(data), sha256(data)))
    return staged


def config_of(attempt: str, **flags: bool) -> PublishConfig:
    return PublishConfig(attempt=attempt, options_sha256="0f", versions={"callbeam": "0.1.0"}, **flags)


def run(
    store: ObjectStore, job: Job, attempt: str, content: Content, *, killed_after: int = -1, **flags: bool
) -> Manifest:
    staged = stage(store, job, attempt, content)
    killed: Any = Killed(store, killed_after)
    return publish(killed, job, staged, Outcome(), config_of(attempt, **flags))


def tables_of(job: Job, content: Content) -> dict[str, bytes]:
    """Name a run's files as they are to be in the tables."""
    files = {}
    for table in {table for table, _ in content}:
        places = sorted((place for name, place in content if name == table), key=str)
        for shard, place in enumerate(places):
            files[final_key(table, job, shard)] = content[table, place]
    return files


def everything(store: ObjectStore) -> dict[str, bytes | None]:
    return {info.key: store.get(info.key) for info in store.list("")}


def assert_published(store: ObjectStore, job: Job, content: Content) -> None:
    """Assert that tables, manifest and nothing else are there."""
    manifest = load_manifest(store, job.job_id)
    assert manifest is not None
    wanted = tables_of(job, content)
    assert {entry.key: entry.sha256 for entry in manifest.files} == {key: sha256(data) for key, data in wanted.items()}
    found = everything(store)
    others = {key: data for key, data in OTHERS.items() if key in found}
    assert found == {**wanted, **others, manifest_key(job.job_id): manifest.to_json()}
