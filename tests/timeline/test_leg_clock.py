"""The clock of a leg, and where it puts blocks."""

from __future__ import annotations

import pytest
from builders.clock_fragments import MINUTE, RATE, T0, TRACKS, fragment, runs, second

from callbeam.kvs import FragmentStatus
from callbeam.mkv import Track
from callbeam.timeline import LEAD_MS, PIECE_MS, Placer, TrackAnchor, start_clock
from callbeam.timeline.leg_clock import ClockError

pytestmark = pytest.mark.usefixtures("low_rates")


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


def test_an_anchor_is_small_and_says_where_its_track_has_got_to() -> None:
    first = second(1, 0)
    placer = Placer(start_clock(first))
    placer.place(first)
    assert placer.anchors() == (TrackAnchor("AUDIO_FROM_CUSTOMER", RATE, 1000, ((0, 1000),)),)
