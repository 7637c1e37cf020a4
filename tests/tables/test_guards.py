"""Jobs that would double rows are refused before they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders.stores import make_day_job

from callbeam.errors import UsageError
from callbeam.tables import Outcome, PublishConfig, load_manifests, publish, refuse_overlap

if TYPE_CHECKING:
    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_772_323_200_000


@pytest.fixture
def published(store: ObjectStore) -> Job:
    job = make_day_job("first", start_ms=START_MS, end_ms=START_MS + DAY_MS)
    publish(store, job, [], Outcome(), PublishConfig(attempt="a", options_sha256="0f"))
    return job


@pytest.mark.parametrize(
    ("begin_ms", "end_ms"), [(-HOUR_MS, 1), (0, DAY_MS), (HOUR_MS, 2 * HOUR_MS), (DAY_MS - 1, 2 * DAY_MS)]
)
def test_a_range_that_overlaps_on_a_stream_is_refused(
    store: ObjectStore, published: Job, begin_ms: int, end_ms: int
) -> None:
    job = make_day_job("second", start_ms=START_MS + begin_ms, end_ms=START_MS + end_ms)
    with pytest.raises(UsageError, match=r"^job first \(calls-1\*; 2026-03-01T00:00:00.* --allow-overlap$"):
        refuse_overlap(store, job)
    refuse_overlap(store, job, allow_overlap=True)
    with pytest.raises(UsageError):
        refuse_overlap(store, job, manifests=load_manifests(store))
    refuse_overlap(store, job, manifests=[])


@pytest.mark.parametrize(
    ("job_id", "begin_ms", "end_ms", "stream"),
    [
        ("first", 0, DAY_MS, "calls-1"),
        ("second", -DAY_MS, 0, "calls-1"),
        ("second", DAY_MS, 2 * DAY_MS, "calls-1"),
        ("second", 0, DAY_MS, "calls-2"),
    ],
)
def test_others_are_let_through(
    store: ObjectStore, published: Job, job_id: str, begin_ms: int, end_ms: int, stream: str
) -> None:
    job = make_day_job(job_id, start_ms=START_MS + begin_ms, end_ms=START_MS + end_ms, stream=stream)
    refuse_overlap(store, job)
