"""Calls that records name, on any streams: the same legs as from the streams, and all that was listed accounted for."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from builders.jobs import make_job
from builders.made_streams import (
    MINUTE_MS,
    SKEW_MS,
    T0,
    MemorySource,
    Sent,
    losing,
    random_stream,
    run_of,
    stream,
    true_legs,
    without_tags,
)

from callbeam.calls import LedgerRow, Piece, read_lane
from callbeam.calls.ownership import unit_of
from callbeam.calls.sought_calls import sought_in, sought_of
from callbeam.kvs import DAY_MS, HOUR_MS, CallFilter, Job, Lane
from callbeam.kvs.planning import plan_lane
from callbeam.records import Contact, StreamingSession

STREAMS = 600
"""Random streams; CALLBEAM_SIMULATED_STREAMS sets another count."""


@dataclass
class Given:
    """What reading a lane gave: fragments by leg, rows by unit and fragment, and rows by call and status."""

    legs: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    rows: Counter[tuple[int, int]] = field(default_factory=Counter)
    statuses: Counter[tuple[str | None, str]] = field(default_factory=Counter)


def read(sent: list[Sent], job: Job, lane: Lane) -> Given:
    given = Given()
    for event in read_lane(lane, job, MemorySource(sent)):
        if isinstance(event, Piece):
            owned = [one.listed.number for one in event.fragments[event.first_owned : event.end_owned]]
            given.legs.setdefault((event.leg.identity.call_id, event.leg.first_number), []).extend(owned)
            given.rows.update((event.unit.start_ms, number) for number in owned)
        elif isinstance(event, LedgerRow):
            given.rows[event.unit_start_ms, event.number] += 1
            given.statuses[event.call_id, event.status] += 1
    return given


def contact(call_id: str, *sessions: tuple[int | None, int, int | None]) -> Contact:
    """Make records of a call: the first fragment of each of its sessions, its start and its stop."""
    streaming = (
        StreamingSession(
            stream_arn=stream("s1").arn,
            first_fragment=None if first is None else str(first),
            start_ms=start_ms,
            stop_ms=stop_ms,
        )
        for first, start_ms, stop_ms in sessions
    )
    return Contact(call_id=call_id, system="connect", sessions=tuple(streaming))


def records_of(rng: random.Random, sent: list[Sent], names: set[str]) -> list[Contact]:
    """Make records of some calls whose clocks are up to 90 s off.

    They may lack a stop or a first fragment. Of a call of one leg they may know a later start of streaming alone.
    """
    contacts = []
    for name in sorted(names):
        sessions = []
        off_ms, told = rng.randint(-90_000, 90_000), rng.random()
        legs = [leg for leg in true_legs(sent) if leg.call == name]
        tagged = [one for one in legs[0].fragments if one.call is not None]
        later = rng.choice(tagged) if told < 0.2 and len(legs) == 1 else None
        for leg in legs:
            begin = leg.fragments[0] if later is None else later
            stop_ms = leg.fragments[-1].at_ms + off_ms if rng.random() < 0.7 else None
            sessions.append((begin.number if told < 0.6 else None, begin.at_ms + off_ms, stop_ms))
        contacts.append(contact(name, *sessions))
    return contacts


def named_number(one: Contact) -> int:
    """Return the number of the fragment that a call begins with by its records; 0 where they name none."""
    return min(int(session.first_fragment or 0) for session in one.sessions)


def plan(sent: list[Sent], contacts: list[Contact], around: Job | None = None) -> tuple[Job, Lane]:
    """Plan a job from records: of the days around the stream, or another."""
    if around is None:
        start_ms = sent[0].at_ms - sent[0].at_ms % DAY_MS - DAY_MS
        around = make_job(start_ms, start_ms + 4 * DAY_MS)
    arns = {stream("s1").arn}
    found = (one for each in contacts for one in sought_in(around.reach, each, arns))
    sought = sorted(found, key=lambda one: one.start_ms)
    job = replace(around, only=CallFilter(frozenset(one.call_id for one in sought)), sought=tuple(sought))
    lane = plan_lane(MemorySource(sent), stream("s1"), job)
    assert lane is not None
    return job, lane


def check_stream(rng: random.Random, sent: list[Sent]) -> tuple[int, int]:
    """Read some calls by records; return how many fragments were read of how many that are theirs."""
    sent = sorted(sent, key=lambda one: (one.at_ms, one.number))
    legs = [leg for leg in true_legs(sent) if leg.call is not None]
    names = {leg.call for leg in legs if rng.random() < 0.4} or {legs[0].call}
    contacts = records_of(rng, sent, names)
    job, lane = plan(sent, contacts)
    given = read(sent, job, lane)
    begins = {each.call_id: named_number(each) for each in contacts}
    parts = [
        (leg.call, [one.number for one in leg.fragments if one.number >= begins[leg.call]])
        for leg in legs
        if leg.call in names
    ]
    expected = {(call, numbers[0]): numbers for call, numbers in parts}
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
    given = read(sent, *plan(sent, [contact("b", (None, start_ms, start_ms + 50 * MINUTE_MS))]))
    assert given.legs == {("b", 2000): list(range(2000, 5000))}
    assert max(given.rows.values()) == 1


def test_margins_are_as_wide_as_the_legs_of_one_call_may_start_apart() -> None:
    (one,) = sought_of(contact("a", (None, 10 * SKEW_MS, 11 * SKEW_MS)))
    assert (one.start_ms, one.end_ms) == (9 * SKEW_MS, 11 * SKEW_MS)


# A call begins with the fragment that records name, whatever lies around it


AT_MS = T0 + 10 * HOUR_MS
BEFORE = run_of("a", AT_MS, 60, first_number=1)
RUN = run_of("b", AT_MS + MINUTE_MS, 600, first_number=1001)
ANOTHER = contact("a", (None, AT_MS, AT_MS + 400_000))
"""Its stretch reaches over what comes after it on its stream."""


@pytest.mark.parametrize("lost", [0, 1, 3])
def test_a_call_that_begins_within_its_own_run_is_read_from_there(lost: int) -> None:
    sent = losing(BEFORE + RUN, set(range(1101, 1101 + lost)))
    named = contact("b", (1101, RUN[100].at_ms, RUN[-1].at_ms))
    given = read(sent, *plan(sent, [ANOTHER, named]))
    assert given.legs == {
        ("a", 1): list(range(1, 61)),
        ("b", 1101 + lost): list(range(1101 + lost, 1601)),
    }
    rows = {("b", "not_asked"): 100, ("b", "not_found"): lost}
    assert given.statuses == {row: count for row, count in rows.items() if count}


@pytest.mark.parametrize("job", [None, make_job(AT_MS, AT_MS + HOUR_MS)])
def test_a_call_that_runs_into_a_stretch_is_read_from_the_fragment_that_records_name(job: Job | None) -> None:
    sent = run_of("b", AT_MS - 15 * MINUTE_MS, 1500, first_number=1)
    named = contact("b", (1001, sent[1000].at_ms, sent[-1].at_ms))
    assert read(sent, *plan(sent, [ANOTHER, named], job)).legs == {("b", 1001): list(range(1001, 1501))}


@pytest.mark.parametrize("tagless", [1, 3, 60])
@pytest.mark.parametrize("lost", [0, 1])
def test_a_call_is_read_from_its_beginning_though_that_has_no_tags_and_lies_between_calls_of_others(
    tagless: int, lost: int
) -> None:
    own = without_tags(run_of("b", AT_MS + 200_000, 60, first_number=201), set(range(201, 201 + tagless)))
    sent = run_of("x", AT_MS, 200, first_number=1) + losing(own, set(range(201, 201 + lost)))
    sent += run_of("z", AT_MS + 260_000, 300, first_number=301)
    named = contact("b", (201, own[0].at_ms, own[-1].at_ms))
    given = read(sent, *plan(sent, [ANOTHER, named]))
    assert given.legs == {("b", 201 + lost): list(range(201 + lost, 261))}
    assert given.statuses["b", "not_found"] == lost


def test_a_call_without_tags_that_begins_again_after_a_pause_is_read() -> None:
    sent = BEFORE + run_of(None, AT_MS + MINUTE_MS, 60, first_number=101)
    sent += run_of(None, AT_MS + 5 * MINUTE_MS, 60, first_number=201)
    named = contact("b", (101, AT_MS + MINUTE_MS, None), (201, AT_MS + 5 * MINUTE_MS, None))
    given = read(sent, *plan(sent, [ANOTHER, named]))
    assert {leg: len(numbers) for leg, numbers in given.legs.items()} == {("a", 1): 60, ("b", 101): 60, ("b", 201): 60}


def test_a_call_that_goes_on_under_lower_numbers_is_read() -> None:
    sent = BEFORE + run_of("b", AT_MS + MINUTE_MS, 60, first_number=1001)
    sent += run_of("b", AT_MS + 90 * MINUTE_MS, 60, first_number=501)
    named = contact("b", (1001, AT_MS + MINUTE_MS, AT_MS + 91 * MINUTE_MS))
    given = read(sent, *plan(sent, [ANOTHER, named]))
    assert {leg: len(numbers) for leg, numbers in given.legs.items()} == {("a", 1): 60, ("b", 1001): 60, ("b", 501): 60}


def test_a_call_that_begins_again_in_the_job_after_the_one_that_reads_it_is_read_once() -> None:
    midnight = T0 + DAY_MS
    sent = run_of("b", midnight - MINUTE_MS, 900, first_number=1)
    again = contact("b", (1, sent[0].at_ms, sent[500].at_ms), (401, sent[400].at_ms, sent[-1].at_ms))
    before, after = (read(sent, *plan(sent, [again], make_job(at, at + DAY_MS))) for at in (T0, midnight))
    assert before.legs == {("b", 1): list(range(1, 901))}
    assert after.legs == {}
    assert set(after.statuses) == {("b", "other_unit")}


MIDNIGHT = T0 + DAY_MS


def read_day_by_day(sent: list[Sent], again: Contact) -> list[dict[tuple[str, int], list[int]]]:
    days = (make_job(at, at + DAY_MS) for at in (T0, MIDNIGHT))
    return [read(sent, *plan(sent, [again], day)).legs for day in days]


@pytest.mark.parametrize("stopped", [True, False])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("tagged", [True, False])
@pytest.mark.parametrize("before_ms", [MINUTE_MS, 10 * MINUTE_MS, 50 * MINUTE_MS])
def test_a_call_that_begins_again_after_midnight_within_one_leg_is_read_once(
    before_ms: int, tagged: bool, named: bool, stopped: bool
) -> None:
    """It begins again far enough from midnight for the day before to know nothing of that."""
    begin_ms = MIDNIGHT - before_ms
    sent = run_of("b", begin_ms, 4200, first_number=1)
    if not tagged:
        sent = without_tags(sent, set(range(2, 4201)))
    second = (before_ms + 10 * MINUTE_MS) // 1000
    stop_ms = sent[second - 300].at_ms if stopped else None
    sessions = (1 if named else None, begin_ms, stop_ms), (second + 1, sent[second].at_ms, sent[-1].at_ms)
    before, after = read_day_by_day(sent, contact("b", *sessions))
    assert before == {("b", 1): list(range(1, 4201))}
    assert after == {}


@pytest.mark.parametrize("lost", [0, 1, 3])
def test_a_call_that_begins_again_after_midnight_is_read_by_the_day_before_though_its_named_fragment_is_lost(
    lost: int,
) -> None:
    begin_ms = MIDNIGHT - 10 * MINUTE_MS
    sent = losing(run_of("b", begin_ms, 2400, first_number=1), set(range(1201, 1201 + lost)))
    again = contact("b", (1, begin_ms, None), (1201, begin_ms + 1_200_000, None))
    before, after = read_day_by_day(sent, again)
    assert len(before["b", 1]) == 2400 - lost
    assert after == {}


@pytest.mark.parametrize("pause_ms", [MINUTE_MS, HOUR_MS, HOUR_MS + 1])
@pytest.mark.parametrize("other", [None, "x"])
def test_a_call_that_begins_again_after_midnight_is_read_there_where_its_leg_before_has_ended(
    pause_ms: int, other: str | None
) -> None:
    begin_ms = MIDNIGHT - 10 * MINUTE_MS
    sent = run_of("b", begin_ms, 900, first_number=1)
    again_ms = sent[-1].at_ms + pause_ms
    if other is not None:
        sent += run_of(other, sent[-1].at_ms + 1000, 30, first_number=1001)
    sent += run_of("b", again_ms, 900, first_number=2001)
    again = contact("b", (1, begin_ms, begin_ms + 900_000), (2001, again_ms, again_ms + 900_000))
    before, after = read_day_by_day(sent, again)
    ended = other is not None or pause_ms > HOUR_MS
    assert before == {("b", 1): [*range(1, 901), *(() if ended else range(2001, 2901))]}
    assert after == ({("b", 2001): list(range(2001, 2901))} if ended else {})


def test_a_call_without_tags_that_begins_again_after_midnight_is_read_where_it_does_once_it_had_stopped() -> None:
    begin_ms = MIDNIGHT - 10 * MINUTE_MS
    sent = run_of(None, begin_ms, 2400, first_number=1)
    again = contact("b", (1, begin_ms, begin_ms + 899_000), (1201, begin_ms + 1_200_000, sent[-1].at_ms))
    before, after = read_day_by_day(sent, again)
    assert before == {("b", 1): list(range(1, 906))}
    assert after == {("b", 1201): list(range(1201, 2401))}


def test_a_call_without_tags_that_begins_again_after_midnight_without_a_stop_is_read_by_the_day_before() -> None:
    begin_ms = MIDNIGHT - 10 * MINUTE_MS
    sent = run_of(None, begin_ms, 2400, first_number=1)
    again = contact("b", (1, begin_ms, None), (1201, begin_ms + 1_200_000, None))
    before, after = read_day_by_day(sent, again)
    assert before == {("b", 1): list(range(1, 2401))}
    assert after == {}
