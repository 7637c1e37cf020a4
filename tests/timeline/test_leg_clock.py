"""The clock and the placement of blocks, against a plain model that knows one sample at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.kvs import FetchedFragment, FragmentStatus, ListedFragment
from callbeam.mkv import Block, Document, Track
from callbeam.timeline import LEAD_MS, PIECE_MS, LegClock, Placer, TrackAnchor, start_clock
from callbeam.timeline.leg_clock import MAX_INSTANT_MS, ClockError

T0 = 1_700_000_000_000
MINUTE = 60_000
RATE = 1_000  # one sample a millisecond: positions in the tests read as milliseconds


pytestmark = pytest.mark.usefixtures("low_rates")


TRACKS = (
    Track(1, "AUDIO_FROM_CUSTOMER", "A_PCM/INT/LIT", sample_rate_hz=RATE, channels=1, track_type=2),
    Track(2, "AUDIO_TO_CUSTOMER", "A_PCM/INT/LIT", sample_rate_hz=RATE, channels=1, track_type=2),
)


def fragment(
    number: int,
    server_ms: int | None,
    producer_ms: int | None,
    timecode: int,
    *blocks: tuple[int, int, int],  # track, offset in ms, samples
    tracks: tuple[Track, ...] = TRACKS,
    tags: tuple[tuple[str, str], ...] = (),
    scale: int = 1_000_000,
) -> FetchedFragment:
    """Make a fragment whose payloads have the right sizes; what is in them does not matter here."""
    made, start = [], 0
    for track, offset, samples in blocks:
        made.append(Block(track, timecode + offset, start, start + 2 * samples))
        start += 2 * samples
    document = Document(
        index=0, offset=0, data=memoryview(bytes(start)), timecode_scale_ns=scale, tags=tags, tracks=tracks,
        clusters=(timecode,), blocks=made,
    )  # fmt: skip
    return FetchedFragment(ListedFragment(number, server_ms, producer_ms), document)


def second(number: int, at: int, *, server_ms: int | None = None, timecode: int | None = None) -> FetchedFragment:
    """Make a fragment with one second of audio at ``at`` ms of the leg by producer time, server time 500 ms later."""
    server_ms = T0 + at + 500 if server_ms is None else server_ms
    return fragment(number, server_ms, T0 + at, T0 + at if timecode is None else timecode, (1, 0, 1000))


def runs(clock: LegClock, *fragments: FetchedFragment, track: str = "AUDIO_FROM_CUSTOMER") -> list[tuple[int, int]]:
    """Place fragments; return where the track's samples went, run by run."""
    placer = Placer(clock)
    return [
        (run.start, run.end)
        for each in fragments
        for placed in placer.place(each).tracks
        if placed.name == track
        for run in placed.runs
    ]


class TestStart:
    def test_producer_time_within_five_minutes_is_the_clock(self) -> None:
        clock = start_clock(second(1, 0, server_ms=T0 + 5 * MINUTE))
        assert (clock.source, clock.start_ms) == ("producer", T0)
        assert clock.uncertainty_ms < 100

    def test_producer_time_further_off_is_not_believed(self) -> None:
        clock = start_clock(second(1, 0, server_ms=T0 + 5 * MINUTE + 1))
        assert (clock.source, clock.start_ms) == ("server", T0 + 5 * MINUTE + 1)
        assert clock.uncertainty_ms >= 1_000

    def test_tags_serve_where_the_listing_says_nothing(self) -> None:
        tags = (
            ("AWS_KINESISVIDEO_SERVER_TIMESTAMP", "1700000000.250"),
            ("AWS_KINESISVIDEO_PRODUCER_TIMESTAMP", "1700000000.126"),
        )
        clock = start_clock(fragment(1, None, None, 0, (1, 0, 10), tags=tags))
        assert (clock.source, clock.start_ms) == ("producer", 1_700_000_000_126)

    def test_sample_zero_is_the_earliest_block(self) -> None:
        early = fragment(1, T0, T0, 5_000, (1, 7, 100), (2, -20, 100))
        clock = start_clock(early)
        assert clock.start_ms == T0 - 20
        assert runs(clock, early, track="AUDIO_TO_CUSTOMER") == [(0, 100)]
        assert runs(clock, early) == [(27, 127)]

    def test_a_block_out_of_reach_is_not_the_earliest(self) -> None:
        assert start_clock(fragment(1, T0, T0, 0, (1, -26_000, 100), (1, 40, 100))).start_ms == T0 + 40

    def test_no_server_time_is_an_error_that_says_so(self) -> None:
        with pytest.raises(ClockError, match="fragment 7 has no server timestamp"):
            start_clock(fragment(7, None, T0, 0, (1, 0, 10)))

    def test_an_absurd_tag_is_no_instant(self) -> None:
        tags = (("AWS_KINESISVIDEO_PRODUCER_TIMESTAMP", "9" * 60),)
        assert start_clock(fragment(1, T0, None, 0, (1, 0, 10), tags=tags)).source == "server"


class TestProducerClock:
    def test_position_comes_from_timecodes_and_length_from_bytes(self) -> None:
        first = fragment(1, T0, T0, 0, (1, 0, 64), (1, 64, 12), (1, 128, 64))
        assert runs(start_clock(first), first) == [(0, 76), (128, 192)]

    @pytest.mark.parametrize(
        ("offset", "expected"), [(80, [(0, 200)]), (120, [(0, 200)]), (121, [(0, 100), (121, 221)])]
    )
    def test_a_block_within_20_ms_follows_without_a_seam(self, offset: int, expected: list[tuple[int, int]]) -> None:
        first = fragment(1, T0, T0, 0, (1, 0, 100), (1, offset, 100))
        assert runs(start_clock(first), first) == expected

    def test_drift_stays_within_the_seam(self) -> None:
        blocks = [(1, 101 * k, 100) for k in range(50)]  # a millisecond too long each
        first = fragment(1, T0, T0, 0, *blocks)
        placed = runs(start_clock(first), first)
        assert len(placed) == 3
        assert all(end - start <= 22 * 100 for start, end in placed)

    @pytest.mark.parametrize("number", [1, 3])
    def test_in_an_overlap_what_came_first_wins(self, number: int) -> None:
        first = second(2, 0)
        later = fragment(number, T0 + 1_600, T0 + 600, T0 + 600, (1, 0, 1000))
        assert runs(start_clock(first), first, later) == [(0, 1000), (1000, 1600)]

    def test_a_later_fragment_fills_an_earlier_gap(self) -> None:
        first = second(1, 0)
        assert runs(start_clock(first), first, second(2, 2_000), fragment(3, T0, T0 + 900, 0, (1, 0, 1500))) == [
            (0, 1000), (2000, 3000), (1000, 2000),
        ]  # fmt: skip

    def test_a_duplicate_a_little_off_leaves_no_sliver_and_no_seam(self) -> None:
        first = second(1, 0)
        off = fragment(2, T0, T0 + 10, 0, (1, 0, 1000))
        assert runs(start_clock(first), first, off, second(3, 1_000)) == [(0, 1000), (1000, 2000)]

    def test_a_short_block_before_a_gap_that_comes_again_is_a_duplicate(self) -> None:
        blocks = ((1, 0, 64), (1, 64, 64), (1, 128, 12), (1, 192, 64))
        first, again = (fragment(number, T0 + 500 * number, T0, T0, *blocks) for number in (1, 2))
        assert runs(start_clock(first), first, again) == [(0, 140), (192, 256)]

    @pytest.mark.parametrize("producer_ms", [None, 0, T0 - 6 * MINUTE])
    def test_a_fragment_without_believable_producer_time_continues_by_timecode(self, producer_ms: int | None) -> None:
        first = second(1, 0)
        bare = fragment(2, T0 + 2_900, producer_ms, T0 + 1_300, (1, 0, 1000))
        assert runs(start_clock(first), first, bare) == [(0, 1000), (1300, 2300)]

    def test_without_continuing_timecodes_it_lies_at_server_time(self) -> None:
        first = second(1, 0)
        bare = fragment(2, T0 + 9_000, None, 0, (1, 0, 1000))
        assert runs(start_clock(first), first, bare) == [(0, 1000), (9000, 10000)]

    def test_tracks_are_known_by_name_not_by_number(self) -> None:
        first = fragment(1, T0, T0, 0, (1, 0, 1000), (2, 0, 500))
        swapped = (Track(2, "AUDIO_FROM_CUSTOMER", "A_PCM/INT/LIT", sample_rate_hz=RATE), TRACKS[1])
        swapped = (swapped[0], Track(1, "AUDIO_TO_CUSTOMER", "A_PCM/INT/LIT", sample_rate_hz=RATE))
        later = fragment(2, T0 + 1000, T0 + 1000, 1000, (1, 0, 300), (2, 0, 200), tracks=swapped)
        clock = start_clock(first)
        assert runs(clock, first, later) == [(0, 1000), (1000, 1200)]
        assert runs(clock, first, later, track="AUDIO_TO_CUSTOMER") == [(0, 500), (1000, 1300)]


class TestServerClock:
    def test_timecodes_run_from_the_first_server_time(self) -> None:
        made = [fragment(k, T0 + 1000 * k + 37 * (k % 3), 0, 1000 * k, (1, 0, 1000)) for k in range(5)]
        assert runs(start_clock(made[0]), *made) == [(1000 * k, 1000 * k + 1000) for k in range(5)]

    def test_a_new_session_starts_from_its_server_time(self) -> None:
        made = [fragment(1, T0, 0, 50_000, (1, 0, 1000)), fragment(2, T0 + 8_000, 0, 0, (1, 0, 1000))]
        assert runs(start_clock(made[0]), *made) == [(0, 1000), (8000, 9000)]

    def test_a_new_session_does_not_overlap_the_one_before_it(self) -> None:
        made = [fragment(1, T0, 0, 50_000, (1, 0, 1000)), fragment(2, T0 + 400, 0, 0, (1, 0, 1000))]
        assert runs(start_clock(made[0]), *made) == [(0, 1000), (1000, 2000)]

    def test_timecodes_that_run_away_from_server_time_are_left(self) -> None:
        made = [fragment(1, T0, 0, 0, (1, 0, 1000)), fragment(2, T0 + 3_000, 0, 6 * MINUTE, (1, 0, 1000))]
        assert runs(start_clock(made[0]), *made) == [(0, 1000), (3000, 4000)]

    def test_a_fragment_without_any_time_or_place_is_reported(self) -> None:
        placer = Placer(start_clock(second(1, 0)))
        placer.place(second(1, 0))
        before = (placer.clock, placer.anchors())
        placement = placer.place(fragment(2, None, None, 0, (1, 0, 1000)))
        assert placement.tracks == []
        assert [status for status, _ in placement.problems] == [FragmentStatus.NO_TIMESTAMP]
        assert (placer.clock, placer.anchors()) == before


class TestLimits:
    def test_a_timecode_far_from_its_cluster_is_reported_not_placed(self) -> None:
        first = fragment(1, T0, T0, 0, (1, 0, 100), (1, 32_000, 100), (1, 24_950, 100), (1, 200, 30_000))
        placement = Placer(start_clock(first)).place(first)
        assert [(run.start, run.end) for run in placement.tracks[0].runs] == [(0, 100)]
        assert placement.problems[0][0] is FragmentStatus.NO_TIMESTAMP
        assert "3 blocks lie over 25 s" in placement.problems[0][1]

    def test_audio_before_sample_zero_is_reported(self) -> None:
        placer = Placer(start_clock(second(1, 0)))
        placer.place(second(1, 0))
        placement = placer.place(second(2, -600, timecode=5))
        assert (placement.tracks[0].placed, placement.tracks[0].late) == (0, 600)
        assert "600 samples lie before" in placement.problems[0][1]

    def test_a_rate_that_changes_within_the_leg_is_unsupported(self) -> None:
        first = second(1, 0)
        other = tuple(Track(t.number, t.name, t.codec_id, sample_rate_hz=2 * RATE) for t in TRACKS)
        placer = Placer(start_clock(first))
        placer.place(first)
        placement = placer.place(fragment(2, T0, T0 + 1000, 0, (1, 0, 100), tracks=other))
        assert placement.tracks == []
        ((status, reason),) = placement.problems
        assert status is FragmentStatus.UNSUPPORTED_CODEC
        assert "changes from 1000 to 2000 Hz" in reason

    def test_two_tracks_of_one_name_are_not_mixed(self) -> None:
        same = tuple(Track(n, None, "A_PCM/INT/LIT", sample_rate_hz=RATE) for n in (1, 2))
        made = fragment(1, T0, T0, 0, (1, 0, 100), (2, 0, 100), tracks=same)
        placement = Placer(start_clock(made)).place(made)
        assert [placed.track.number for placed in placement.tracks] == [1]
        assert [status for status, _ in placement.problems] == [FragmentStatus.UNSUPPORTED_CODEC]

    def test_one_outlier_does_not_close_a_piece(self) -> None:
        at = PIECE_MS - 2 * MINUTE
        made = [second(1, 0), second(2, at), second(3, at + 4 * MINUTE, server_ms=T0 + at), second(4, at + 1_000)]
        placer = Placer(start_clock(made[0]))
        placed = [sum(track.placed for track in placer.place(each).tracks) for each in made]
        assert placed == [1000] * 4
        assert placer.clock.closed_ms == 0

    def test_two_fragments_beyond_the_lead_out_close_a_piece(self) -> None:
        made = [second(1, 0), second(2, PIECE_MS + LEAD_MS), second(3, PIECE_MS + LEAD_MS + 1_000)]
        placer = Placer(start_clock(made[0]))
        for each in made:
            placer.place(each)
        assert (placer.clock.closed_ms, placer.clock.reach_ms) == (PIECE_MS, PIECE_MS + LEAD_MS + 2_000)
        late = second(4, PIECE_MS - 600, server_ms=T0 + PIECE_MS)
        (placed,) = placer.place(late).tracks
        assert (placed.placed, placed.late) == (400, 600)


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


def test_an_anchor_is_small_and_says_where_its_track_has_got_to() -> None:
    first = second(1, 0)
    placer = Placer(start_clock(first))
    placer.place(first)
    assert placer.anchors() == (TrackAnchor("AUDIO_FROM_CUSTOMER", RATE, 1000, ((0, 1000),)),)
