"""The gap between the first copy and the manifest, in which a reader of all files sees old ones and new ones of a job.

A job is published twice with other rows, and each step is timed: into a folder, or onto S3 with the SDK's own
credentials (``--output s3://bucket/prefix``, AWS_ENDPOINT_URL_S3 for a server of your own). ``--latency-ms`` has every
request take so much longer, as S3 would.
Run it with ``python benchmarks/bench_publish_gap.py``.
"""

from __future__ import annotations

import argparse
import hashlib
import secrets
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any

from callbeam.kvs import Job
from callbeam.storage import ObjectStore, StorageConfig, open_store
from callbeam.tables import Outcome, PublishConfig, StagedFile, publish
from callbeam.tables.object_names import staged_key

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES = ("calls", "channels", "utterances", "events", "phases", "sentiment_inputs", "seconds", "windows", "fragments")
FILES_A_TABLE = (1, 8, 64)
FILE_BYTES = 300_000
START_MS, END_MS = 1_772_409_600_000, 1_772_496_000_000


class Timed:
    """A store that notes when its steps were done, and may be slower than it is."""

    def __init__(self, store: ObjectStore, latency_s: float) -> None:
        self._store = store
        self._latency_s = latency_s
        self._lock = threading.Lock()
        self.steps: list[tuple[str, str, float]] = []

    def __getattr__(self, name: str) -> Any:
        step: Callable[..., Any] = getattr(self._store, name)
        if name == "describe":
            return step

        def run(*words: Any, **options: Any) -> Any:
            time.sleep(self._latency_s)
            result = list(step(*words)) if name == "list" else step(*words, **options)
            with self._lock:
                self.steps.append((name, str(words[-1]), time.monotonic()))
            return result

        return run


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", help="a folder or s3://bucket/prefix (default: a temporary folder)")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    options = parser.parse_args()
    print("| files | requests | gap s | publishing s |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="callbeam-bench-") as folder:
        store = open_store(StorageConfig(options.output or folder))
        for files in FILES_A_TABLE:
            measure(store, files, options.latency_ms / 1000)


def measure(store: ObjectStore, files: int, latency_s: float) -> None:
    """Publish a job, and again with other rows; print a line about the second time."""
    job = Job(secrets.token_hex(8), ("*",), (), "111122223333", "us-east-1", START_MS, END_MS, END_MS)
    before, after = (PublishConfig(attempt=attempt, options_sha256="") for attempt in ("before", "after"))
    publish(store, job, stage(store, job, before.attempt, files), Outcome(), before)
    staged = stage(store, job, after.attempt, files)
    timed = Timed(store, latency_s)
    begun = time.monotonic()
    publish(timed, job, staged, Outcome(), after)
    ended = time.monotonic()
    copied = min(at for step, _, at in timed.steps if step == "copy")
    manifest = next(at for step, _, at in timed.steps[::-1] if step == "put")
    print(f"| {len(staged)} | {len(timed.steps)} | {manifest - copied:.2f} | {ended - begun:.2f} |", flush=True)
    store.delete([info.key for info in store.list("") if job.job_id in info.key])


def stage(store: ObjectStore, job: Job, attempt: str, files: int) -> list[StagedFile]:
    """Stage so many files of noise of each table."""
    staged = []
    for table in TABLES:
        for shard in range(files):
            content = secrets.token_bytes(FILE_BYTES)
            key = staged_key(table, job, attempt, shard)
            store.put(key, content)
            staged.append(StagedFile(key, table, shard, 1, len(content), hashlib.sha256(content).hexdigest()))
    return staged


if __name__ == "__main__":
    main()
