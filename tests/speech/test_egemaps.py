"""eGeMAPS-style functionals against their definitions in the paper, written plainly, and in closed form."""

import re
from pathlib import Path

import numpy as np
import pytest
from builders.features import drawn, features_of, voice_of
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.schemas import EGEMAPS_MEASURES
from callbeam.speech import egemaps_measures

FIRST, COUNT = 300, 300
NAMES = [column.name for column in EGEMAPS_MEASURES]


def known(values):
    return [float(value) for value in values if np.isfinite(value)]


def mean(values):
    return np.mean(known(values)) if known(values) else np.nan


def deviation(values):
    return np.std(known(values)) if len(known(values)) > 1 else np.nan


def smooth(values):
    return np.array(
        [mean(values[max(i - 1, 0) : i + 2]) if np.isfinite(value) else np.nan for i, value in enumerate(values)]
    )


def segments(mask):
    """Return the lengths of the runs in which a mask holds."""
    lengths, length = [], 0
    for holds in [*mask, False]:
        length = length + 1 if holds else 0
        lengths += [1] if length == 1 else []
        if length > 1:
            lengths[-1] = length
    return lengths


def parts(contour):
    """Return (slope per second, direction) of each part between extrema, and how many peaks there are."""
    slopes, peaks, begin = [], 0, None
    direction, moved = 0, 0
    for i in range(1, len(contour) + 1):
        step = contour[i] - contour[i - 1] if i < len(contour) else np.nan
        now = int(np.sign(step)) if np.isfinite(step) else 0
        if now != direction:
            if direction:
                slopes.append(((contour[i - 1] - contour[begin]) / ((i - 1 - begin) * 0.01), direction))
            begin, direction = i - 1, now
        if step != 0:
            peaks += moved > 0 > now
            moved = now
    return slopes, peaks


def plain_functionals(features, voice, speech, begin, end):
    rows = [k for k in range(begin - FIRST, end - FIRST) if 0 <= k < COUNT]
    of = {name: values[rows] for name, values in features.measures.items()}
    measured = features.span.measured[rows]
    voiced = measured & speech[rows] & np.isfinite(of["f0_hz"])
    unvoiced = measured & ~voiced
    tones = 12 * np.log2(of["f0_hz"].astype(np.float64) / 27.5)
    result = {}

    def both(name, unit, values):
        result[f"{name}_mean{unit}"] = mean(values)
        result[f"{name}_cv"] = deviation(values) / mean(values)

    contours = {
        ("f0", "_st"): smooth(np.where(voiced, tones, np.nan)),
        ("loudness", ""): smooth(features.loudness[rows]),
    }
    for (name, unit), contour in contours.items():
        both(name, unit, contour)
        points = np.percentile(known(contour), [20, 50, 80]) if known(contour) else [np.nan] * 3
        result |= {f"{name}_p{p}{unit}": point for p, point in zip((20, 50, 80), points, strict=True)}
        result[f"{name}_range{unit}"] = points[2] - points[0]
        slopes, peaks = parts(contour)
        for way, sign in (("rising", 1), ("falling", -1)):
            some = [slope for slope, direction in slopes if direction == sign]
            unit_s = f"{unit}_s" if unit else "_per_s"
            result[f"{name}_{way}_slope_mean{unit_s}"] = mean(some)
            result[f"{name}_{way}_slope_sd{unit_s}"] = deviation(some)
    seconds = measured.sum() * 0.01
    result["loudness_peaks_hz"] = peaks / seconds if seconds else np.nan
    for name, unit, values in (
        ("jitter", "", voice.jitter_ratio),
        ("shimmer", "_db", voice.shimmer_db),
        ("hnr", "_db", features.measures["hnr_db"]),
        *((f"f{i}_frequency", "_hz", getattr(voice, f"f{i}_hz")) for i in (1, 2)),
        *((f"f{i}_bandwidth", "_hz", getattr(voice, f"f{i}_bandwidth_hz")) for i in (1, 2)),
        *((f"f{i}_level", "_db", getattr(voice, f"f{i}_level_db")) for i in (1, 2)),
    ):
        both(name, unit, smooth(np.where(voiced, values[rows], np.nan)))
    for name, unit, values in (
        ("alpha_ratio", "_db", of["alpha_ratio_db"]),
        ("hammarberg_index", "_db", of["hammarberg_index_db"]),
        ("slope_0_500", "_db_khz", of["spectral_slope_0_500_db_khz"]),
        ("slope_500_1500", "_db_khz", of["spectral_slope_500_1500_db_khz"]),
        ("flux", "", of["spectral_flux"]),
        *((f"mfcc_{i}", "", features.mfcc[rows, i]) for i in range(1, 5)),
    ):
        smoothed = smooth(values)
        both(f"voiced_{name}", unit, smoothed[voiced])
        if not name.startswith("mfcc"):
            result[f"unvoiced_{name}_mean{unit}"] = mean(smoothed[unvoiced])
        if not unit:
            both(name, unit, smoothed)
    for name, mask in (("voiced", voiced), ("unvoiced", unvoiced)):
        lengths = [10 * length for length in segments(mask)]
        result |= {f"{name}_segment_mean_ms": mean(lengths), f"{name}_segment_sd_ms": deviation(lengths)}
    result["voiced_segments_hz"] = len(segments(voiced)) / seconds if seconds else np.nan
    power = mean(10 ** (of["level_dbfs"].astype(np.float64) / 10))
    result["equivalent_level_dbfs"] = 10 * np.log10(power)
    return {f"egemaps_{name}": value for name, value in result.items()}


def test_there_are_78_columns():
    assert len(NAMES) == len(set(NAMES)) == 88 - 10
    assert all(name.startswith("egemaps_") for name in NAMES)


@given(
    st.integers(0, 20),
    st.lists(st.tuples(st.integers(FIRST - 20, FIRST + COUNT), st.integers(0, 150)), max_size=5),
)
@settings(max_examples=30, deadline=None)
def test_functionals_are_as_defined(seed, spans):
    features, voice, speech = drawn(seed, COUNT, FIRST)
    pairs = np.array([(begin, begin + length) for begin, length in spans], dtype=np.int64).reshape(-1, 2)
    found = egemaps_measures(features, voice, speech, pairs)
    assert sorted(found) == sorted(NAMES)
    for i, (begin, end) in enumerate(pairs.tolist()):
        for name, value in plain_functionals(features, voice, speech, begin, end).items():
            # Variation about a mean near 0 and percentiles of float32 contours are what rounding moves most.
            assert found[name][i] == pytest.approx(value, rel=2e-4, abs=1e-4, nan_ok=True), (name, begin, end)


def functionals(features, voice, speech=None):
    count = len(features.span.measured)
    speech = np.ones(count, dtype=bool) if speech is None else speech
    first = features.span.first
    found = egemaps_measures(features, voice, speech, np.array([[first, first + count]]))
    return {name: float(values[0]) for name, values in found.items()}


def test_a_sawtooth_of_loudness():
    # Up by 0.1 for 10 frames, down by 0.2 for 5. Smoothing makes two frames of a peak equally high: still one peak.
    period = np.concatenate((np.arange(10) * 0.1, 1 - np.arange(5) * 0.2))
    loudness = np.tile(period, 20)
    found = functionals(features_of(300, loudness=loudness), voice_of(300))
    assert found["egemaps_loudness_peaks_hz"] == pytest.approx(20 / 3)
    # Smoothed it goes from 0.1 to 0.9 in 8 steps, stays, falls back in 5, stays; only the first and last part differ.
    assert found["egemaps_loudness_rising_slope_mean_per_s"] == pytest.approx(10, rel=0.01)
    assert found["egemaps_loudness_falling_slope_mean_per_s"] == pytest.approx(-16, rel=0.01)
    assert found["egemaps_loudness_mean"] == pytest.approx(0.5, rel=0.05)
    assert found["egemaps_loudness_range"] == pytest.approx(np.ptp(np.percentile(period, [20, 80])), abs=0.05)


def test_a_glide_has_one_rising_part_in_each_voiced_segment():
    at = np.arange(100)
    f0 = 110 * 2 ** (np.where(at < 40, at * 0.1, (at - 60) * 0.2) / 12)
    f0[40:60] = np.nan
    found = functionals(features_of(100, f0_hz=f0), voice_of(100))
    # Within a run of k frames smoothing moves the ends inwards by half a step each: (k - 2) steps over k - 1 frames.
    slopes = np.array([10 * 38 / 39, 20 * 38 / 39])
    assert found["egemaps_f0_rising_slope_mean_st_s"] == pytest.approx(slopes.mean(), rel=1e-3)
    assert found["egemaps_f0_rising_slope_sd_st_s"] == pytest.approx(slopes.std(), rel=1e-3)
    assert np.isnan(found["egemaps_f0_falling_slope_mean_st_s"])
    assert found["egemaps_voiced_segments_hz"] == pytest.approx(2)
    assert found["egemaps_voiced_segment_mean_ms"] == pytest.approx(400)
    assert found["egemaps_voiced_segment_sd_ms"] == pytest.approx(0)
    assert found["egemaps_unvoiced_segment_mean_ms"] == pytest.approx(200)
    assert np.isnan(found["egemaps_unvoiced_segment_sd_ms"])


def test_smoothing_stays_within_voiced_runs():
    f0 = np.full(60, np.nan)
    f0[10:13], f0[14:20] = 110, 220
    found = functionals(features_of(60, f0_hz=f0), voice_of(60))
    assert found["egemaps_f0_p20_st"] == pytest.approx(24)
    assert found["egemaps_f0_p80_st"] == pytest.approx(36)
    assert found["egemaps_f0_mean_st"] == pytest.approx((3 * 24 + 6 * 36) / 9)


def test_pitch_outside_speech_is_not_voice():
    speech = np.zeros(100, dtype=bool)
    speech[:50] = True
    found = functionals(features_of(100, f0_hz=np.repeat([110, 440], 50)), voice_of(100), speech)
    assert found["egemaps_f0_mean_st"] == pytest.approx(24)
    assert found["egemaps_voiced_segment_mean_ms"] == found["egemaps_unvoiced_segment_mean_ms"] == 500


def test_a_constant_has_no_variation():
    found = functionals(features_of(50, spectral_flux=np.full(50, 0.25)), voice_of(50))
    assert found["egemaps_flux_mean"] == pytest.approx(0.25)
    assert found["egemaps_flux_cv"] == pytest.approx(0)
    assert found["egemaps_loudness_range"] == 0
    assert np.isnan(found["egemaps_loudness_rising_slope_mean_per_s"])
    assert found["egemaps_loudness_peaks_hz"] == 0
    assert np.isnan(found["egemaps_mfcc_1_cv"])  # there is no share of a mean of 0
    assert found["egemaps_equivalent_level_dbfs"] == pytest.approx(-30)


def test_the_page_holds_each_column_against_the_paper():
    page = (Path(__file__).parents[2] / "docs" / "egemaps.md").read_text(encoding="utf-8")
    listed = re.findall(r"`(egemaps_\w+)`", page.split("## Columns")[1])
    assert sorted(listed) == sorted(NAMES)
