"""What of a channel's speech is its own: echo goes, double talk stays, what nothing explains is not touched."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from callbeam.legs import LevelTrack, explained_frames, take_out_leaks
from callbeam.line import Leak
from callbeam.spans import as_spans, covered, intersect, length, spans_of_mask, subtract

FRAMES = 1500
SPANS = st.lists(st.tuples(st.integers(0, FRAMES), st.integers(0, FRAMES)), max_size=8).map(
    lambda pairs: as_spans(sorted(pair) for pair in pairs)
)


def levels(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.repeat(rng.uniform(-70, -15, FRAMES // 10), 10).astype(np.float32)


def mask(spans: np.ndarray) -> np.ndarray:
    marked = np.zeros(FRAMES, np.bool_)
    for begin, end in spans.tolist():
        marked[begin:end] = True
    return marked


@given(SPANS, SPANS, st.integers(0, 1000))
def test_only_what_was_speech_is_speech_and_little_of_it_explained(
    speech: np.ndarray, explained: np.ndarray, seed: int
) -> None:
    own = take_out_leaks(speech, levels(seed), mask(explained))
    assert np.array_equal(own, as_spans(own.tolist()))
    assert length(subtract(own, speech)) == 0
    untouched = speech[covered(intersect(speech, explained), speech) == 0]
    assert length(subtract(untouched, own)) == 0
    for span in own[covered(intersect(own, explained), own) > 0].tolist():
        echo = int(covered(explained, np.array([span]))[0])
        assert 2 * echo <= span[1] - span[0]


@given(SPANS, st.integers(0, 1000))
def test_without_echo_nothing_is_taken(speech: np.ndarray, seed: int) -> None:
    assert take_out_leaks(speech, levels(seed), np.zeros(FRAMES, np.bool_)) is speech


def track(level: np.ndarray) -> LevelTrack:
    return LevelTrack(level.astype(np.float32), np.full(len(level), np.nan, np.float32))


def test_speech_over_the_echo_is_speech() -> None:
    source, target = np.full(1000, -65.0), np.full(1000, -60.0)
    source[100:900] = -20.0
    target[108:908] = -48.0
    target[400:600] = -25.0  # the target's own, while the other goes on
    leak = Leak(echo_db=-28.0, delay_ms=80.0)
    explained = explained_frames(track(source), track(target), leak, shift_ms=0)
    own = take_out_leaks(np.array([[108, 908]]), target.astype(np.float32), explained)
    ((begin, end),) = own.tolist()
    assert abs(begin - 400) <= 3
    assert abs(end - 600) <= 3


def test_the_legs_clocks_are_taken_into_account() -> None:
    source, target = np.full(1000, -65.0), np.full(600, -60.0)
    source[500:700] = -20.0
    target[108:308] = -45.0  # the target's leg begins 4 s later, and the echo comes 80 ms late
    leak = Leak(echo_db=-25.0, delay_ms=80.0)
    frames = spans_of_mask(explained_frames(track(source), track(target), leak, shift_ms=4000))
    assert abs(int(frames[0, 0]) - 108) <= 3
    assert int(frames[-1, 1]) >= 305


def test_a_loud_leak_explains_nothing() -> None:
    level = track(np.full(500, -20.0))
    for echo_db in (-9.0, 0.0, 12.0):
        assert not explained_frames(level, level, Leak(echo_db=echo_db, delay_ms=0.0), shift_ms=0).any()
    assert not explained_frames(level, level, Leak(), shift_ms=0).any()
