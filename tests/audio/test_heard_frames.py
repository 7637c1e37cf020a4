"""Frames that are too faint to be heard are passed over, and the others measure what they do when all are."""

import numpy as np
import pytest
from builders.channels import Voice, make_channel
from hypothesis import given
from hypothesis import strategies as st

from callbeam.audio import FRAME_MEASURES, analyse_frames, measure_levels, second_measures
from callbeam.audio.features import LEVEL_MEASURES, PITCH_MEASURES
from callbeam.audio.spectrum import SPECTRAL_MEASURES
from callbeam.spans import mask_of_spans

SECONDS = 24  # three blocks
CHANNEL = make_channel(Voice(3, SECONDS, 30).samples)
ALL = analyse_frames(CHANNEL, bands=True)
FRAMES = 100 * SECONDS

spans = st.lists(st.tuples(st.integers(0, FRAMES), st.integers(1, 900)), max_size=4).map(
    lambda spans: np.array([(begin, begin + length) for begin, length in spans], dtype=np.int64).reshape(-1, 2)
)


def mask(spans):
    return mask_of_spans(spans, 0, FRAMES)


@given(spans, spans)
def test_what_is_heard_measures_the_same_and_nothing_else_is_measured(heard_spans, pitched_spans):
    heard, pitched = mask(heard_spans), mask(pitched_spans)
    some = analyse_frames(CHANNEL, heard=heard, pitched=pitched)
    values = {name: some.measures[name] for name in SPECTRAL_MEASURES}
    values |= {name: getattr(some, name) for name in ("mfcc", "loudness", "concentration", "centre_hz")}
    expected = {**ALL.measures, **{name: getattr(ALL, name) for name in values if name not in ALL.measures}}
    for name in values:
        np.testing.assert_array_equal(values[name][heard], expected[name][heard], err_msg=name)
        assert np.isnan(values[name][~heard]).all(), name
    for name in LEVEL_MEASURES:
        np.testing.assert_array_equal(some.measures[name], expected[name], err_msg=name)
    for name in PITCH_MEASURES:
        assert np.isnan(some.measures[name][~pitched]).all(), name


@given(spans)
def test_seconds_are_measured_over_what_is_heard_whether_or_not_frames_are_kept(heard_spans):
    heard, levels = mask(heard_spans), measure_levels(CHANNEL)[0]
    plain, kept = (
        second_measures(analyse_frames(CHANNEL, bands=bands, heard=heard), levels) for bands in (False, True)
    )
    for name, values in plain.items():
        np.testing.assert_array_equal(values, kept[name], err_msg=name)
    assert np.isfinite(plain["level_dbfs"]).all()
    for second in range(SECONDS):
        rows = slice(100 * second, 100 * second + 100)
        for name in ("zero_crossing_rate", "spectral_flatness"):
            frames = ALL.measures[name][rows][heard[rows]]
            expected = frames.mean() if len(frames) else np.nan
            assert plain[name][second] == pytest.approx(expected, rel=1e-5, nan_ok=True), (name, second)


def test_all_frames_are_measured_where_they_are_kept():
    nothing = np.zeros(FRAMES, dtype=bool)
    features = analyse_frames(CHANNEL, bands=True, heard=nothing, pitched=nothing)
    for name in set(FRAME_MEASURES) - set(PITCH_MEASURES):
        np.testing.assert_array_equal(features.measures[name], ALL.measures[name], err_msg=name)
    np.testing.assert_array_equal(features.logmel, ALL.logmel)
