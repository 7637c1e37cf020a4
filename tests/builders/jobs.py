"""Streams, legs and jobs: what tests name their inputs by."""

from __future__ import annotations

from collections.abc import Iterable

from callbeam.calls import CallIdentity, Leg
from callbeam.kvs import HOUR_MS, Job, Stream

DAY_MS = 24 * HOUR_MS
DAY_START_MS = 1_772_409_600_000
"""2026-03-02T00:00:00Z."""

ACCOUNT, REGION = "111122223333", "us-east-1"


def make_stream(name: str = "calls-1", created_ms: int = 1_700_000_000_000, retention_hours: int = 24) -> Stream:
    """Make a stream by name."""
    arn = f"arn:aws:kinesisvideo:{REGION}:{ACCOUNT}:stream/{name}/1700000000000"
    return Stream(arn, created_ms, retention_hours)


def make_leg(
    start_ms: int = 1_700_000_000_000,
    *,
    call_id: str = "c-1",
    source: str = "connect",
    stream: Stream | None = None,
    first_number: int = 0,
) -> Leg:
    """Make the leg of a call that begins at a server time."""
    return Leg(CallIdentity(call_id, source), stream or make_stream(), first_number, start_ms)


def make_job(
    start_ms: int = DAY_START_MS,
    end_ms: int = DAY_START_MS + DAY_MS,
    *,
    job_id: str = "job",
    sources: tuple[str, ...] = ("*",),
    streams: Iterable[Stream] = (),
    as_of_ms: int | None = None,
) -> Job:
    """Make a job over a range, planned a month after it unless told otherwise: no call of it is still going on."""
    as_of_ms = end_ms + 30 * DAY_MS if as_of_ms is None else as_of_ms
    return Job(job_id, sources, tuple(streams), ACCOUNT, REGION, start_ms, end_ms, as_of_ms)
