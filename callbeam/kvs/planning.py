"""Jobs, lanes and units: what is to be read, known from metadata alone."""

from __future__ import annotations

import hashlib
import json
from array import array
from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from heapq import heappop, heappush
from itertools import zip_longest
from typing import TYPE_CHECKING

from callbeam.errors import UsageError
from callbeam.kvs.lanes import HOUR_MS, LEG_SKEW_MS, CallFilter, Job, Lane, Sought, Stream, Stretch, Unit
from callbeam.kvs.service_errors import KvsError
from callbeam.kvs.stretches import listed_ranges, located, stretches_of, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from callbeam.kvs.client import KvsClient
    from callbeam.kvs.fragments import FragmentSource, ListedFragment

DAY_MS = 24 * HOUR_MS
MAX_RETENTION_MS = 87_600 * HOUR_MS
"""The longest retention that a stream can have."""

LIST_STEP_MS = 12 * HOUR_MS + 2 * LEG_SKEW_MS
"""Listed at a time, so that a day of a busy stream is never held in memory as a whole: half of it, and its margins."""

STREAMS_TOGETHER = 250
"""Streams that one worker lists, of a job with more; a job with fewer is listed by one."""

MAX_FRAGMENT_MS = 20_000
"""KVS's longest fragment; stands in for a fragment's length where the next one is further away."""


def job_id_of(sources: Sequence[str], account: str, region: str, start_ms: int, end_ms: int) -> str:
    """Name a job after what it reads: running it again gives the same name, and so replaces its files.

    Parameters
    ----------
    sources : sequence of str
        Selectors as written, ``prefix*`` unresolved; their order and repetitions do not matter.

    Examples
    --------
    >>> job_id_of(["calls-*"], "111122223333", "us-east-1", 1772409600000, 1772496000000)
    '20260302T000000Z-c63406dd7321'
    """
    identity = json.dumps([sorted(set(sources)), account, region, start_ms, end_ms])
    start = datetime.fromtimestamp(start_ms // 1000, tz=timezone.utc)
    return f"{start:%Y%m%dT%H%M%SZ}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


def split_days(start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """Cut a range at UTC midnights.

    Examples
    --------
    >>> split_days(0, 86_400_001)
    [(0, 86400000), (86400000, 86400001)]
    """
    midnights = range(start_ms - start_ms % DAY_MS, end_ms, DAY_MS)
    return [(max(start_ms, midnight), min(end_ms, midnight + DAY_MS)) for midnight in midnights]


def plan_jobs(
    client: KvsClient,
    selectors: Sequence[str],
    start_ms: int,
    end_ms: int,
    now_ms: int,
    *,
    only: CallFilter | None = None,
) -> list[Job]:
    """Check a range and find its streams; give one job for each UTC day.

    Parameters
    ----------
    selectors : sequence of str
        Stream names, ARNs, ``prefix*``.
    start_ms, end_ms : int
        Half-open range of server time, UTC milliseconds.
    now_ms : int
        The instant of planning, at which the jobs judge whether a call is still going on.
    only : CallFilter, optional
        Which calls the jobs are about; all by default.

    Raises
    ------
    UsageError
        If the range is empty, backward or not over yet, or the selectors mean no stream, or streams of several
        accounts or regions.
    """
    _check_range(start_ms, end_ms, now_ms)
    streams = client.resolve_streams(selectors)
    only = only or CallFilter()
    sources = (*selectors, *only.words())
    return [
        make_job(sources, streams, start, end, now_ms, named_by=(sources, start, end), only=only)
        for start, end in split_days(start_ms, end_ms)
    ]


def make_job(
    sources: Sequence[str],
    streams: Sequence[Stream],
    start_ms: int,
    end_ms: int,
    now_ms: int,
    *,
    named_by: tuple[Sequence[str], int, int],
    only: CallFilter,
    sought: Iterable[Sought] = (),
    arns: Iterable[str] = (),
) -> Job:
    """Make a job over streams of one account and region, or over none.

    Parameters
    ----------
    sources : sequence of str
        What its manifest says of where it comes from.
    streams : sequence of Stream
        None where recordings alone are read.
    start_ms, end_ms : int
        Half-open range of server time within one UTC day, UTC milliseconds.
    now_ms : int
        The instant of planning.
    named_by : (sequence of str, int, int)
        Sources, start and end that the job's name is made of: what replaces it has the same.
    only : CallFilter
    sought : iterable of Sought
        Where its calls lie, if records tell; in any order.
    arns : iterable of str
        Of streams that records name: where none of them exists, they tell account and region all the same.

    Raises
    ------
    UsageError
        If the streams lie in several accounts or regions.
    """
    known = streams or [Stream(arn, 0, 0) for arn in arns]
    account = _the_one("account", {stream.account for stream in known})
    region = _the_one("region", {stream.region for stream in known})
    of_sources, from_ms, to_ms = named_by
    return Job(
        job_id=job_id_of(of_sources, account, region, from_ms, to_ms),
        sources=tuple(sources),
        streams=tuple(streams),
        account=account,
        region=region,
        start_ms=start_ms,
        end_ms=end_ms,
        as_of_ms=now_ms,
        only=only,
        sought=tuple(sorted(sought, key=lambda one: (one.stream_arn, one.start_ms, one.call_id))),
    )


def plan_lanes(
    client: KvsClient,
    job: Job,
    *,
    threads: int = 8,
    progress: Callable[[int, int], None] | None = None,
) -> list[Lane]:
    """List a job's fragments and group them: one lane per stream that holds any, one unit per stretch and clock hour.

    Lanes whose media expires within a day come first, then those with most bytes.

    Parameters
    ----------
    threads : int
        Streams listed at a time.
    progress : callable or None
        Told, as streams are done, how many are, and how many there are.

    Raises
    ------
    UsageError
        If KVS refuses the listing, or cannot be asked: one line that says why.
    """
    lanes: list[Lane] = []
    with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
        planned = pool.map(lambda stream: plan_lane(client.source(stream), stream, job), job.streams)
        try:
            for done, lane in enumerate(planned, start=1):
                lanes += [lane] if lane is not None else []
                if progress is not None:
                    progress(done, len(job.streams))
        except KvsError as error:
            pool.shutdown(cancel_futures=True)
            raise UsageError(str(error)) from error
    return in_reading_order(lanes, job.as_of_ms)


def in_reading_order(lanes: Iterable[Lane], as_of_ms: int) -> list[Lane]:
    """Sort lanes as they are to be read: what expires within a day first, then the largest.

    Parameters
    ----------
    lanes : iterable of Lane
    as_of_ms : int
        The instant of planning.
    """
    soon_ms = as_of_ms + DAY_MS
    return sorted(lanes, key=lambda lane: (lane.expires_ms >= soon_ms, -lane.bytes, lane.stream.arn))


def listing_parts(job: Job, streams: int = STREAMS_TOGETHER) -> list[Job]:
    """Cut a job's streams into parts that can be listed apart; what is sought on a stream stays with it.

    Parameters
    ----------
    job : Job
    streams : int
        How many each part has at most.

    Returns
    -------
    list of Job
        At least one; the job itself if it is small.
    """
    if len(job.streams) <= streams:
        return [job]
    parts = [job.streams[at : at + streams] for at in range(0, len(job.streams), streams)]
    return [
        replace(job, streams=part, sought=tuple(one for stream in part for one in job.sought_on(stream)))
        for part in parts
    ]


def shares_of(lanes: Sequence[Lane], slots: int) -> list[tuple[Lane, ...]]:
    """Share lanes out among so many readers that all end at about the same time: the largest first, to who has least.

    Parameters
    ----------
    lanes : sequence of Lane
        In the order in which they are to be read.
    slots : int
        Readers; each reads one lane at a time.

    Returns
    -------
    list of tuple of Lane
        One for each reader, fewer where there are fewer lanes; each in the order given.
    """
    held = [(0, 0, slot) for slot in range(min(slots, len(lanes)))]  # lanes whose bytes are not listed count, too
    shares: list[list[int]] = [[] for _ in held]
    for index in sorted(range(len(lanes)), key=lambda index: -lanes[index].bytes):
        load, count, slot = heappop(held)
        shares[slot].append(index)
        heappush(held, (load + lanes[index].bytes, count + 1, slot))
    return [tuple(lanes[index] for index in sorted(share)) for share in shares]


def is_empty(client: KvsClient, job: Job, *, threads: int = 8) -> bool:
    """Tell whether neither a job's range nor its margins hold a fragment; it stops listing where it finds one.

    Mostly the first stream tells, and is asked alone.

    Raises
    ------
    UsageError
        As ``plan_lanes``.
    """

    def holds_any(stream: Stream) -> bool:
        return any(True for _ in _listed(client.source(stream), job))

    with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
        try:
            return not (any(map(holds_any, job.streams[:1])) or any(pool.map(holds_any, job.streams[1:])))
        except KvsError as error:
            raise UsageError(str(error)) from error
        finally:
            pool.shutdown(cancel_futures=True)


def plan_lane(source: FragmentSource, stream: Stream, job: Job) -> Lane | None:
    """Plan one stream; None if nothing of it that the job may read, its margins included, holds a fragment."""
    sought = within(job.sought_on(stream), job.reach)
    if job.sought and not sought:
        return None
    ranges = listed_ranges(sought) if sought else [job.reach]
    named = {one.first_number for one in sought if one.first_number is not None}
    found: dict[int, int | None] = {}
    listed = _Tally()
    for fragment, at_ms, length_ms in _listed(source, job, ranges):
        listed.add(at_ms, fragment.size, length_ms)
        if fragment.number in named:
            found[fragment.number] = fragment.server_ms
    sought = located(sought, found)
    stretches = stretches_of(sought, found)
    units, first_ms = listed.units(stretches or (job.reach,), job)
    if first_ms is None:
        return None
    return Lane(stream, units, first_ms + stream.retention_hours * HOUR_MS, stretches, sought)


def _listed(
    source: FragmentSource, job: Job, ranges: Sequence[Stretch] = ()
) -> Iterator[tuple[ListedFragment, int, int]]:
    """List ranges, by default the job's reach: each fragment, the instant it counts for, its length in ms."""
    untimed: set[int] = set()
    for reach in ranges or (job.reach,):
        for start_ms, listed in _steps(source, reach.start_ms, reach.end_ms):
            for fragment, following in zip_longest(listed, listed[1:]):
                at_ms = fragment.server_ms
                if at_ms is None:
                    if fragment.number in untimed:  # ranges include their ends, so that two may list it
                        continue
                    untimed.add(fragment.number)
                    at_ms = max(start_ms, job.start_ms)
                yield fragment, at_ms, fragment.length_ms or _length_by_neighbour(fragment, following)


def _steps(source: FragmentSource, start_ms: int, end_ms: int) -> Iterator[tuple[int, list[ListedFragment]]]:
    """List a range in steps, by the clock hour where fragments themselves do not tell theirs."""
    for step_ms in range(start_ms, end_ms, LIST_STEP_MS):
        stop_ms = min(step_ms + LIST_STEP_MS, end_ms)
        listed = source.list(step_ms, stop_ms)
        if all(fragment.server_ms is not None for fragment in listed):
            yield step_ms, listed
            continue
        for hour_ms in range(step_ms - step_ms % HOUR_MS, stop_ms, HOUR_MS):
            from_ms, to_ms = max(step_ms, hour_ms), min(stop_ms, hour_ms + HOUR_MS)
            yield from_ms, source.list(from_ms, to_ms)


class _Tally:
    """What was listed of a stream: times, sizes and lengths, 24 bytes a fragment."""

    def __init__(self) -> None:
        self._rows = array("q"), array("q"), array("q")

    def add(self, at_ms: int, size: int, length_ms: int) -> None:
        for column, value in zip(self._rows, (at_ms, size, length_ms), strict=True):
            column.append(value)

    def units(self, stretches: Sequence[Stretch], job: Job) -> tuple[tuple[Unit, ...], int | None]:
        """Count by stretch and clock hour what lies in the job; also tell when the first fragment of all came."""
        starts = [stretch.start_ms for stretch in stretches]
        first_ms: int | None = None
        sums: dict[tuple[int, int], list[int]] = {}
        for at_ms, size, length_ms in zip(*self._rows, strict=True):
            index = bisect_right(starts, at_ms) - 1
            if index < 0 or at_ms >= stretches[index].end_ms:
                continue
            first_ms = at_ms if first_ms is None else min(first_ms, at_ms)
            if job.start_ms <= at_ms < job.end_ms:
                hour = sums.setdefault((index, at_ms - at_ms % HOUR_MS), [0, 0, 0])
                for i, value in enumerate((1, size, length_ms)):
                    hour[i] += value
        units = (
            Unit(
                max(hour_ms, job.start_ms, stretches[index].start_ms),
                min(hour_ms + HOUR_MS, job.end_ms, stretches[index].end_ms),
                *counted,
            )
            for (index, hour_ms), counted in sorted(sums.items())
        )
        return tuple(units), first_ms


def _length_by_neighbour(fragment: ListedFragment, following: ListedFragment | None) -> int:
    if fragment.server_ms is None or following is None or following.server_ms is None:
        return 0
    return min(max(0, following.server_ms - fragment.server_ms), MAX_FRAGMENT_MS)


def _check_range(start_ms: int, end_ms: int, now_ms: int) -> None:
    if start_ms >= end_ms:
        raise UsageError(f"the end, {_iso(end_ms)}, is not after the start, {_iso(start_ms)}")
    if end_ms - start_ms > MAX_RETENTION_MS:
        raise UsageError(f"{_iso(start_ms)} to {_iso(end_ms)} is longer than the 10 years that KVS retains at most")
    latest_ms = now_ms - LEG_SKEW_MS
    if end_ms > latest_ms:
        when = "in the future" if end_ms > now_ms else "less than 2 minutes ago, so calls may still begin before it"
        latest = _iso(latest_ms - latest_ms % 1000)
        raise UsageError(f"the end, {_iso(end_ms)}, is {when}: the latest end possible now is {latest}")


def _the_one(what: str, values: set[str]) -> str:
    if len(values) > 1:
        raise UsageError(f"the streams lie in several {what}s ({', '.join(sorted(values))}): run one backfill for each")
    return next(iter(values), "")


def _iso(instant_ms: int) -> str:
    instant = datetime.fromtimestamp(instant_ms / 1000, tz=timezone.utc)
    return instant.isoformat(timespec="milliseconds" if instant_ms % 1000 else "seconds").replace("+00:00", "Z")
