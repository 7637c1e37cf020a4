"""What one leg hears of another, from levels alone: found where it is, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.legs import LevelTrack, compare_tracks

NOISE_DBFS = -60.0


def talk(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Draw the levels of one who speaks for 2 to 6 s at a time, then not for 4 to 8: syllables, in dBFS."""
    level = np.full(frames, -200.0)
    at = int(rng.integers(50, 300))
    while at < frames:
        end = min(at + int(rng.integers(150, 600)), frames)
        while at < end:
            count = min(int(rng.integers(10, 30)), end - at)
            level[at : at + count] = rng.uniform(-45, -18) + 8 * np.sin(np.pi * np.arange(count) / count)
            at += count + int(rng.integers(0, 8))
        at = end + int(rng.integers(400, 800))
    return level


def line(rng: np.random.Generator, *sounds: np.ndarray) -> np.ndarray:
    """Add sounds' powers and a noise that swings."""
    noise = NOISE_DBFS + rng.normal(0, 0.7, len(sounds[0]))
    return 10 * np.log10(sum(10 ** (level / 10) for level in (*sounds, noise)))


def delayed(level: np.ndarray, frames: int, gain_db: float) -> np.ndarray:
    return np.concatenate((np.full(frames, -200.0), level[: len(level) - frames])) + gain_db


def track(level: np.ndarray) -> LevelTrack:
    steps = (np.round(level * 2) / 2).astype(np.float32)
    return LevelTrack(steps, np.full(len(level), np.nan, np.float32))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    seconds=st.integers(90, 200),
    gain_db=st.floats(-30, -12),
    delay=st.integers(4, 25),
    late=st.integers(0, 1500),
    unsure_ms=st.integers(0, 500),
)
def test_an_echo_is_found_with_its_gain_and_delay(
    seed: int, seconds: int, gain_db: float, delay: int, late: int, unsure_ms: int
) -> None:
    rng = np.random.default_rng(seed)
    one, other = talk(rng, seconds * 100), talk(rng, seconds * 100)
    first, second = line(rng, one), line(rng, other, delayed(one, delay, gain_db))[late:]
    leak = compare_tracks(track(first), track(second), shift_ms=10 * late, unsure_ms=unsure_ms).forward
    assert leak.echo_db is not None
    assert leak.echo_db == pytest.approx(gain_db, abs=4)
    assert leak.delay_ms == pytest.approx(10 * delay, abs=10)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), seconds=st.integers(20, 200), late=st.integers(0, 1500), unsure=st.integers(0, 2000)
)
def test_two_who_only_talk_leak_nothing(seed: int, seconds: int, late: int, unsure: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = (line(rng, talk(rng, seconds * 100)) for _ in range(2))
    found = compare_tracks(track(first), track(second[late:]), shift_ms=10 * late, unsure_ms=unsure)
    assert (found.forward.echo_db, found.backward.echo_db, found.alike) == (None, None, False)
    assert found.correlation is None  # of samples, which never met


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), gain_db=st.floats(-12, 12), late=st.integers(0, 2000), delay=st.integers(0, 20))
def test_the_same_sound_is_noticed_when_one_leg_starts_later(seed: int, gain_db: float, late: int, delay: int) -> None:
    rng = np.random.default_rng(seed)
    both = line(rng, talk(rng, 6000), talk(rng, 6000))
    second = np.concatenate((np.full(delay, NOISE_DBFS), both))[late:] + gain_db
    assert compare_tracks(track(both), track(second), shift_ms=10 * late, unsure_ms=100).alike


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_voice_and_a_mix_that_holds_it_are_not_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = talk(rng, 6000), talk(rng, 6000)
    assert not compare_tracks(track(line(rng, one)), track(line(rng, one, other)), shift_ms=0, unsure_ms=100).alike


def test_a_clock_that_is_wrong_is_part_of_the_delay() -> None:
    rng = np.random.default_rng(3)
    one, other = talk(rng, 9000), talk(rng, 9000)
    first, second = track(line(rng, one)), track(line(rng, other, delayed(one, 8, -22)))
    right, wrong, far = (compare_tracks(first, second, shift_ms=ms, unsure_ms=300).forward for ms in (0, 304, -2000))
    assert (right.delay_ms, wrong.delay_ms, far.echo_db) == (80, 384, None)


def test_fractions_of_a_frame_are_kept() -> None:
    rng = np.random.default_rng(4)
    one, other = talk(rng, 6000), talk(rng, 6000)
    first, second = track(line(rng, one)), track(line(rng, other, delayed(one, 8, -22)))
    assert compare_tracks(first, second, shift_ms=3, unsure_ms=50).forward.delay_ms == 83
    assert compare_tracks(second, first, shift_ms=-3, unsure_ms=50).backward.delay_ms == 83


@pytest.mark.parametrize("level", [np.zeros(0), np.full(30, -30.0), np.full(5000, np.nan), np.full(5000, -100.0)])
def test_what_holds_nothing_tells_nothing(level: np.ndarray) -> None:
    other = line(np.random.default_rng(5), talk(np.random.default_rng(5), 5000))
    for first, second in ((level, other), (other, level), (level, level)):
        found = compare_tracks(track(first), track(second), shift_ms=0, unsure_ms=100)
        assert (found.forward.echo_db, found.backward.echo_db, found.alike) == (None, None, False)


def test_a_tone_that_repeats_on_both_legs_is_no_echo() -> None:
    """Ringback of two networks: what comes again at other delays is no evidence."""
    cadence = np.tile(np.repeat([-20.0, -200.0], [100, 400]), 12)
    rng = np.random.default_rng(6)
    first, second = line(rng, cadence), line(rng, np.roll(cadence, 7) - 15)
    assert compare_tracks(track(first), track(second), shift_ms=0, unsure_ms=100).forward.echo_db is None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), wrong_ms=st.integers(-250, 250), two_way=st.booleans())
def test_an_echo_is_not_taken_for_a_leak_of_where_it_comes_from(seed: int, wrong_ms: int, two_way: bool) -> None:
    """Where clocks are unsure, a loud echo of a soft voice is seen from both sides."""
    rng = np.random.default_rng(seed)
    one, other = talk(rng, 15_000), talk(rng, 15_000) - 6
    first = line(rng, one, *([delayed(other, 12, -18)] if two_way else []))
    second = line(rng, other, delayed(one, 9, -14))
    found = compare_tracks(track(first), track(second), shift_ms=wrong_ms, unsure_ms=300)
    assert found.forward.delay_ms == pytest.approx(90 + wrong_ms, abs=10)
    assert found.forward.echo_db == pytest.approx(-14, abs=3)
    if two_way:
        assert found.backward.delay_ms == pytest.approx(120 - wrong_ms, abs=10)
        assert found.backward.echo_db == pytest.approx(-18, abs=3)
    else:
        assert found.backward.echo_db is None
