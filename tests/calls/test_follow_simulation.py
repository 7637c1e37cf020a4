"""Any legs on any streams, tagged or not, any cut into units and jobs: each leg once, whole, and all accounted for."""

from __future__ import annotations

import os
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from builders.jobs import make_job
from builders.made_streams import (
    MINUTE_MS,
    SKEW_MS,
    T0,
    MemorySource,
    Sent,
    make_lane,
    random_stream,
    stream,
    true_legs,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callbeam.calls import CallStatus, DeadLetter, LedgerRow, LegEnd, Piece, decide_call, read_lane
from callbeam.calls.ownership import Place, place_of, unit_of
from callbeam.kvs import Job

STREAMS = 2_000
"""Random streams in the seeded simulation; CALLBEAM_SIMULATED_STREAMS sets another count."""


@dataclass
class World:
    """Streams, and how they are cut into jobs that lie side by side."""

    streams: dict[str, list[Sent]]
    borders: list[int]
    units_left_out: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.legs = {name: true_legs(sent) for name, sent in self.streams.items()}
        self.lost = {
            name: [(one, attributed(one, self.legs[name])) for one in sent if one.lost is not None]
            for name, sent in self.streams.items()
        }


def random_world(rng: random.Random) -> World:
    """Make two streams whose calls share both, busiest around the borders between jobs."""
    borders = [T0]
    for _ in range(rng.randint(1, 4)):
        borders.append(borders[-1] + rng.choice([2, 3, 4, 7, 30, 60, 61, 90, 240]) * MINUTE_MS)
    calls = [f"c{i}" for i in range(rng.randint(1, 6))]
    starts = {call: rng.choice(borders) + rng.randint(-4 * MINUTE_MS, 4 * MINUTE_MS) for call in calls}
    streams = {name: random_stream(rng, starts) for name in ("s1", "s2")}
    times = [one.at_ms for sent in streams.values() for one in sent]
    borders[0] = min(borders[0], *times) - 10 * MINUTE_MS
    borders.append(max(borders[-1], *times) + 10 * MINUTE_MS)
    for _ in range(rng.randint(0, 3)):  # borders at which something happens
        border = rng.choice(times) + rng.choice([0, 1, 2_000, SKEW_MS, SKEW_MS + 2_000, 30 * MINUTE_MS, 50 * MINUTE_MS])
        if all(abs(border - other) >= SKEW_MS for other in borders):
            borders.append(border)
    return World(streams, sorted(borders), {rng.randrange(20) for _ in range(rng.randint(0, 3))})


@dataclass
class Outcome:
    """What one job made of its streams."""

    job: Job
    rows: list[LedgerRow]
    letters: list[DeadLetter]
    ends: list[LegEnd]
    pieces: list[Piece]
    owned: set[tuple[str, int]]
    """Legs given, as (stream, first number)."""


def run_job(world: World, start_ms: int, end_ms: int) -> Outcome:
    job = make_job(start_ms, end_ms)
    outcome = Outcome(job, [], [], [], [], set())
    for name, sent in world.streams.items():
        lane = make_lane(stream(name), job, sent)
        # a plan may be older than what it plans
        lane = replace(lane, units=tuple(u for i, u in enumerate(lane.units) if i not in world.units_left_out))
        source = MemorySource(sent)
        for event in read_lane(lane, job, source):
            if isinstance(event, Piece):
                outcome.pieces.append(event)
            elif isinstance(event, LegEnd):
                outcome.ends.append(event)
            elif isinstance(event, LedgerRow):
                outcome.rows.append(event)
            else:
                outcome.letters.append(event)
        assert source.under_way == 0
        check_lane(outcome, name, world)
    by_call: dict[str, list[LegEnd]] = defaultdict(list)
    for end in outcome.ends:
        by_call[end.leg.identity.call_id].append(end)
    for ends in by_call.values():
        decision = decide_call(ends, job)
        assert decision.status is (CallStatus.OWNED if decision.legs else CallStatus.OTHER_UNIT)
        outcome.owned |= {(end.leg.stream.name, end.leg.first_number) for end in decision.legs}
    return outcome


def check_lane(outcome: Outcome, name: str, world: World) -> None:
    """Hold the ledger of one lane against the truth: each fragment that a unit listed has one row there."""
    job = outcome.job
    lane = make_lane(stream(name), job, world.streams[name])
    got = Counter((r.unit_start_ms, r.number, r.status) for r in outcome.rows if r.stream.name == name)
    for piece in outcome.pieces:
        if piece.leg.stream.name == name:
            owned = piece.fragments[piece.first_owned : piece.end_owned]
            got.update((piece.unit.start_ms, f.listed.number, "piece") for f in owned)
    expected: Counter[tuple[int, int, str]] = Counter()
    for leg in world.legs[name]:
        own = unit_of(leg.start_ms, lane, job) if place_of(leg.start_ms, job) is Place.INSIDE else None
        for one in leg.fragments:
            if own is not None:
                expected[own.start_ms, one.number, "piece"] += 1
            if job.start_ms <= one.at_ms < job.end_ms:
                unit = unit_of(one.at_ms, lane, job)
                if unit != own:
                    expected[unit.start_ms, one.number, "other_unit"] += 1
    for one, leg in world.lost[name]:
        add_lost(expected, one, leg, lane, job)
    assert got == expected
    lost_rows = {(r.unit_start_ms, r.number) for r in outcome.rows if r.status in {"not_found", "expired"}}
    letters = {(d.unit_start_ms, d.number) for d in outcome.letters}
    assert letters == lost_rows


def attributed(lost: Sent, legs: list) -> object:
    """Find the leg that a lost fragment is counted with: the last one before it, if near."""
    before = None
    for leg in legs:
        if leg.fragments[0].at_ms <= lost.at_ms and (leg.fragments[0].number < lost.number):
            before = leg
    if before is None:
        return None
    earlier = [one for one in before.fragments if one.number < lost.number]
    if lost.at_ms - earlier[-1].at_ms <= MINUTE_MS:
        return before
    tagged = [one for one in earlier if one.call is not None]
    return before if tagged and lost.at_ms - tagged[-1].at_ms <= 5 * MINUTE_MS else None


def add_lost(expected, one: Sent, leg, lane, job: Job) -> None:
    here = job.start_ms <= one.at_ms < job.end_ms
    unit = unit_of(one.at_ms, lane, job)
    if leg is None:
        if here:
            expected[unit.start_ms, one.number, one.lost.value] += 1
    elif place_of(leg.start_ms, job) is Place.INSIDE:
        own = unit_of(leg.start_ms, lane, job)
        expected[own.start_ms, one.number, one.lost.value] += 1
        if here and unit != own:
            expected[unit.start_ms, one.number, "other_unit"] += 1
    elif here:
        expected[unit.start_ms, one.number, "other_unit"] += 1


def check_world(world: World) -> None:
    """Run jobs side by side over the world, and hold what they give against the legs that are there."""
    outcomes = [run_job(world, a, b) for a, b in zip(world.borders, world.borders[1:], strict=False)]
    truth = {(name, leg.fragments[0].number): leg for name, legs in world.legs.items() for leg in legs}
    given = Counter(leg for outcome in outcomes for leg in outcome.owned)
    assert given == Counter(truth.keys()), "each leg exactly once"
    jobs_of_call = defaultdict(set)
    for index, outcome in enumerate(outcomes):
        whole: dict[tuple[str, int], list[int]] = defaultdict(list)
        for piece in outcome.pieces:
            key = (piece.leg.stream.name, piece.leg.first_number)
            if key in outcome.owned:
                whole[key] += [f.listed.number for f in piece.fragments[piece.first_owned : piece.end_owned]]
                assert piece.leg.identity.call_id == (truth[key].call or f"{key[0]}#{key[1]}")
        for key, numbers in whole.items():
            assert numbers == [one.number for one in truth[key].fragments], "whole"
            jobs_of_call[truth[key].call or key].add(index)
    starts = defaultdict(list)
    for leg in truth.values():
        starts[leg.call].append(leg.start_ms)
    for call, at in starts.items():
        if call is not None and max(at) - min(at) <= SKEW_MS:
            assert len(jobs_of_call[call]) == 1, "legs that begin together stay together"


def test_random_streams_give_each_leg_once_and_whole():
    count = int(os.environ.get("CALLBEAM_SIMULATED_STREAMS", STREAMS))
    for seed in range(count // 2):
        world = random_world(random.Random(seed))
        try:
            check_world(world)
        except AssertionError as error:
            raise AssertionError(f"in the world of seed {seed}") from error


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_any_streams_give_each_leg_once_and_whole(rng):
    check_world(random_world(rng))
