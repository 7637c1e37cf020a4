"""Calls that records name, on any streams: the same legs as from the streams, and all that was listed accounted for."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from builders.jobs import make_job
from builders.made_streams import MINUTE_MS, SKEW_MS, T0, MemorySource, Sent, random_stream, stream, true_legs

from callbeam.calls import LedgerRow, Piece, read_lane
from callbeam.calls.ownership import unit_of
from callbeam.calls.sought_calls import sought_of
from callbeam.kvs import DAY_MS, CallFilter, Job, Lane, Sought
from callbeam.kvs.planning import plan_lane
from callbeam.records import Contact, StreamingSession

STREAMS = 600
"""Random streams; CALLBEAM_SIMULATED_STREAMS sets another count."""


@dataclass
class Given:
    """What reading a lane gave: fragments by leg, and rows by unit and fragment."""

    legs: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    rows: Counter[tuple[int, int]] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)


def read(sent: list[Sent], job: Job, lane: Lane) -> Given:
    given = Given()
    for event in read_lane(lane, job, MemorySource(sent)):
        if isinstance(event, Piece):
            owned = [one.listed.number for one in event.fragments[event.first_owned : event.end_owned]]
            given.legs.setdefault((event.leg.identity.call_id, event.leg.first_number), []).extend(owned)
            given.rows.update((event.unit.start_ms, number) for number in owned)
        elif isinstance(event, LedgerRow):
            given.rows[event.unit_start_ms, event.number] += 1
            given.statuses[event.status] += 1
    return given


def job_of(sent: list[Sent], sought: list[Sought]) -> Job:
    start_ms = sent[0].at_ms - sent[0].at_ms % DAY_MS - DAY_MS
    job = make_job(start_ms, start_ms + 4 * DAY_MS)
    only = CallFilter(frozenset(one.call_id for one in sought))
    return replace(job, only=only, sought=tuple(sorted(sought, key=lambda one: (one.stream_arn, one.start_ms))))


def records_of(rng: random.Random, sent: list[Sent], names: set[str]) -> list[Contact]:
    """Make records of some calls whose clocks are up to 90 s off, and which may lack a stop or a first fragment."""
    contacts = []
    for name in sorted(names):
        sessions = []
        off_ms, told = rng.randint(-90_000, 90_000), rng.random()
        for leg in (leg for leg in true_legs(sent) if leg.call == name):
            stop_ms = leg.fragments[-1].at_ms + off_ms if rng.random() < 0.7 else None
            first = str(leg.fragments[0].number) if told < 0.6 else None
            arn, start_ms = stream("s1").arn, leg.start_ms + off_ms
            sessions.append(StreamingSession(stream_arn=arn, first_fragment=first, start_ms=start_ms, stop_ms=stop_ms))
        contacts.append(Contact(call_id=name, system="connect", sessions=tuple(sessions)))
    return contacts


def check_stream(rng: random.Random, sent: list[Sent]) -> tuple[int, int]:
    """Read some calls by records; return how many fragments were read of how many that are theirs."""
    sent = sorted(sent, key=lambda one: (one.at_ms, one.number))
    legs = [leg for leg in true_legs(sent) if leg.call is not None]
    names = {leg.call for leg in legs if rng.random() < 0.4} or {legs[0].call}
    contacts = records_of(rng, sent, names)
    job = job_of(sent, [one for contact in contacts for one in sought_of(contact)])
    source = MemorySource(sent)
    lane = plan_lane(source, stream("s1"), job)
    assert lane is not None
    given = read(sent, job, lane)
    expected = {
        (leg.call, leg.fragments[0].number): [one.number for one in leg.fragments] for leg in legs if leg.call in names
    }
    sound = {one.number for one in sent if one.lost is None}
    assert {key: [n for n in numbers if n in sound] for key, numbers in given.legs.items()} == expected
    assert max(given.rows.values()) == 1, "no fragment twice in a unit"
    listed = {(unit_of(one.at_ms, lane, job).start_ms, one.number) for one in sent if in_a_unit(one, lane)}
    assert not listed - given.rows.keys(), "what a unit listed has a row there"
    return sum(map(len, given.legs.values())), sum(map(len, expected.values()))


def in_a_unit(one: Sent, lane: Lane) -> bool:
    return any(unit.start_ms <= one.at_ms < unit.end_ms for unit in lane.units)


def test_calls_of_random_streams_are_found_whole_by_their_records() -> None:
    for seed in range(int(os.environ.get("CALLBEAM_SIMULATED_STREAMS", STREAMS))):
        rng = random.Random(seed)
        sent = random_stream(rng, {f"c{i}": T0 + rng.randint(0, 90) * MINUTE_MS for i in range(rng.randint(1, 6))})
        if any(one.call is not None and one.lost is None for one in sent):
            try:
                check_stream(rng, sent)
            except AssertionError as error:
                raise AssertionError(f"on the stream of seed {seed}") from error


@pytest.mark.parametrize("off_ms", [-20 * MINUTE_MS, 20 * MINUTE_MS])
def test_a_call_that_runs_past_where_its_records_put_it_is_found_from_its_beginning(off_ms: int) -> None:
    sent = [
        Sent(i, 1_000_000 * MINUTE_MS + i * 1000, "a" if i < 2000 else "b" if i < 5000 else "c") for i in range(9000)
    ]
    start_ms = sent[2000].at_ms + off_ms
    session = StreamingSession(stream_arn=stream("s1").arn, start_ms=start_ms, stop_ms=start_ms + 50 * MINUTE_MS)
    job = job_of(sent, list(sought_of(Contact(call_id="b", system="connect", sessions=(session,)))))
    lane = plan_lane(MemorySource(sent), stream("s1"), job)
    assert lane is not None
    given = read(sent, job, lane)
    assert given.legs == {("b", 2000): list(range(2000, 5000))}
    assert max(given.rows.values()) == 1


def test_margins_are_as_wide_as_the_legs_of_one_call_may_start_apart() -> None:
    session = StreamingSession(stream_arn=stream("s1").arn, start_ms=10 * SKEW_MS, stop_ms=11 * SKEW_MS)
    (one,) = sought_of(Contact(call_id="a", system="connect", sessions=(session,)))
    assert (one.start_ms, one.end_ms) == (9 * SKEW_MS, 11 * SKEW_MS)
