import numpy as np
import pytest
from builders.channels import Voice, make_channel, pcm

from callbeam.audio import FRAME_MEASURES, analyse_frames, measure_levels, second_measures
from callbeam.schemas import SECOND_MEASURES


def reduce(channel):
    features = analyse_frames(channel)
    return features, second_measures(features, measure_levels(channel)[0])


def test_seconds_are_means_of_their_frames():
    samples = Voice(1, 12, 30).samples
    features, seconds = reduce(
        make_channel(samples, first_sample=2000, covered=[[2000, 30_000], [41_000, 43_000], [52_345, 90_000]])
    )
    assert tuple(seconds) == tuple(column.name for column in SECOND_MEASURES)
    by_frame = {name: np.full(1300, np.nan) for name in FRAME_MEASURES}
    measured = np.zeros(1300, dtype=bool)
    first, count = features.span.first, len(features.span.measured)
    for name in FRAME_MEASURES:
        by_frame[name][first : first + count] = features.measures[name]
    measured[first : first + count] = features.span.measured
    for i in range(13):
        rows = slice(100 * i, 100 * i + 100)
        for name in set(seconds) & set(FRAME_MEASURES) - {"level_dbfs"}:
            values = by_frame[name][rows]
            expected = np.nanmean(values) if np.isfinite(values).any() else np.nan
            assert seconds[name][i] == pytest.approx(expected, rel=1e-5, nan_ok=True), (name, i)
        f0 = by_frame["f0_hz"][rows]
        expected = np.nanmedian(f0) if np.isfinite(f0).any() else np.nan
        assert seconds["f0_median_hz"][i] == pytest.approx(expected, rel=1e-6, nan_ok=True)
        frames = measured[rows].sum()
        ratio = np.isfinite(f0).sum() / frames if frames else np.nan
        assert seconds["voiced_ratio"][i] == pytest.approx(ratio, rel=1e-6, nan_ok=True)
    assert np.isnan(seconds["voicing"]).tolist() == [i in (4, 12) for i in range(13)]


def test_the_level_is_that_of_the_covered_samples():
    rng = np.random.default_rng(0)
    samples = rng.integers(-9000, 9000, 24_000)
    _, seconds = reduce(make_channel(samples, covered=[[0, 9000], [20_000, 24_000]]))
    parts = [samples[:8000], samples[8000:9000], samples[20_000:]]
    expected = [10 * np.log10(np.mean((part / 32768.0) ** 2)) for part in parts]
    np.testing.assert_allclose(seconds["level_dbfs"], expected, rtol=1e-5)
    np.testing.assert_allclose(seconds["loudness_score"], np.array(expected) + 100, rtol=1e-5)


def test_what_a_gap_hides_is_neither_silence_nor_speech():
    tone = pcm(0.3 * np.sin(2 * np.pi * 800 * np.arange(16_000) / 8000))
    _, whole = reduce(make_channel(tone))
    _, holed = reduce(make_channel(tone, covered=[[0, 2000], [6000, 16_000]]))
    for name in ("level_dbfs", "spectral_centroid_hz", "zero_crossing_rate", "voiced_ratio"):
        np.testing.assert_allclose(holed[name], whole[name], rtol=0.03, err_msg=name)


def test_silence_is_no_gap():
    _, seconds = reduce(make_channel(np.zeros(8000)))
    assert seconds["level_dbfs"] == [-100]
    assert seconds["loudness_score"] == [0]
    assert seconds["voiced_ratio"] == [0]
    assert seconds["zero_crossing_rate"] == [0]
    for name in ("spectral_centroid_hz", "f0_median_hz", "hnr_db", "voicing"):
        assert np.isnan(seconds[name]).all()
