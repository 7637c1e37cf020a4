"""A clock that steps costs no sample and makes no gap; gaps stay gaps; what is sent twice counts once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders.stepping_legs import T0, SteppingLeg, check, hear
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STEPS_MS = [-T0, -3_600_000, -600_000, -30_000, -2_000, -1_000, 1_000, 2_000, 30_000, 600_000, 3_600_000]
JITTERS_MS = [0, 40, 300, 1_000, 2_000]


@pytest.mark.parametrize("step_ms", STEPS_MS)
@pytest.mark.parametrize("tracks", [1, 2])
def test_a_step_is_found_and_costs_nothing(step_ms: int, tracks: int) -> None:
    heard = check(SteppingLeg(1, tracks).talk(10).step(step_ms).talk(12))
    assert set(heard.statuses) == {"decoded"}


@pytest.mark.parametrize("jitter_ms", JITTERS_MS)
@pytest.mark.parametrize("seed", range(12))
def test_steps_and_gaps_under_jitter(seed: int, jitter_ms: int) -> None:
    """Smaller steps than the server's jitter are not to be told from gaps; these are."""
    leg = SteppingLeg(seed, jitter_ms=jitter_ms).talk(20)
    for index, step_ms in enumerate((2_000, -2_000, 30_000, -3_600_000, 600_000)):
        leg.step(step_ms).talk(18)
        leg.pause((1_500, 3_000, 8_000, 20_000, 2_000)[(index + seed) % 5]).talk(18)
    check(leg)


@pytest.mark.parametrize("pause_ms", [100, 300, 1_000, 2_500, 20_000, 240_000])
def test_a_gap_is_a_gap(pause_ms: int) -> None:
    for jitter_ms in JITTERS_MS:
        for before in (1, 2, 12):
            for in_order in (True, False):
                leg = SteppingLeg(3, jitter_ms=jitter_ms, in_order=in_order).talk(before)
                assert check(leg.pause(pause_ms).talk(20)).steps == []


def test_a_gap_while_a_backlog_drains_is_a_gap() -> None:
    leg = SteppingLeg(5).talk(10)
    leg.lag_ms = 12_000
    for _ in range(12):
        leg.talk(1)
        leg.lag_ms -= 900
    leg.pause(3_000)
    for _ in range(2):
        leg.talk(1)
    leg.lag_ms = 1_200
    assert check(leg.talk(10)).steps == []
    fresh = SteppingLeg(6, lag_ms=12_000)
    for _ in range(6):
        fresh.talk(1)
        fresh.lag_ms -= 900
    fresh.pause(3_000)
    for _ in range(5):
        fresh.talk(1)
        fresh.lag_ms -= 900
    assert check(fresh.talk(10)).steps == []


@pytest.mark.parametrize("step_ms", [0, -2_000, 2_000, 3_600_000, -T0])
@pytest.mark.parametrize(("first", "end"), [(0, 16), (5, 16), (0, 9), (3, 12)])
def test_a_reupload_counts_once_also_across_a_step(step_ms: int, first: int, end: int) -> None:
    leg = SteppingLeg(2).talk(10)
    if step_ms:
        leg.step(step_ms)
    for sent in (2, 5):
        leg.talk(sent).pause(4_000).resend(4, first_block=first, end_block=end)
    heard = check(leg.talk(6))
    assert heard.statuses.count("duplicate") == 8


def test_a_fragment_that_was_cut_is_completed_by_its_reupload() -> None:
    leg = SteppingLeg(4).talk(10)
    whole, at_ms = leg.sent[-1]
    leg.sent[-1] = (type(whole)(whole.true_ms, whole.clock_ms, whole.pcm[:, : 7 * 512]), at_ms)
    heard = check(leg.resend(2).talk(5))
    assert heard.statuses == ["decoded"] * 10 + ["duplicate"] + ["decoded"] * 6


def test_what_follows_a_reupload_that_lies_a_little_early_goes_on_at_the_audios_end() -> None:
    leg = SteppingLeg(13).talk(8).step(-40)
    for one in leg.written[-2:]:
        leg._send(replace(one, clock_ms=one.clock_ms - 40), leg.now_ms)
    heard = check(leg.talk(8), steps=False)
    assert (heard.statuses.count("duplicate"), heard.steps) == (2, [])


def test_a_late_fragment_fills_its_hole_and_is_no_step() -> None:
    leg = SteppingLeg(4).talk(12)
    late, _ = leg.sent.pop(7)
    leg.sent.append((late, leg.sent[-1][1] + 5))
    assert check(leg.talk(4)).steps == []


@pytest.mark.parametrize("step_ms", STEPS_MS)
def test_silence_is_no_evidence(step_ms: int) -> None:
    """What follows it tells; or where all is silent, how fast it came."""
    leg = SteppingLeg(7).talk(8)
    leg.silent = True
    leg.talk(4).step(step_ms).talk(4)
    leg.silent = False
    check(leg.talk(6))
    silent = SteppingLeg(8, silent=True).talk(10).step(step_ms).talk(24)
    check(silent)
    again = SteppingLeg(8, silent=True).talk(10).resend(4).talk(24)
    assert check(again).statuses.count("duplicate") == 4


@pytest.mark.parametrize("says_when", [True, False])
@pytest.mark.parametrize("step_ms", [-3_600_000, -2_000, 2_000, 3_600_000])
def test_a_clock_that_is_wrong_from_the_start_is_watched_by_its_timecodes(step_ms: int, says_when: bool) -> None:
    leg = SteppingLeg(10, clock_ms=3_600_000, says_when=says_when)
    leg.talk(10).resend(3).talk(6).step(step_ms).talk(12).pause(5_000).talk(8)
    heard = check(leg)
    assert heard.statuses.count("duplicate") == 3


def test_a_clock_set_back_within_a_fragment() -> None:
    leg = SteppingLeg(12).talk(10)
    made = leg.talk(1).step(-2_000).talk(8).fragments()
    document = made[10].document
    assert document is not None
    back = [b._replace(timecode=b.timecode - 400 * (b.timecode - document.clusters[0] >= 512)) for b in document.blocks]
    made[10] = replace(made[10], document=replace(document, blocks=back))
    heard = hear(leg, made)
    assert heard.gaps == []
    assert [len(samples) for samples in heard.samples] == [19 * 1024 * 8] * 2
    repeated = replace(document, blocks=[*document.blocks, *document.blocks[4:8]])
    made[10] = replace(made[10], document=repeated)
    assert [len(samples) for samples in hear(leg, made).samples] == [19 * 1024 * 8] * 2


def test_overlaps_of_jitter_size_go_on_and_do_not_add_up() -> None:
    leg = SteppingLeg(11)
    for late_ms in (0, 40, -60, 100, -90, 0, 200, -200, 15, 0):
        leg.clock_ms = -late_ms
        leg.talk(1)
        leg.clock_ms = 0
        leg.talk(2)
    heard = hear(leg)
    assert heard.steps == []
    assert set(heard.statuses) == {"decoded"}
    assert [len(samples) for samples in heard.samples] == [30 * 1024 * 8] * 2
    assert heard.gaps == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 10_000),
    st.sampled_from([1, 2]),
    st.lists(
        st.one_of(
            st.tuples(st.just("step"), st.sampled_from(STEPS_MS)),
            st.tuples(st.just("pause"), st.integers(1_000, 40_000)),
            st.tuples(st.just("resend"), st.integers(1, 8)),
            st.tuples(st.just("talk"), st.integers(1, 5)),
        ),
        max_size=8,
    ),
    st.integers(0, 15),
    st.integers(1, 16),
)
def test_any_steps_gaps_and_reuploads(seed, tracks, happenings, first, end) -> None:
    leg = SteppingLeg(seed, tracks).talk(8)
    for what, value in happenings:
        getattr(leg, what)(value, **({"first_block": first, "end_block": end} if what == "resend" else {}))
        leg.talk(8)
    check(leg)


def test_the_state_before_a_step_does_not_hang_on_pieces() -> None:
    leg = SteppingLeg(9, tracks=1).talk(1_700).step(-2_000).talk(80).step(3_600_000).talk(60).resend(5).talk(40)
    heard = hear(leg)
    assert heard.steps == [-2_000, 3_600_000]
    assert sum(map(len, heard.samples)) == sum(one.pcm.size for one in leg.written)
