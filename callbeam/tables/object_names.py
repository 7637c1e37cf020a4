"""Where a job's files are: names that depend on the job alone, and its staging."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from callbeam.kvs import DAY_MS
from callbeam.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore

JOBS = "_jobs/"
"""Athena, Spark and duckdb's globs over tables all pass over what begins with an underscore."""

PIECES = "pieces"

RESULTS = "results"

_FINAL = re.compile(r"[^/]+/(dt=\d{4}-\d\d-\d\d|month=\d{4}-\d\d)/[^/]+-\d{5,}(\.[0-9a-f]{12})?\.parquet")


def job_prefix(job_id: str) -> str:
    """Return the prefix of what is kept about a job, and of its staging.

    Examples
    --------
    >>> job_prefix("1f")
    '_jobs/1f/'
    """
    return f"{JOBS}{job_id}/"


def manifest_key(job_id: str) -> str:
    """Return the key of a job's manifest."""
    return f"{job_prefix(job_id)}manifest.json"


def run_key(job_id: str) -> str:
    """Return the key of what the wall clock knows of a job's last run."""
    return f"{job_prefix(job_id)}run.json"


def claim_key(job_id: str) -> str:
    """Return the key of the claim that one submission holds while it publishes."""
    return f"{job_prefix(job_id)}publishing"


def jobs_with(store: ObjectStore, key_of: Callable[[str], str]) -> list[str]:
    """Return the jobs of which an object is kept, ``manifest_key`` or another of these being its name."""
    keys = (info.key for info in store.list(JOBS))
    named = ((key, key[len(JOBS) :].partition("/")[0]) for key in keys)
    return [job_id for key, job_id in named if key == key_of(job_id)]


def partition(job: Job) -> str:
    """Return the job's partition: the UTC date at which its range begins; the month of a compaction, which has one.

    Examples
    --------
    >>> from callbeam.kvs import HOUR_MS, Job
    >>> start_ms = 1_772_355_600_000  # 2026-03-01 09:00 UTC
    >>> end_ms = start_ms + HOUR_MS
    >>> partition(Job("1f", ("calls-*",), (), "111122223333", "us-east-1", start_ms, end_ms, as_of_ms=end_ms))
    'dt=2026-03-01'
    """
    start = datetime.fromtimestamp(job.start_ms / 1000, tz=timezone.utc)
    return f"dt={start:%Y-%m-%d}" if job.end_ms - job.start_ms <= DAY_MS else f"month={start:%Y-%m}"


def final_prefix(table: str, job: Job) -> str:
    """Return what the keys of a job's files in a table begin with."""
    return f"{table}/{partition(job)}/{job.job_id}-"


def final_key(table: str, job: Job, shard: int, sha256: str = "") -> str:
    """Return where a shard is published: the same for every run of the job.

    With a digest of what it holds, only what holds the same is put in its place.
    """
    content = f".{sha256[:12]}" if sha256 else ""
    return f"{final_prefix(table, job)}{shard:05d}{content}.parquet"


def job_in(key: str) -> str:
    """Return the job whose file a published file is.

    Examples
    --------
    >>> job_in("calls/dt=2026-03-01/1f-00012.parquet")
    '1f'
    """
    return key.rpartition("/")[2].rpartition("-")[0]


def is_final(key: str) -> bool:
    """Tell whether that is what a published file is called; others may keep files of their own beside the tables.

    Examples
    --------
    >>> is_final("calls/dt=2026-03-01/20260301T000000Z-0123456789ab-00012.parquet"), is_final("calls/mine.parquet")
    (True, False)
    """
    return _FINAL.fullmatch(key) is not None


def shard_in(key: str) -> int:
    """Return the number of the shard that a published file is.

    Examples
    --------
    >>> shard_in("calls/dt=2026-03-01/1f-00012.parquet"), shard_in("calls/month=2026-03/2e-00003.0f1e2d3c4b5a.parquet")
    (12, 3)
    """
    return int(key.rpartition("-")[2].partition(".")[0])


def staged_key(table: str, job: Job, attempt: str, shard: int) -> str:
    """Return where a submission stages a shard.

    Raises
    ------
    StorageError
        If the attempt's name could be taken for something else of the job's.
    """
    if not attempt or "/" in attempt or attempt in {PIECES, RESULTS}:
        raise StorageError(f"{attempt!r} cannot name an attempt")
    return f"{job_prefix(job.job_id)}{attempt}/{table}/{shard:05d}.parquet"


def pieces_prefix(job_id: str) -> str:
    """Return what the keys of pieces' rows begin with."""
    return f"{job_prefix(job_id)}{PIECES}/"


def piece_key(table: str, job: Job, name: str, sha256: str) -> str:
    """Return where a piece's rows of a heavy table are written: what the file holds is in its name.

    So no other attempt, whatever its options, can put other rows in its place.
    """
    return f"{pieces_prefix(job.job_id)}{table}/{name}-{sha256[:16]}.parquet"


def results_prefix(job_id: str) -> str:
    """Return what the keys of results begin with that are kept until the job is published."""
    return f"{job_prefix(job_id)}{RESULTS}/"
