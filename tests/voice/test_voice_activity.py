"""From probabilities to spans of speech: thresholds, shortest speech and pause, borders, masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.audio import FrameSpan
from callbeam.errors import UsageError
from callbeam.voice import VoiceActivityConfig, speech_spans

UNMOVED = VoiceActivityConfig(onset_shift_ms=0, offset_shift_ms=0)


def span_of(measured, first=0):
    measured = np.asarray(measured, dtype=bool)
    return FrameSpan(first, measured, measured.copy(), slice(0, len(measured)))


def decide(probabilities, config=UNMOVED, first=0, level=None):
    values = np.asarray(probabilities, dtype=np.float32)
    level = None if level is None else np.asarray(level, dtype=np.float32)
    return speech_spans(values, span_of(~np.isnan(values), first), config, level).tolist()


def frames(*runs):
    """(count, value), ... -> array."""
    return np.concatenate([np.full(count, value, np.float32) for count, value in runs])


def test_speech_begins_at_one_threshold_and_ends_below_another():
    assert decide(frames((50, 0.4), (30, 0.5), (30, 0.36), (50, 0.34)), first=1000) == [[1050, 1110]]


def test_the_end_threshold_may_be_given():
    config = VoiceActivityConfig(neg_threshold=0.5, onset_shift_ms=0, offset_shift_ms=0)
    assert decide(frames((50, 0.4), (30, 0.5), (30, 0.36), (50, 0.34)), config) == [[50, 80]]


def test_short_pauses_belong_to_speech_and_short_speech_is_none():
    assert decide(frames((30, 0.9), (9, 0.0), (30, 0.9), (10, 0.0), (25, 0.9), (60, 0.0), (24, 0.9))) == [
        [0, 69],
        [79, 104],
    ]


def test_short_stretches_of_one_utterance_count_together():
    assert decide(frames((20, 0.9), (5, 0.0), (20, 0.9), (40, 0.0))) == [[0, 45]]


def test_speech_never_crosses_masked_frames():
    assert decide(frames((40, 0.9), (1, np.nan), (40, 0.9))) == [[0, 40], [41, 81]]
    moved = VoiceActivityConfig(onset_shift_ms=-50, offset_shift_ms=50)
    assert decide(frames((40, 0.9), (3, np.nan), (2, 0.0), (40, 0.9), (20, 0.0)), moved) == [[0, 40], [43, 90]]


def test_borders_are_shifted_where_no_level_is_given():
    config = VoiceActivityConfig(onset_shift_ms=-20, offset_shift_ms=-120)
    assert decide(frames((50, 0.0), (60, 0.9), (50, 0.0)), config) == [[48, 98]]


def test_a_shift_leaves_something_of_the_shortest_speech():
    config = VoiceActivityConfig(min_speech_ms=10, onset_shift_ms=0, offset_shift_ms=-120)
    assert decide(frames((50, 0.0), (3, 0.9), (50, 0.0)), config) == [[50, 51]]


def test_borders_are_moved_to_where_the_level_says():
    heard = frames((105, 0.0), (107, 0.9), (88, 0.0))  # begins 50 ms late, ends 120 ms late
    level = frames((100, -60), (100, -25), (100, -60))
    assert decide(heard, level=level) == [[100, 200]]


@pytest.mark.parametrize("noise_dbfs", [-75, -55, -45, -36])
def test_noise_hides_how_a_voice_rises_and_fades_and_does_not_move_its_borders(noise_dbfs):
    """As voices do without noise: by 10 dB in 10 ms, and by 3.3; 27 dB below its loudest it is over."""
    rng = np.random.default_rng(0)
    heard = frames((110, 0.0), (105, 0.9), (85, 0.0))
    voice = np.interp(np.arange(300), [96, 97.3, 100, 200, 208.1, 212], [-90, -53, -26, -26, -53, -90])
    power = 10 ** (voice / 10) + 10 ** ((noise_dbfs + rng.normal(0, 0.7, 300)) / 10)
    ((begin, end),) = decide(heard, level=10 * np.log10(power))
    assert abs(begin - 98) <= 1
    assert abs(end - 208) <= 2


def test_moved_borders_stay_among_unmasked_frames_and_apart():
    level = np.full(200, -20.0)
    heard = frames((60, 0.9), (20, np.nan), (10, 0.0), (40, 0.9), (12, 0.0), (58, 0.9))
    level[60:80] = np.nan
    spans = decide(heard, level=level)
    assert spans[0] == [0, 60]
    assert spans[1][0] >= 80
    assert spans[-1][1] == 200


def test_speech_that_is_nowhere_loud_enough_is_none():
    heard = frames((50, 0.0), (60, 0.9), (50, 0.0), (60, 0.9), (50, 0.0))
    level = frames((50, -90), (60, -56), (50, -90), (60, -54), (50, -90))
    assert [begin for begin, _ in decide(heard, level=level)] == [160]


def test_without_speech_there_is_none():
    assert speech_spans(np.zeros(100, np.float32), span_of(np.ones(100)), UNMOVED).shape == (0, 2)
    assert speech_spans(np.zeros(0, np.float32), span_of([]), UNMOVED, np.zeros(0, np.float32)).shape == (0, 2)


def reference(probabilities, config):
    """Decide frame by frame."""
    spans, begin = [], None
    for at, value in enumerate([*probabilities.tolist(), np.nan]):
        if begin is None:
            begin = at if value >= config.threshold else None
        elif not value >= config.end_threshold:
            spans.append([begin, at])
            begin = None
    joined = []
    for begin, end in spans:
        gap = probabilities[joined[-1][1] : begin] if joined else None
        if gap is not None and len(gap) < config.min_silence_ms // 10 and not np.isnan(gap).any():
            joined[-1][1] = end
        else:
            joined.append([begin, end])
    return [[begin, end] for begin, end in joined if end - begin >= config.min_speech_ms // 10]


PROBABILITIES = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from([0.0, 0.34, 0.36, 0.49, 0.5, 1.0, np.nan])), max_size=25
)


@settings(deadline=None, max_examples=150)
@given(runs=PROBABILITIES)
def test_decisions_are_those_of_going_frame_by_frame(runs):
    values = frames((0, 0.0), *runs)
    assert decide(values) == reference(values, UNMOVED)


@settings(deadline=None, max_examples=150)
@given(runs=PROBABILITIES, seed=st.integers(0, 9), level=st.booleans(), first=st.integers(0, 5000))
def test_spans_are_sorted_disjoint_and_unmasked(runs, seed, level, first):
    values = frames((0, 0.0), *runs)
    levels = np.random.default_rng(seed).uniform(-90, -10, len(values)) if level else None
    if levels is not None:
        levels[np.isnan(values)] = np.nan
    spans = np.array(decide(values, VoiceActivityConfig(), first, levels), dtype=np.int64).reshape(-1, 2)
    assert (spans[:, 0] < spans[:, 1]).all()
    assert (spans[1:, 0] > spans[:-1, 1]).all()
    for begin, end in (spans - first).tolist():
        assert begin >= 0
        assert end <= len(values)
        assert not np.isnan(values[begin:end]).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 1.0}, "--vad-threshold"),
        ({"threshold": 0.4, "neg_threshold": 0.5}, "--vad-neg-threshold is 0.5.*leave it out for 0.25"),
        ({"neg_threshold": 0.0}, "--vad-neg-threshold"),
        ({"min_speech_ms": -1}, "--vad-min-speech-ms"),
        ({"min_silence_ms": 20_000}, "--vad-min-silence-ms"),
        ({"speech_pad_ms": -10}, "--vad-speech-pad-ms"),
        ({"min_level_dbfs": 3.0}, "--vad-min-level-dbfs"),
        ({"min_level_dbfs": float("nan")}, "--vad-min-level-dbfs"),
    ],
)
def test_senseless_options_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        VoiceActivityConfig(**options)


def test_defaults_are_silero_s():
    config = VoiceActivityConfig()
    assert (config.threshold, config.min_speech_ms, config.min_silence_ms, config.speech_pad_ms) == (0.5, 250, 100, 30)
    assert config.end_threshold == pytest.approx(0.35)
    assert VoiceActivityConfig(threshold=0.1).end_threshold == pytest.approx(0.01)
