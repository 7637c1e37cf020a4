"""Lanes read again with what an earlier reading has kept: the same as read anew, and what is kept is not read."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from builders.jobs import make_job
from builders.made_streams import (
    MINUTE_MS,
    T0,
    MemorySource,
    Sent,
    losing,
    make_lane,
    random_stream,
    run_of,
    stream,
    without_tags,
)

from callbeam.calls import KeptLeg, Piece, read_lane, resume_lane
from callbeam.calls.sought_calls import sought_of
from callbeam.kvs import DAY_MS, HOUR_MS, CallFilter, FetchedFragment, Job, Lane, ListedFragment
from callbeam.kvs.planning import plan_lane
from callbeam.records import Contact, StreamingSession

STREAMS = 1_000
"""Random streams; CALLBEAM_SIMULATED_STREAMS sets another count."""

S1 = stream("s1")


@dataclass
class Memory:
    """Legs kept in memory, and the pieces that they had."""

    legs: dict[int, KeptLeg] = field(default_factory=dict)
    pieces: dict[str, Piece] = field(default_factory=dict)

    def begins(self, number: int) -> bool:
        return number in self.legs

    def recall(self, number: int) -> KeptLeg | None:
        kept = self.legs[number]
        return kept if all(piece in self.pieces for piece in kept.pieces) else None

    def keep(self, leg: KeptLeg) -> None:
        self.legs[leg.leg.first_number] = leg


@dataclass
class Again:
    """A lane read up to some event, and then again by what was kept."""

    kept: list[KeptLeg]
    events: Counter
    read: Counter


def read_again(
    rng: random.Random, lane: Lane, job: Job, first: list[Sent], second: list[Sent], forgotten: frozenset[int]
) -> Again:
    memory = Memory()
    until = rng.choice([5, 20, 1_000_000])
    for count, event in enumerate(resume_lane(lane, job, MemorySource(first), memory)):
        if isinstance(event, Piece):
            memory.pieces[event.digest()] = event
        if count == until:
            break
    for number in list(memory.legs):
        if number in forgotten or rng.random() < 0.2:
            del memory.legs[number]
    for digest in list(memory.pieces):
        if rng.random() < 0.1:
            del memory.pieces[digest]
    source = MemorySource(second)
    kept: list[KeptLeg] = []
    events: Counter = Counter()
    at_hand = dict(memory.pieces)
    for event in resume_lane(lane, job, source, memory):
        if isinstance(event, KeptLeg):
            kept.append(event)
            events.update(told(at_hand[digest]) for digest in event.pieces)
        else:
            events[told(event)] += 1
    assert source.under_way == 0
    return Again(kept, events, source.read_numbers)


def told(event) -> object:
    return (event.digest(), event.unit, event.leg) if isinstance(event, Piece) else event


def check(rng: random.Random, lane: Lane, job: Job, sent: list[Sent], later: list[Sent]) -> int:
    """Hold a lane read again against the same lane read anew; return how many legs were not read again."""
    again = read_again(rng, lane, job, sent, later, frozenset())
    assert again.events == Counter(told(event) for event in read_lane(lane, job, MemorySource(later)))
    return len(again.kept)


def mended(rng: random.Random, sent: list[Sent]) -> list[Sent]:
    """Let some of the fragments that were lost be there later."""
    return [replace(one, lost=None) if rng.random() < 0.5 else one for one in sent]


def made(rng: random.Random) -> list[Sent]:
    starts = {f"c{i}": T0 + rng.randint(0, 120) * MINUTE_MS for i in range(rng.randint(1, 8))}
    return sorted(random_stream(rng, starts), key=lambda one: (one.at_ms, one.number))


def test_random_streams_give_the_same_again() -> None:
    kept = 0
    for seed in range(int(os.environ.get("CALLBEAM_SIMULATED_STREAMS", STREAMS))):
        rng = random.Random(seed)
        sent = made(rng)
        start_ms = rng.choice(sent).at_ms - rng.choice([0, 1, 60]) * MINUTE_MS
        job = make_job(start_ms, start_ms + rng.choice([10, 60, 200]) * MINUTE_MS)
        try:
            kept += check(rng, make_lane(S1, job, sent), job, sent, mended(rng, sent))
        except AssertionError as error:
            raise AssertionError(f"on the stream of seed {seed}") from error
    assert kept > STREAMS / 4


def test_calls_by_records_give_the_same_again() -> None:
    kept = 0
    for seed in range(int(os.environ.get("CALLBEAM_SIMULATED_STREAMS", STREAMS)) // 2):
        rng = random.Random(seed)
        sent = made(rng)
        contacts = []
        for call in sorted({one.call for one in sent if one.call is not None and rng.random() < 0.6}):
            own = [one for one in sent if one.call == call]
            begin = own[0] if rng.random() < 0.6 else rng.choice(own)
            first = str(begin.number) if rng.random() < 0.6 else None
            stop_ms = own[-1].at_ms if rng.random() < 0.7 else None
            session = StreamingSession(stream_arn=S1.arn, first_fragment=first, start_ms=begin.at_ms, stop_ms=stop_ms)
            contacts.append(Contact(call_id=call, system="connect", sessions=(session,)))
        sought = tuple(
            sorted((one for contact in contacts for one in sought_of(contact)), key=lambda one: one.start_ms)
        )
        start_ms = sent[0].at_ms - sent[0].at_ms % DAY_MS - DAY_MS
        job = replace(
            make_job(start_ms, start_ms + 4 * DAY_MS),
            only=CallFilter(frozenset(one.call_id for one in sought)),
            sought=sought,
        )
        lane = plan_lane(MemorySource(sent), S1, job) if sought else None
        if lane is not None:
            try:
                kept += check(rng, lane, job, sent, mended(rng, sent))
            except AssertionError as error:
                raise AssertionError(f"on the stream of seed {seed}") from error
    assert kept > STREAMS / 8


JOB = make_job(T0 + 10 * HOUR_MS, T0 + 12 * HOUR_MS)
START = JOB.start_ms
CALLS = [
    *run_of("a", START, 300, first_number=1),
    *run_of("b", START + 300_000, 300, first_number=301),
    *run_of("c", START + 600_000, 300, first_number=601),
]


class Never(random.Random):
    """Chance that loses nothing, and lets the first reading end."""

    def random(self) -> float:
        return 1.0

    def choice(self, some):
        return some[-1]


def again(first: list[Sent], second: list[Sent], job: Job = JOB, *forgotten: int) -> Again:
    return read_again(Never(), make_lane(S1, job, first), job, first, second, frozenset(forgotten))


def test_nothing_that_is_kept_is_read_again() -> None:
    result = again(CALLS, CALLS)
    assert [one.leg.identity.call_id for one in result.kept] == ["a", "b", "c"]
    assert result.read == Counter()


def test_a_leg_that_lost_a_fragment_is_read_again() -> None:
    result = again(losing(CALLS, {350}), CALLS)
    assert [one.leg.identity.call_id for one in result.kept] == ["a", "c"]
    assert set(result.read) == set(range(301, 601))


def test_a_leg_with_a_damaged_fragment_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(self: MemorySource, listed: list[ListedFragment]) -> Iterator[FetchedFragment]:
        for one in read_sound(self, listed):
            damaged = one.listed.number == 350 and one.document is not None
            yield replace(one, document=replace(one.document, error="cut")) if damaged else one

    read_sound = MemorySource.read
    with monkeypatch.context() as patch:
        patch.setattr(MemorySource, "read", read)
        result = again(CALLS, CALLS)
    assert [one.leg.identity.call_id for one in result.kept] == ["a", "c"]


def test_a_leg_that_may_be_going_on_is_read_again() -> None:
    job = replace(JOB, as_of_ms=START + 2 * HOUR_MS)
    late = run_of("d", START + 100 * MINUTE_MS, 60, first_number=901)
    result = again(CALLS + late, CALLS + late, job)
    assert [one.leg.identity.call_id for one in result.kept] == ["a", "b", "c"]
    assert set(result.read) == set(range(901, 961))


@pytest.mark.parametrize("changed", [{450}, {601}])
def test_a_leg_that_is_not_listed_as_it_was_is_read_again(changed: set[int]) -> None:
    result = again(CALLS, [one for one in CALLS if one.number not in changed])
    assert "b" not in [one.leg.identity.call_id for one in result.kept]
    assert set(result.read) >= set(range(301, 601)) - changed


def test_other_fragments_in_the_same_place_are_read() -> None:
    result = again(CALLS, [replace(one, number=5000) if one.number == 450 else one for one in CALLS])
    assert [one.leg.identity.call_id for one in result.kept] == ["a", "c"]
    assert 5000 in result.read


def test_what_was_seen_to_end_a_leg_counts_though_it_is_lost_later() -> None:
    sent = [replace(one, call="a") if one.number > 301 else one for one in CALLS]
    sent[300] = replace(sent[300], call="b")
    result = again(sent, losing(sent, {301}), JOB, 301)
    assert [(one.leg.identity.call_id, one.leg.first_number) for one in result.kept] == [("a", 1), ("a", 302)]
    assert set(result.read) == {301}


def test_a_leg_begins_anew_only_where_the_one_before_it_ends() -> None:
    apart = [*run_of(None, START, 10, first_number=1), *run_of(None, START + 80_000, 10, first_number=11)]
    joined = [*apart[:10], *run_of(None, START + 30_000, 1, first_number=5000), *apart[10:]]
    result = again(apart, joined)
    assert result.kept == []
    assert set(result.read) == {one.number for one in joined}


def test_times_that_only_tags_tell_are_read_again() -> None:
    hidden = [replace(one, listed_at=one.number != 450) for one in CALLS]
    assert [one.leg.identity.call_id for one in again(hidden, hidden).kept] == ["a", "c"]


def test_audio_without_tags_is_kept_too() -> None:
    sent = without_tags(CALLS, set(range(1, 301)))
    assert [one.leg.identity.call_id for one in again(sent, sent).kept] == ["s1#1", "b", "c"]
