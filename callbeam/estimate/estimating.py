"""What jobs take: time, workers, memory, bytes and dollars, from their lanes and from measured costs of work."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.estimate.measured import (
    CALL_MINUTES,
    KEPT_OBJECTS,
    LISTED_A_SECOND,
    LOCAL_MB,
    SHUFFLED_BYTES,
    START_S,
    TIMES_REAL_TIME,
    WORKER_MB,
)
from callbeam.estimate.plan_totals import Plan, summarise
from callbeam.estimate.prices import MEMORY_GB_HOUR, S3_GB_MONTH, S3_PUT, VCPU_HOUR, WORKER_GB
from callbeam.estimate.service_quotas import (
    CONTROL_CALLS_S,
    MEDIA_FRAGMENTS_S,
    METADATA_FRAGMENTS_S,
    STREAM_BYTES_S,
)
from callbeam.kvs import PAGE_FRAGMENTS, STREAMS_TOGETHER, KvsConfig, shares_of
from callbeam.tables import shard_count, table_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.kvs import Lane

HOUR_S = 3600
TABLES_WRITTEN = (
    "calls",
    "channels",
    "utterances",
    "events",
    "phases",
    "sentiment_inputs",
    "seconds",
    "windows",
    "fragments",
    "jobs",
)
"""Those that a job writes unasked, and where nothing fails."""

PUTS_OF_A_FILE = 3
"""A file is staged, copied into its table, and listed with others when staging is removed."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What jobs take, run one after the other.

    Attributes
    ----------
    plan : Plan
        Of all jobs.
    jobs, lanes : int
    finish_s : float
        In which all is to be done.
    workers : int
        Of one core each, so that it is; as many as have work if it cannot be.
    elapsed_s : float
        With so many workers.
    listing_s : float
        Of it, until all streams are listed, and their lanes shared out.
    longest_s : float
        What the longest lane takes: a core reads and analyses it, at its stream's pace.
    cpu_s : float
    local_mb : int
        The local runner, one worker, in the largest job; workers elsewhere take ``measured.WORKER_MB`` each.
    shuffled_bytes, table_bytes, files : int
    media_share, bandwidth_share : float
        Of a stream's quota of fragments and of its bandwidth, at the pace asked for.
    pages_s, control_s : float
        In which quotas allow the most pages of a stream's listing, and to describe all streams or ask for endpoints.
    compute_dollars, puts_dollars, month_dollars : float
        Cores and memory; requests to S3; the tables kept for a month.
    """

    plan: Plan
    jobs: int
    lanes: int
    finish_s: float
    workers: int
    elapsed_s: float
    listing_s: float
    longest_s: float
    cpu_s: float
    local_mb: int
    shuffled_bytes: int
    table_bytes: int
    files: int
    media_share: float
    bandwidth_share: float
    pages_s: float
    control_s: float
    compute_dollars: float
    puts_dollars: float
    month_dollars: float


def estimate(jobs: Sequence[Sequence[Lane]], finish_s: float, config: KvsConfig | None = None) -> Estimate:
    """Estimate what jobs take.

    Parameters
    ----------
    jobs : sequence of sequence of Lane
        The lanes of each.
    finish_s : float
        In how many seconds all of them are to be done, one after the other.
    config : KvsConfig, optional
        Whose pace and batches count.

    Returns
    -------
    Estimate

    Examples
    --------
    >>> from callbeam.kvs import HOUR_MS, Lane, Stream, Unit
    >>> hours = tuple(Unit(at * HOUR_MS, (at + 1) * HOUR_MS, 3_516, 121_000_000, HOUR_MS) for at in range(10))
    >>> lane = Lane(Stream("arn:aws:kinesisvideo:us-east-1:111122223333:stream/calls-1/0", 0, 24), hours, 0)
    >>> found = estimate([[lane]], 3_600)
    >>> found.workers, found.longest_s < found.elapsed_s < 3_600
    (1, True)
    """
    config = config or KvsConfig()
    every = [lane for lanes in jobs for lane in lanes]
    plan = summarise(every, config)
    works = [_Work(lanes, config) for lanes in jobs]
    workers = _workers(works, finish_s)
    media = [sum(lane.bytes for lane in lanes) for lanes in jobs]
    written = sum(table_bytes(name, size) for name in TABLES_WRITTEN for size in media)
    files = sum(shard_count(name, size) for name in TABLES_WRITTEN for size in media)
    calls = plan.hours * 60 / CALL_MINUTES
    cpu_s = sum(work.cpu_s for work in works)
    elapsed_s = sum(work.elapsed_s(workers) for work in works)
    fragment_bytes = plan.bytes / plan.fragments if plan.fragments else 0.0
    pace = config.fragments_per_second or MEDIA_FRAGMENTS_S
    calls_of_control = max(plan.api_calls[name] for name in ("DescribeStream", "GetDataEndpoint"))
    return Estimate(
        plan=plan,
        jobs=len(jobs),
        lanes=len(every),
        finish_s=finish_s,
        workers=workers,
        elapsed_s=elapsed_s,
        listing_s=sum(work.listing_s(workers) for work in works),
        longest_s=max((work.longest_s for work in works), default=0.0),
        cpu_s=cpu_s,
        local_mb=round(LOCAL_MB[0] + LOCAL_MB[1] * max((work.hours for work in works), default=0.0)),
        shuffled_bytes=round(SHUFFLED_BYTES * plan.hours),
        table_bytes=written,
        files=files,
        media_share=pace / MEDIA_FRAGMENTS_S,
        bandwidth_share=pace * fragment_bytes / STREAM_BYTES_S,
        pages_s=max((work.pages for work in works), default=0) * PAGE_FRAGMENTS / METADATA_FRAGMENTS_S,
        control_s=calls_of_control / CONTROL_CALLS_S,
        compute_dollars=workers * elapsed_s / HOUR_S * (VCPU_HOUR + WORKER_GB * MEMORY_GB_HOUR),
        puts_dollars=(PUTS_OF_A_FILE * files + KEPT_OBJECTS * calls) * S3_PUT,
        month_dollars=written / 1e9 * S3_GB_MONTH,
    )


class _Work:
    """One job's lanes, by the seconds that a core takes for each."""

    def __init__(self, lanes: Sequence[Lane], config: KvsConfig) -> None:
        self._lanes = lanes
        self._seconds = {lane.stream.arn: _lane_s(lane, config) for lane in lanes}
        fragments = sum(unit.count for lane in lanes for unit in lane.units)
        self.hours = sum(_hours(lane) for lane in lanes)
        self._parts = max(1, math.ceil(len(lanes) / STREAMS_TOGETHER))
        self._part_s = fragments / LISTED_A_SECOND / self._parts
        self.cpu_s = START_S + self.hours * HOUR_S / TIMES_REAL_TIME
        pages = (summarise([lane], config).api_calls["ListFragments"] for lane in lanes)
        self.pages = max(pages, default=0)
        self.longest_s = max(self._seconds.values(), default=0.0)

    @property
    def size(self) -> int:
        """How many workers have work."""
        return len(self._lanes)

    def listing_s(self, workers: int) -> float:
        """Return how long streams are listed, ``STREAMS_TOGETHER`` at a time by each worker."""
        return math.ceil(self._parts / workers) * self._part_s

    def elapsed_s(self, workers: int) -> float:
        """Return how long it takes: all is listed, then read, the largest lanes first."""
        shares = shares_of(self._lanes, workers)
        reading_s = max((sum(self._seconds[lane.stream.arn] for lane in share) for share in shares), default=0.0)
        return START_S + self.listing_s(workers) + reading_s


def _hours(lane: Lane) -> float:
    return sum(unit.length_ms for unit in lane.units) / (HOUR_S * 1000)


def _lane_s(lane: Lane, config: KvsConfig) -> float:
    """Return how long one core takes for a lane, at the pace of its stream."""
    work_s = _hours(lane) * HOUR_S / TIMES_REAL_TIME
    if not config.fragments_per_second:
        return work_s
    return max(work_s, sum(unit.count for unit in lane.units) / config.fragments_per_second)


def _workers(works: Sequence[_Work], finish_s: float) -> int:
    """Return the fewest workers that are done in time; if none are, the fewest of those that end first."""
    most = max((work.size for work in works), default=0)
    if not most:
        return 1

    def elapsed_s(workers: int) -> float:
        return sum(work.elapsed_s(workers) for work in works)

    target_s = max(finish_s, elapsed_s(most))
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if elapsed_s(middle) <= target_s else (middle + 1, high)
    return low


def figures(found: Estimate) -> Iterator[tuple[str, str]]:
    """Put an estimate in words: what, and how much."""
    plan = found.plan
    yield "lanes", f"{found.lanes:,}"
    yield "fragments", f"{plan.fragments:,}"
    for name, count in plan.api_calls.items():
        yield f"calls of {name}, about", f"{count:,}"
    yield "the account's quota allows the first two, each, in", duration(found.control_s)
    yield "a stream's quota of pages allows the most of them in", duration(found.pages_s)
    shares = f"{found.media_share:.0%} of fragments, {found.bandwidth_share:.0%} of bytes"
    yield "a stream's quotas of media, at the pace", shares
    yield "media read from KVS", size(plan.bytes)
    yield "shuffled, about", size(found.shuffled_bytes)
    yield "tables", f"{size(found.table_bytes)} in {found.files:,} files"
    yield "work of one core", duration(found.cpu_s)
    yield "the longest lane takes", duration(found.longest_s)
    late = ", and no more would be in time" if found.elapsed_s > found.finish_s else ""
    yield f"workers of one core, to be done in {duration(found.finish_s)}", f"{found.workers:,}{late}"
    yield "they take", duration(found.elapsed_s)
    yield "of it, until all streams are listed", duration(found.listing_s)
    yield "memory of a worker", size(WORKER_MB * 1_000_000)
    yield "memory of the local runner, all in one process", size(found.local_mb * 1_000_000)
    yield "KVS charges for reading", dollars(plan.dollars)
    yield "workers cost", dollars(found.compute_dollars)
    yield "requests to S3", dollars(found.puts_dollars)
    yield "tables kept for a month", dollars(found.month_dollars)


def duration(seconds: float) -> str:
    """Write a duration.

    Examples
    --------
    >>> [duration(seconds) for seconds in (0.2, 95, 4_000, 500_000)]
    ['under 1 s', '95 s', '67 min', '138.9 h']
    """
    if seconds < 1:
        return "under 1 s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * HOUR_S else f"{seconds / HOUR_S:,.1f} h"


def size(count: float) -> str:
    """Write a number of bytes.

    Examples
    --------
    >>> [size(count) for count in (2_000, 121_000_000, 3e9, 1.2e13)]
    ['0.00 MB', '121 MB', '3.0 GB', '12.0 TB']
    """
    if count < 1e9:
        return f"{count / 1e6:.0f} MB" if count >= 1e7 else f"{count / 1e6:.2f} MB"
    return f"{count / 1e9:.1f} GB" if count < 1e12 else f"{count / 1e12:.1f} TB"


def dollars(amount: float) -> str:
    """Write an amount of money.

    Examples
    --------
    >>> [dollars(amount) for amount in (0.001, 12.3456, 1234.5)]
    ['less than a cent', '$12.35', '$1,234.50']
    """
    return f"${amount:,.2f}" if amount >= 0.01 else "less than a cent"
