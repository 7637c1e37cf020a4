"""Claims: who is publishing a job, so that two submissions of it are kept apart."""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from callbeam.errors import JobError
from callbeam.storage import StorageError, UnreachableError
from callbeam.tables.object_names import claim_key, jobs_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore


def claim(store: ObjectStore, job_id: str, attempt: str) -> bool:
    """Claim a job for an attempt; False if there is a claim."""
    return store.put(claim_key(job_id), _content(attempt), if_absent=True)


def take(store: ObjectStore, job_id: str, attempt: str) -> None:
    """Take a job over, whoever holds it."""
    store.put(claim_key(job_id), _content(attempt))


def holder(store: ObjectStore, job_id: str) -> str | None:
    """Return the attempt that holds the claim; None if nobody or somebody illegible does."""
    content = store.get(claim_key(job_id))
    try:
        return str(json.loads(content)["attempt"]) if content is not None else None
    except (ValueError, KeyError, TypeError):
        return None


def claimed_jobs(store: ObjectStore) -> set[str]:
    """Return the jobs that somebody holds."""
    return set(jobs_with(store, claim_key))


def release(store: ObjectStore, job_id: str) -> None:
    """Give a claim up."""
    store.delete([claim_key(job_id)])


@contextmanager
def released_if_refused(store: ObjectStore, job_id: str, attempt: str) -> Iterator[None]:
    """Give the claim up where storage refuses a step: nobody publishes any more, so the same command may complete it.

    Storage that does not answer would not take that either.
    """
    try:
        yield
    except UnreachableError:
        raise
    except StorageError:
        with suppress(StorageError):
            if holder(store, job_id) == attempt:
                release(store, job_id)
        raise


def check_claim(store: ObjectStore, job_id: str, attempt: str) -> None:
    """Stop where another submission has taken over: what follows would undo its work."""
    other = holder(store, job_id)
    if other != attempt:
        raise JobError(f"submission {other or 'unknown'} has taken job {job_id} over; this one has stopped")


def refuse_claimed(store: ObjectStore, job: Job, *, take_over: bool = False) -> None:
    """Refuse a job that another submission has begun to publish: better before it is read than after.

    Raises
    ------
    JobError
        If there is a claim, unless it is to be taken over.
    """
    if not take_over and store.get(claim_key(job.job_id)) is not None:
        raise claimed(job.job_id, holder(store, job.job_id))


def claimed(job_id: str, by: str | None) -> JobError:
    """Return what is raised about a job that somebody else holds."""
    return JobError(
        f"job {job_id} is being published by submission {by or 'unknown'}, or was when that one stopped: "
        "wait for it, or if it runs no longer, complete the job with --take-over"
    )


def _content(attempt: str) -> bytes:
    return json.dumps({"attempt": attempt}).encode() + b"\n"
