"""Jobs, lanes and units from listings alone; the source is a list in memory."""

from __future__ import annotations

import itertools
import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest
from builders.jobs import make_job
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.errors import UsageError
from callbeam.kvs import (
    HOUR_MS,
    LEG_SKEW_MS,
    FetchedFragment,
    FragmentSource,
    Job,
    Lane,
    ListedFragment,
    Stream,
    Unit,
    plan_jobs,
    plan_lanes,
)
from callbeam.kvs.planning import DAY_MS, job_id_of, plan_lane, split_days
from callbeam.kvs.service_errors import KvsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.kvs import KvsClient

START = 1_772_409_600_000  # 2026-03-02T00:00:00Z
NOW = START + 10 * DAY_MS


def stream(
    name: str = "calls-1", region: str = "us-east-1", account: str = "111122223333", hours: int = 8760
) -> Stream:
    return Stream(f"arn:aws:kinesisvideo:{region}:{account}:stream/{name}/1700000000000", 1_700_000_000_000, hours)


@dataclass
class MemorySource:
    """Lists what it was given; an untimed fragment by its place in ``hidden``, as the service knows it."""

    fragments: list[ListedFragment]
    hidden: dict[int, int] = field(default_factory=dict)
    fails: KvsError | None = None

    def list(self, start_ms: int, end_ms: int) -> list[ListedFragment]:
        if self.fails:
            raise self.fails
        return [f for f in self.fragments if start_ms <= (f.server_ms or self.hidden[f.number]) < end_ms]

    def read(self, listed: Sequence[ListedFragment]) -> Iterator[FetchedFragment]:
        raise AssertionError("planning reads no media")


@dataclass
class MemoryClient:
    sources: dict[str, MemorySource]
    streams: list[Stream]

    def resolve_streams(self, selectors: Sequence[str]) -> list[Stream]:
        return self.streams

    def source(self, wanted: Stream) -> FragmentSource:
        return cast("FragmentSource", self.sources[wanted.name])


def client_of(**fragments: list[ListedFragment]) -> KvsClient:
    streams = [stream(name) for name in fragments]
    return cast("KvsClient", MemoryClient({n: MemorySource(f) for n, f in fragments.items()}, streams))


def job(streams: Sequence[Stream], start_ms: int = START, end_ms: int = START + DAY_MS, as_of_ms: int = NOW) -> Job:
    return make_job(start_ms, end_ms, sources=("calls-*",), streams=streams, as_of_ms=as_of_ms)


def at(number: int, server_ms: int | None, size: int = 35_000, length_ms: int = 1000) -> ListedFragment:
    return ListedFragment(number, server_ms, size=size, length_ms=length_ms)


def test_a_job_is_named_after_what_it_reads() -> None:
    name = job_id_of(["b", "a*"], "1", "us-east-1", START, START + DAY_MS)
    assert name.startswith("20260302T000000Z-")
    assert len(name) == len("20260302T000000Z-") + 12
    assert name == job_id_of(["a*", "b", "b"], "1", "us-east-1", START, START + DAY_MS)
    others = [
        job_id_of(["a", "b"], "1", "us-east-1", START, START + DAY_MS),
        job_id_of(["b", "a*"], "2", "us-east-1", START, START + DAY_MS),
        job_id_of(["b", "a*"], "1", "eu-west-1", START, START + DAY_MS),
        job_id_of(["b", "a*"], "1", "us-east-1", START + 1, START + DAY_MS),
        job_id_of(["b", "a*"], "1", "us-east-1", START, START + DAY_MS - 1),
    ]
    assert len({name, *others}) == 6


@settings(deadline=None, max_examples=100)
@given(start=st.integers(0, 10**12), length=st.integers(1, 10 * DAY_MS))
def test_days_tile_the_range_and_hold_one_date_each(start: int, length: int) -> None:
    days = split_days(start, start + length)
    assert days[0][0] == start
    assert days[-1][1] == start + length
    assert all(a[1] == b[0] for a, b in itertools.pairwise(days))
    assert all(a < b and a // DAY_MS == (b - 1) // DAY_MS for a, b in days)


def test_a_range_of_days_gives_a_job_for_each() -> None:
    client = client_of(a=[], b=[])
    jobs = plan_jobs(client, ["a", "b"], START + HOUR_MS, START + 2 * DAY_MS, NOW)
    assert [(j.start_ms, j.end_ms) for j in jobs] == [
        (START + HOUR_MS, START + DAY_MS),
        (START + DAY_MS, START + 2 * DAY_MS),
    ]
    assert jobs[0].job_id == job_id_of(["a", "b"], "111122223333", "us-east-1", START + HOUR_MS, START + DAY_MS)
    assert {(j.account, j.region, j.as_of_ms, len(j.streams)) for j in jobs} == {("111122223333", "us-east-1", NOW, 2)}


@pytest.mark.parametrize(
    ("start", "end", "match"),
    [
        (START, START, "not after the start"),
        (START + 1, START, r"2026-03-02T00:00:00Z, is not after the start, 2026-03-02T00:00:00.001Z"),
        (START, NOW + 1, "in the future: the latest end possible now is 2026-03-11T23:58:00Z"),
        (START, NOW - 60_000, "less than 2 minutes ago.*2026-03-11T23:58:00Z"),
    ],
)
def test_ranges_that_cannot_be_read_are_refused(start: int, end: int, match: str) -> None:
    with pytest.raises(UsageError, match=match):
        plan_jobs(client_of(a=[]), ["a"], start, end, NOW)


def test_the_latest_end_that_is_named_is_accepted() -> None:
    assert plan_jobs(client_of(a=[]), ["a"], START, NOW - LEG_SKEW_MS, NOW)


def test_one_job_is_one_account_and_region() -> None:
    for other in (stream("b", region="eu-west-1"), stream("b", account="999988887777")):
        client = cast("KvsClient", MemoryClient({}, [stream("a"), other]))
        with pytest.raises(UsageError, match="lie in several"):
            plan_jobs(client, ["a", "b"], START, START + 1, NOW)


def test_units_are_clock_hours_with_fragments() -> None:
    fragments = [
        at(1, START + 1),
        at(2, START + HOUR_MS - 1, size=5),
        at(3, START + HOUR_MS),
        at(4, START + 5 * HOUR_MS + 7),
    ]
    lane = plan_lane(MemorySource(fragments), stream(), job([], START, START + 5 * HOUR_MS + 1000))
    assert lane is not None
    assert lane.units == (
        Unit(START, START + HOUR_MS, 2, 35_005, 2000),
        Unit(START + HOUR_MS, START + 2 * HOUR_MS, 1, 35_000, 1000),
        Unit(START + 5 * HOUR_MS, START + 5 * HOUR_MS + 1000, 1, 35_000, 1000),
    )
    assert lane.expires_ms == START + 1 + 8760 * HOUR_MS


def test_margins_make_a_lane_but_no_unit() -> None:
    end = START + DAY_MS
    for margin in (START - LEG_SKEW_MS, START - 1, end, end + LEG_SKEW_MS - 1):
        assert plan_lane(MemorySource([at(1, margin)]), stream(), job([])) == Lane(
            stream(), (), expires_ms=margin + 8760 * HOUR_MS
        )
    for beyond in (START - LEG_SKEW_MS - 1, end + LEG_SKEW_MS):
        assert plan_lane(MemorySource([at(1, beyond)]), stream(), job([])) is None


def test_a_fragment_without_time_is_counted_once_in_its_own_hour() -> None:
    source = MemorySource(
        [at(1, START + 1), at(2, None), at(3, START + 13 * HOUR_MS)], hidden={2: START + 9 * HOUR_MS + 5}
    )
    lane = plan_lane(source, stream(), job([]))
    assert lane is not None
    assert [(u.start_ms, u.count) for u in lane.units] == [
        (START, 1),
        (START + 9 * HOUR_MS, 1),
        (START + 13 * HOUR_MS, 1),
    ]


def test_lengths_that_are_not_listed_come_from_the_next_fragment() -> None:
    fragments = [at(1, START, length_ms=0), at(2, START + 1500, length_ms=0), at(3, START + 3_000_000, length_ms=0)]
    lane = plan_lane(MemorySource(fragments), stream(), job([]))
    assert lane is not None
    assert [u.length_ms for u in lane.units] == [1500 + 20_000]


@settings(deadline=None, max_examples=60)
@given(
    offsets=st.lists(st.integers(-2 * HOUR_MS, 30 * HOUR_MS), max_size=40),
    start=st.integers(0, 20 * HOUR_MS),
    length=st.integers(1, 24 * HOUR_MS),
)
def test_units_count_every_fragment_of_the_range_once(offsets: list[int], start: int, length: int) -> None:
    start, end = START + start, START + min(start + length, DAY_MS)
    if start >= end:
        return
    fragments = [at(i, START + offset) for i, offset in enumerate(offsets)]
    lane = plan_lane(MemorySource(fragments), stream(), job([], start, end))
    units = lane.units if lane else ()
    for unit in units:
        inside = [f for f in fragments if unit.start_ms <= (f.server_ms or 0) < unit.end_ms]
        assert unit.count == len(inside) > 0
        assert start <= unit.start_ms < unit.end_ms <= end
        assert unit.start_ms // HOUR_MS == (unit.end_ms - 1) // HOUR_MS
    assert sum(u.count for u in units) == sum(start <= START + offset < end for offset in offsets)


def test_lanes_that_expire_soon_come_first_then_the_largest() -> None:
    sources = {
        "small": MemorySource([at(1, START, size=1)]),
        "large": MemorySource([at(1, START, size=100)]),
        "larger": MemorySource([at(1, START, size=100)]),
        "expiring": MemorySource([at(1, START, size=10)]),
        "empty": MemorySource([]),
    }
    streams = [stream(name, hours=240 + 12 if name == "expiring" else 8760) for name in sources]
    client = cast("KvsClient", MemoryClient(sources, streams))
    done: list[tuple[int, int]] = []
    lanes = plan_lanes(client, job(streams), threads=3, progress=lambda *told: done.append(told))
    assert [lane.stream.name for lane in lanes] == ["expiring", "large", "larger", "small"]
    assert done == [(i, 5) for i in range(1, 6)]


def test_a_refused_listing_is_a_usage_error() -> None:
    sources = {"a": MemorySource([], fails=KvsError("ListFragments of stream a: AccessDenied"))}
    client = cast("KvsClient", MemoryClient(sources, [stream("a")]))
    with pytest.raises(UsageError, match="AccessDenied"):
        plan_lanes(client, job([stream("a")]))


def test_lanes_encode_small() -> None:
    units = tuple(Unit(START + i * HOUR_MS, START + (i + 1) * HOUR_MS, 3600, 126_000_000, 3_600_000) for i in range(24))
    lane = Lane(stream(), units, expires_ms=NOW)
    encoded = pickle.dumps(lane)
    assert pickle.loads(encoded) == lane
    per_unit = (len(encoded) - len(pickle.dumps(Lane(stream(), (), expires_ms=NOW)))) / 24
    assert per_unit < 60
    assert len(pickle.dumps(units[0])) < 200
