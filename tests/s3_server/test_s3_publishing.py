"""Submissions that publish at the same time on a real S3 server: no file of one among those of another."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from builders.stores import make_day_job

from callbeam.errors import JobError, UsageError
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import (
    Outcome,
    PublishConfig,
    StagedFile,
    load_manifest,
    load_manifests,
    publish,
    refuse_claimed,
    refuse_overlap,
)
from callbeam.tables.object_names import claim_key, staged_key

if TYPE_CHECKING:
    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore
    from callbeam.tables import Manifest

SHARDS = 12
ROUNDS = 4


def stage(store: ObjectStore, job: Job, attempt: str) -> list[StagedFile]:
    """Stage files of a submission, each of which tells whose it is."""
    staged = []
    for shard in range(SHARDS):
        content = f"{attempt} {shard} ".encode() * 1000
        key = staged_key("seconds", job, attempt, shard)
        store.put(key, content)
        staged.append(StagedFile(key, "seconds", shard, 1, len(content), hashlib.sha256(content).hexdigest()))
    return staged


def publish_as(store: ObjectStore, job: Job, attempt: str, decoded: int = 10, **flags: bool) -> Manifest:
    staged = stage(store, job, attempt)
    config = PublishConfig(attempt=attempt, options_sha256="0f", **flags)
    return publish(store, job, staged, Outcome(by_status={"decoded": decoded}), config)


def assert_whole(store: ObjectStore, job: Job, attempt: str) -> None:
    """Assert that a job's tables are one submission's, as the manifest says."""
    manifest = load_manifest(store, job.job_id)
    assert manifest is not None
    keys = {info.key for info in store.list("seconds/") if job.job_id in info.key}
    assert keys == {entry.key for entry in manifest.files}
    assert len(keys) == SHARDS
    for entry in manifest.files:
        content = store.get(entry.key)
        assert content is not None
        assert content.split()[0].decode() == attempt
        assert hashlib.sha256(content).hexdigest() == entry.sha256


def test_of_two_submissions_of_a_job_one_publishes(place: str) -> None:
    for turn in range(ROUNDS):
        job = make_day_job(f"{turn:016x}")
        barrier = threading.Barrier(2)

        def submit(attempt: str, job: Job = job, barrier: threading.Barrier = barrier) -> str:
            store = open_store(StorageConfig(place))
            barrier.wait()
            try:
                publish_as(store, job, attempt)
            except JobError as error:
                return str(error)
            return "published"

        with ThreadPoolExecutor(2) as pool:
            told = dict(zip("ab", pool.map(submit, "ab"), strict=True))
        store = open_store(StorageConfig(place))
        won = [attempt for attempt, text in told.items() if text == "published"]
        lost = [text for text in told.values() if text != "published"]
        # The one may end before the other begins to publish: then both have, one after the other.
        assert won
        for text in lost:
            assert (
                f"job {job.job_id} is being published by submission {won[0]}" in text
                or (f"another submission of job {job.job_id} has published or replaced it meanwhile; run the job again")
                in text
            )
        manifest = load_manifest(store, job.job_id)
        assert manifest is not None
        last = won[0] if len(won) == 1 else _whose(store, manifest)
        assert_whole(store, job, last)
        assert store.get(claim_key(job.job_id)) is None


def _whose(store: ObjectStore, manifest: Manifest) -> str:
    return (store.get(manifest.files[0].key) or b"").split()[0].decode()


def test_jobs_publish_beside_each_other(place: str) -> None:
    jobs = [make_day_job(f"{number:016x}", stream=f"calls-{number}") for number in range(4)]

    def submit(job: Job) -> Manifest:
        return publish_as(open_store(StorageConfig(place)), job, f"of-{job.job_id}")

    with ThreadPoolExecutor(len(jobs)) as pool:
        manifests = list(pool.map(submit, jobs))
    store = open_store(StorageConfig(place))
    assert load_manifests(store) == manifests
    for job in jobs:
        assert_whole(store, job, f"of-{job.job_id}")
    assert {info.key.split("/")[2] for info in store.list("_jobs/")} == {"manifest.json"}


def test_a_submission_that_died_is_told_of_and_taken_over(lake: ObjectStore, job: Job) -> None:
    lake.put(claim_key(job.job_id), b'{"attempt": "dead"}\n')
    with pytest.raises(JobError, match=r"is being published by submission dead.* complete the job with --take-over"):
        refuse_claimed(lake, job)
    with pytest.raises(JobError, match="submission dead"):
        publish_as(lake, job, "b")
    publish_as(lake, job, "c", take_over=True)
    assert_whole(lake, job, "c")


def test_less_than_is_there_is_refused(lake: ObjectStore, job: Job) -> None:
    publish_as(lake, job, "more", decoded=10)
    with pytest.raises(JobError, match=r"decoded 9 fragments, the one in the tables 10; .* --allow-fewer replaces"):
        publish_as(lake, job, "less", decoded=9)
    assert_whole(lake, job, "more")
    publish_as(lake, job, "less", decoded=9, allow_fewer=True)
    assert_whole(lake, job, "less")


def test_a_job_that_overlaps_another_is_refused(lake: ObjectStore, job: Job) -> None:
    publish_as(lake, job, "a")
    other = make_day_job("fedcba9876543210", start_ms=job.start_ms + 3_600_000)
    with pytest.raises(UsageError, match=rf"job {job.job_id} .* has already published .* or --allow-overlap$"):
        refuse_overlap(lake, other)
    refuse_overlap(lake, other, allow_overlap=True)
    refuse_overlap(lake, job)
