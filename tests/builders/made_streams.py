"""Streams in memory, with known legs: what the tests of following read from."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import lru_cache

from builders.jobs import DAY_MS, make_stream
from callbeam.kvs import HOUR_MS, FetchedFragment, FragmentStatus, Job, Lane, ListedFragment, Stream, Unit
from callbeam.mkv import CONNECT, BlockSpec, Document, TrackSpec, read_documents, write_fragment

MINUTE_MS = 60_000
T0 = 1_760_000_400_000 - 1_760_000_400_000 % DAY_MS  # a midnight

SKEW_MS = 2 * MINUTE_MS


def stream(name: str = "s1") -> Stream:
    return make_stream(name, T0 - 30 * DAY_MS, 24 * 365)


@dataclass(frozen=True)
class Sent:
    """A fragment as the producer sent it: when, and the call it is tagged with."""

    number: int
    at_ms: int
    call: str | None = None
    lost: FragmentStatus | None = None
    pcm_ms: int = 0
    listed_at: bool = True


@lru_cache(maxsize=4096)
def bare_document(call: str | None) -> Document:
    """Tags and nothing else: enough to follow."""
    tags = () if call is None else (("ContactId", call), ("InstanceId", "i-1"))
    return Document(index=0, offset=0, data=memoryview(b""), tags=tags)


def media_document(sent: Sent) -> Document:
    """Real bytes of one track of 8 kHz PCM through the writer and the reader."""
    step_ms = min(1000, sent.pcm_ms)
    data = write_fragment(
        dialect=CONNECT,
        tracks=[TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC", b"\x11\x90")],
        blocks=[BlockSpec(1, at, bytes(16 * step_ms)) for at in range(0, sent.pcm_ms, step_ms)],
        timecode_ms=sent.at_ms,
        tags_after=[] if sent.call is None else [("ContactId", sent.call)],
    )
    (document,) = read_documents(data)
    return document


@dataclass
class MemorySource:
    """A stream in memory that counts what is asked of it."""

    sent: list[Sent]
    lists: list[tuple[int, int]] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    read_numbers: Counter[int] = field(default_factory=Counter)
    under_way: int = 0

    def __post_init__(self) -> None:
        self.sent.sort(key=lambda one: (one.at_ms, one.number))
        self._times = [one.at_ms for one in self.sent]
        self._by_number = {one.number: one for one in self.sent}

    def list(self, start_ms: int, end_ms: int) -> list[ListedFragment]:
        self.lists.append((start_ms, end_ms))
        found = self.sent[bisect_left(self._times, start_ms) : bisect_left(self._times, end_ms)]
        listed = [
            ListedFragment(s.number, s.at_ms if s.listed_at else None, s.at_ms if s.listed_at else None, 100, 1000)
            for s in found
        ]
        return sorted(listed, key=lambda one: one.number)

    def read(self, listed):
        self.asked.append(len(listed))
        self.under_way += 1
        try:
            for one in listed:
                self.read_numbers[one.number] += 1
                sent = self._by_number[one.number]
                if sent.lost is not None:
                    yield FetchedFragment(one, None, sent.lost, "made to fail", b"no")
                else:
                    document = media_document(sent) if sent.pcm_ms else bare_document(sent.call)
                    yield FetchedFragment(one, document)
        finally:
            self.under_way -= 1


def make_lane(of: Stream, job: Job, sent: list[Sent]) -> Lane:
    """Plan as PlanReads does: a unit for each clock hour's stretch of the job that has fragments."""
    units = []
    times = sorted(one.at_ms for one in sent)
    start_ms = job.start_ms
    while start_ms < job.end_ms:
        end_ms = min(start_ms - start_ms % HOUR_MS + HOUR_MS, job.end_ms)
        count = bisect_left(times, end_ms) - bisect_left(times, start_ms)
        if count:
            units.append(Unit(start_ms, end_ms, count, 100 * count))
        start_ms = end_ms
    return Lane(of, tuple(units), job.end_ms + DAY_MS)


@dataclass
class TrueLeg:
    """A leg by the rules, found the plain way over the whole stream."""

    call: str | None
    fragments: list[Sent]

    @property
    def start_ms(self) -> int:
        return self.fragments[0].at_ms


def true_legs(sent: list[Sent]) -> list[TrueLeg]:
    """Cut a stream into legs word by word as the design has it; fragments without media do not count."""
    legs: list[TrueLeg] = []
    sound = sorted((one for one in sent if one.lost is None), key=lambda one: (one.at_ms, one.number))
    before: Sent | None = None
    for index, one in enumerate(sound):
        call = one.call
        if call is None:
            tagged = next((other for other in reversed(sound[:index]) if other.call is not None), None)
            if tagged is not None and one.at_ms - tagged.at_ms <= 5 * MINUTE_MS:
                call = tagged.call
            elif before is not None and one.at_ms - before.at_ms <= MINUTE_MS:
                call = legs[-1].call
        pause_ms = HOUR_MS if call is not None else MINUTE_MS
        if before is None or legs[-1].call != call or one.at_ms - before.at_ms > pause_ms:
            legs.append(TrueLeg(call, []))
        legs[-1].fragments.append(one)
        before = one
    return legs


def run_of(
    call: str | None, start_ms: int, count: int, *, first_number: int, step_ms: int = 1000, **more
) -> list[Sent]:
    """Make ``count`` fragments in a row."""
    return [Sent(first_number + i, start_ms + i * step_ms, call, **more) for i in range(count)]


def without_tags(sent: list[Sent], numbers) -> list[Sent]:
    """Take the tags off some fragments."""
    return [replace(one, call=None) if one.number in numbers else one for one in sent]


def losing(sent: list[Sent], numbers, status: FragmentStatus = FragmentStatus.NOT_FOUND) -> list[Sent]:
    """Make some fragments fail."""
    return [replace(one, lost=status) if one.number in numbers else one for one in sent]


def random_stream(rng: random.Random, starts: dict[str, int]) -> list[Sent]:
    """Make a stream whose calls begin near given instants: in runs, some of them several, tagged or not."""
    begun = sorted((start + rng.randint(-3 * MINUTE_MS, 3 * MINUTE_MS), call) for call, start in starts.items())
    if rng.random() < 0.5:  # pools reuse streams at once, without a pause
        begun = [(at - at % MINUTE_MS, call) for at, call in begun]
    sent: list[Sent] = []
    at_ms = begun[0][0]
    been: set[str] = set()
    for index, (start_ms, call) in enumerate(begun):
        at_ms = max(at_ms, start_ms)
        until = begun[index + 1][0] if index + 1 < len(begun) else at_ms + rng.choice([1, 10, 70, 200]) * MINUTE_MS
        for part in range(rng.choice([1, 1, 1, 2, 3])):
            who = call if part == 0 or rng.random() < 0.7 else rng.choice([*starts, None])
            if who in been:  # a call does not come back at once
                at_ms += rng.choice([5_001, 30_000, 61_000, 10 * MINUTE_MS, HOUR_MS, HOUR_MS + 1])
            been.add(who or "")
            at_ms = add_run(rng, sent, who, at_ms, until)
    return sent


def add_run(rng: random.Random, sent: list[Sent], call: str | None, at_ms: int, until: int) -> int:
    """Add fragments of one call: at some pace, some without tags, some lost, with pauses in between."""
    step_ms = rng.choice([1_000, 4_000, 5_000, 20_000])
    untagged = rng.choice([0, 0, 0, 0.3, 0.95, 0.999, 1])
    lost = rng.choice([0, 0, 0, 0.02, 0.3])
    named = rng.choice([0, 1, 3])  # fragments that are tagged in any case: some producers name a call once
    for index in range(rng.choice([1, 3, 10, 40, 100, 400])):
        tag = None if index >= named and rng.random() < untagged else call
        failed = rng.choice([FragmentStatus.NOT_FOUND, FragmentStatus.EXPIRED]) if rng.random() < lost else None
        sent.append(Sent(1000 + len(sent), at_ms, tag, failed))
        at_ms += step_ms
        if rng.random() < 0.03:
            pauses = [5_001, 60_000, 60_001, 5 * MINUTE_MS, 6 * MINUTE_MS, 50 * MINUTE_MS, HOUR_MS, HOUR_MS + 1]
            at_ms += rng.choice(pauses) - step_ms
        if at_ms > until and rng.random() < 0.2:
            break
    tail = rng.choice([0, 0, 0, 1, 5, 80])
    for _ in range(tail):  # as contacts end in captures
        sent.append(Sent(1000 + len(sent), at_ms, None))
        at_ms += rng.choice([step_ms, step_ms, MINUTE_MS]) if tail == 5 else step_ms
    return at_ms
