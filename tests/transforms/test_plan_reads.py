"""Streams become lanes: however many workers list them, the same lanes in the same order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that
from builders.jobs import DAY_MS, DAY_START_MS, make_job, make_stream
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.emulator import Emulator
from callbeam.kvs import HOUR_MS, KvsClient, KvsConfig, Lane, Sought, listing_parts, plan_jobs, plan_lanes
from callbeam.transforms import PlanReads, plan_reads

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAMS = 7


@pytest.fixture(scope="module")
def kvs() -> Iterator[Emulator]:
    """Serve streams of different sizes, one of which is empty, and one of which expires soon."""
    with pytest.MonkeyPatch.context() as patch, Emulator() as emulator:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "example")
        for number in range(STREAMS):
            hours = 24 * 3650 if number != 4 else 24 * 400
            emulator.add_stream(f"calls-{number}", retention_hours=hours)
            for at in range(0 if number == 2 else 3 + 5 * number % 11):
                server_ms = DAY_START_MS + at * 7 * HOUR_MS // 5
                emulator.add_fragment(f"calls-{number}", b"x" * 90, server_ms=server_ms, producer_ms=None)
        yield emulator


@pytest.mark.parametrize("together", [1, 2, 3, 250])
@pytest.mark.parametrize("workers", [1, 3])
def test_parts_that_are_listed_apart_come_to_the_same_lanes(
    kvs: Emulator, together: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = KvsConfig(endpoint_url=kvs.endpoint_url, region="us-east-1")
    monkeypatch.setattr(plan_reads, "STREAMS_TOGETHER", together)
    now_ms = DAY_START_MS + 399 * DAY_MS + 12 * HOUR_MS
    [job] = plan_jobs(KvsClient(config), ["calls-*"], DAY_START_MS, DAY_START_MS + DAY_MS, now_ms)
    expected = plan_lanes(KvsClient(config), job)
    assert expected[0].stream.name == "calls-4"
    assert len(expected) == STREAMS - 1

    def same(lanes: list[Lane]) -> None:
        assert sorted(lanes, key=lambda lane: lane.stream.arn) == sorted(expected, key=lambda lane: lane.stream.arn)

    def ordered(shares: list[tuple[Lane, ...]]) -> None:
        assert sorted(len(share) for share in shares) == sorted(map(len, wanted))
        assert sorted(map(repr, shares)) == sorted(map(repr, wanted))

    slots = None if workers == 1 else workers
    wanted = list(plan_reads.ShareLanes(job, slots=slots).process([tuple(expected)]))
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        assert_that(pipeline | PlanReads(job, kvs=config), same)
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        parts = pipeline | beam.Create(listing_parts(job, together))
        listed = parts | beam.ParDo(plan_reads.ListStreams(kvs=config)) | plan_reads.Gather()
        assert_that(listed | beam.ParDo(plan_reads.ShareLanes(job, slots=slots)), ordered)


@settings(max_examples=50)
@given(st.integers(0, 9), st.integers(1, 10), st.sets(st.integers(0, 8)))
def test_each_stream_is_in_one_part_with_what_is_sought_on_it(streams: int, together: int, sought: set[int]) -> None:
    names = [make_stream(f"calls-{number}") for number in range(streams)]
    asked = [
        Sought(names[number].arn, f"c-{number}", "connect", 0, 60) for number in sorted(sought) if number < streams
    ]
    job = replace(make_job(streams=names), sought=tuple(asked))
    parts = listing_parts(job, together)
    assert [stream for part in parts for stream in part.streams] == names
    assert all(len(part.streams) <= together for part in parts)
    assert [one for part in parts for one in part.sought] == asked
    for part in parts:
        assert {one.stream_arn for one in part.sought} <= {stream.arn for stream in part.streams}
        assert (part.job_id, part.reach) == (job.job_id, job.reach)
