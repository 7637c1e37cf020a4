"""The placement of blocks against a plain model that knows one sample at a time, and whatever documents say."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from builders.clock_fragments import MINUTE, T0, TRACKS, fragment, runs, second
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.kvs import FetchedFragment
from callbeam.timeline import Placer, start_clock
from callbeam.timeline.leg_clock import MAX_INSTANT_MS

pytestmark = pytest.mark.usefixtures("low_rates")


@dataclass
class Model:
    """The rules, one sample at a time, for one track: which fragment and block each sample comes from."""

    owner: dict[int, tuple[int, int]] = field(default_factory=dict)
    following: int | None = None
    moved: bool = False

    def place(self, position: int, samples: int, closed: int, name: tuple[int, int]) -> None:
        """Place a block of ``samples`` that its timecode puts at ``position``."""
        ends = [at + 1 for at in self.owner if at + 1 not in self.owner]
        if self.moved and all(position + at in self.owner for at in range(samples)):
            pass
        elif self.following is not None and abs(position - self.following) <= 20:
            position = self.following
        else:
            position = min((end for end in sorted(ends) if abs(end - position) <= 20),
                           key=lambda end: abs(end - position), default=position)  # fmt: skip
        block = range(position, position + samples)
        free = [at for at in block if at not in self.owner]
        parts: list[list[int]] = []
        for at in free:
            if parts and parts[-1][-1] == at - 1:
                parts[-1].append(at)
            else:
                parts.append([at])
        end = block.stop
        if len(free) < samples:
            if parts and len(parts[-1]) <= 20 and parts[-1][-1] == end - 1:
                end = parts[-1][0]
            parts = [part for part in parts if len(part) > 20]
        self.owner.update({at: name for part in parts for at in part if at >= closed})
        audio_end = end
        while audio_end in self.owner:
            audio_end += 1
        self.following = audio_end if end - 1 in self.owner and audio_end - end <= 20 else end
        self.moved = self.following > block.stop


TRACK_BLOCKS = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 2]),
        st.one_of(st.integers(-30, 300), st.integers(0, 8).map(lambda k: 64 * k), st.just(20_000)),
        st.one_of(st.just(64), st.integers(0, 150)),
    ),
    min_size=1,
    max_size=8,
)
STEPS = st.one_of(
    st.integers(-25, 25).map(lambda jitter: 512 + jitter),
    st.sampled_from([-2_000, -512, 0, 700, 15_000, 45_000, 5 * MINUTE, 12 * MINUTE, 25 * MINUTE, -4 * MINUTE]),
)
LEGS = st.lists(st.tuples(STEPS, TRACK_BLOCKS, st.sampled_from(["ok"] * 6 + ["none", "far"])), min_size=1, max_size=30)


def leg_of(steps: list[tuple[int, list[tuple[int, int, int]], str]]) -> list[FetchedFragment]:
    """Make fragments in order of number whose producer time walks by the steps; server time always rises."""
    made, at, server = [], 0, T0
    for number, (step, blocks, producer) in enumerate(steps):
        at += step if number else 0
        server = max(server + 1, T0 + at)
        producer_ms = {"ok": T0 + at, "none": None, "far": 17}[producer if number else "ok"]
        made.append(fragment(number, server, producer_ms, at % 50_021, *blocks))
    return made


@settings(deadline=None, max_examples=120)
@given(LEGS)
def test_each_sample_lies_where_the_plain_model_puts_it(steps) -> None:
    made = leg_of(steps)
    placer = Placer(start_clock(made[0]))
    models = {track.name: Model() for track in TRACKS}
    placed: dict[str, dict[int, tuple[int, int]]] = {track.name: {} for track in TRACKS}
    for each in made:
        placement = placer.place(each)
        clock = placer.clock
        document = each.document
        for model in models.values():
            model.moved = False
        for number, block in enumerate(document.blocks):
            samples = (block.end - block.start) // 2
            if samples and abs(block.timecode - document.clusters[0]) <= 25_000:
                at = clock.begin_ns // 1_000_000 + block.timecode - document.clusters[0]
                name = TRACKS[block.track - 1].name
                models[name].place(at, samples, clock.closed_ms, (each.listed.number, number))
        for track in placement.tracks:
            for run in track.runs:
                at = run.start
                for _, _, start, end in (block for block in run.blocks if block.start < block.end):
                    number = next(n for n, b in enumerate(document.blocks) if b.start <= start < b.end)
                    for _ in range((end - start) // 2):
                        assert at not in placed[track.name]
                        placed[track.name][at] = (each.listed.number, number)
                        at += 1
                assert at == run.end
    assert placed == {name: model.owner for name, model in models.items()}


@settings(deadline=None, max_examples=100)
@given(LEGS, st.data())
def test_state_at_any_fragment_is_all_that_the_rest_needs(steps, data) -> None:
    made = leg_of(steps)
    cut = data.draw(st.integers(0, len(made)))
    whole, rest = Placer(start_clock(made[0])), Placer(start_clock(made[0]))
    for each in made[:cut]:
        rest.place(each)
        rest = Placer(rest.clock, rest.anchors())
    placements = [whole.place(each) for each in made][cut:]
    assert [rest.place(each) for each in made[cut:]] == placements
    assert (rest.clock, rest.anchors()) == (whole.clock, whole.anchors())


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(-10, 10), min_size=1, max_size=20), st.data())
def test_duplicates_change_nothing(jitters, data) -> None:
    sound = [second(k, 1_000 * k + jitter, timecode=T0 + 1_000 * k + jitter) for k, jitter in enumerate(jitters)]
    with_duplicates = list(sound)
    for _ in range(data.draw(st.integers(1, 5))):
        chosen = data.draw(st.integers(0, len(sound) - 1))
        after = next(i for i, each in enumerate(with_duplicates) if each is sound[chosen])
        at = data.draw(st.integers(after + 1, len(with_duplicates)))
        with_duplicates.insert(at, second(99, 1_000 * chosen + jitters[chosen]))
    clock = start_clock(sound[0])
    assert runs(clock, *with_duplicates) == runs(clock, *sound)


WILD = st.one_of(st.integers(-(2**63), 2**63), st.integers(-100_000, 100_000))
WILD_INSTANT = st.one_of(st.none(), st.integers(-(10**40), 10**40), st.integers(T0 - 10**7, T0 + 10**7))


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(
            WILD_INSTANT,
            WILD_INSTANT,
            WILD,
            st.lists(st.tuples(st.integers(0, 3), WILD, st.integers(0, 50)), max_size=4),
            st.sampled_from([0, 1, 100, 1_000_000, 999_999_937, 2**40]),
        ),
        max_size=8,
    )
)
def test_whatever_a_document_says_audio_stays_near_its_server_time(documents) -> None:
    placer = Placer(start_clock(second(0, 0)))
    for number, (server_ms, producer_ms, timecode, blocks, scale) in enumerate(documents):
        placement = placer.place(fragment(number, server_ms, producer_ms, timecode, *blocks, scale=scale))
        placed = [run for track in placement.tracks for run in track.runs]
        if placed and server_ms is not None and abs(server_ms) < MAX_INSTANT_MS:
            at = server_ms - placer.clock.start_ms
            assert all(at - 6 * MINUTE < run.start < run.end < at + 6 * MINUTE for run in placed)
