"""What utterances and units sound like, against each measure's definition, written plainly."""

import numpy as np
import pytest
from builders.channels import make_channel
from builders.features import drawn, features_of, voice_of
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.audio import analyse_frames, hop_extremes
from callbeam.schemas import ACOUSTIC_MEASURES, EGEMAPS_MEASURES
from callbeam.speech import acoustic_measures
from callbeam.speech.functionals import Groups
from callbeam.voice import describe_voice, local_noise

FIRST, COUNT = 700, 400
NO_SAMPLES = np.zeros(0)
spans_around = st.lists(
    st.tuples(st.integers(FIRST - 30, FIRST + COUNT + 30), st.integers(0, 250)).map(lambda at: (at[0], sum(at))),
    max_size=8,
)


def known(values):
    return values[np.isfinite(values)].astype(np.float64)


def mean(values):
    return known(values).mean() if len(known(values)) else np.nan


def deviation(values):
    return known(values).std() if len(known(values)) > 1 else np.nan


def percentile(values, share):
    return np.percentile(known(values), share) if len(known(values)) else np.nan


def slope(values, frames):
    finite = np.isfinite(values)
    if finite.sum() < 10:
        return np.nan
    return np.polyfit((frames[finite] - frames[finite][0]) * 0.01, values[finite].astype(np.float64), 1)[0]


def plain_measures(features, voice, speech, begin, end):
    """Measure one span, frame by frame."""
    frames = np.array([k for k in range(begin - FIRST, end - FIRST) if 0 <= k < COUNT], dtype=int)
    frames = frames[features.span.measured[frames]]
    spoken = frames[speech[frames]]
    measured = {name: values[spoken] for name, values in features.measures.items()}
    level, hertz = measured["level_dbfs"], measured["f0_hz"]
    tones = 12 * np.log2(hertz.astype(np.float64) / 27.5)
    noise = 10 ** (local_noise(features, speech)[spoken].astype(np.float64) / 10)
    power = 10 ** (level.astype(np.float64) / 10)
    ratio = max(mean(power) / mean(noise) - 1, 0.1) if len(spoken) else np.nan
    nuclei = voice.syllable_nuclei[spoken].sum()
    voiced = np.isfinite(hertz).sum()
    return {
        "level_mean_dbfs": 10 * np.log10(mean(power)) if len(spoken) else np.nan,
        "level_sd_db": deviation(level),
        **{f"level_{name}_dbfs": percentile(level, p) for name, p in (("p20", 20), ("median", 50), ("p80", 80))},
        "level_slope_db_s": slope(level, spoken),
        "f0_mean_st": mean(tones),
        "f0_sd_st": deviation(tones),
        **{f"f0_{name}_st": percentile(tones, p) for name, p in (("p20", 20), ("median", 50), ("p80", 80))},
        "f0_range_st": percentile(tones, 80) - percentile(tones, 20),
        "f0_slope_st_s": slope(tones, spoken),
        "f0_mean_hz": mean(hertz),
        "f0_sd_hz": deviation(hertz),
        "f0_median_hz": percentile(hertz, 50),
        "voiced_ratio": voiced / len(spoken) if len(spoken) else np.nan,
        "jitter_ratio": mean(voice.jitter_ratio[spoken]),
        "shimmer_db": mean(voice.shimmer_db[spoken]),
        "hnr_mean_db": mean(measured["hnr_db"]),
        "hnr_sd_db": deviation(measured["hnr_db"]),
        **{name: mean(measured[name]) for name in measured if name.startswith("spectral") or "_r" in name},
        "hammarberg_index_db": mean(measured["hammarberg_index_db"]),
        **{f"mfcc_{i}_mean": mean(features.mfcc[spoken, i]) for i in range(1, 13)},
        **{f"mfcc_{i}_sd": deviation(features.mfcc[spoken, i]) for i in range(1, 13)},
        "syllable_rate_hz": nuclei / (0.01 * len(frames)) if len(spoken) >= 25 else np.nan,
        "articulation_rate_hz": nuclei / (0.01 * len(spoken)) if len(spoken) >= 25 else np.nan,
        "snr_db": 10 * np.log10(ratio),
        "clipping_ratio": 0 if len(spoken) else np.nan,
    }


@given(st.integers(0, 20), spans_around)
@settings(max_examples=40, deadline=None)
def test_measures_are_as_defined(seed, spans):
    features, voice, speech = drawn(seed, COUNT, FIRST)
    channel = make_channel(NO_SAMPLES)
    pairs = np.array(spans, dtype=np.int64).reshape(-1, 2)
    found = acoustic_measures(channel, features, voice, speech, pairs, egemaps=False)
    assert list(found) == [column.name for column in ACOUSTIC_MEASURES]
    for i, span in enumerate(spans):
        expected = plain_measures(features, voice, speech, *span)
        for name, values in found.items():
            assert values.dtype == np.float32
            assert values[i] == pytest.approx(expected[name], rel=2e-4, abs=2e-4, nan_ok=True), (name, span)


def test_a_spans_measures_do_not_depend_on_other_spans():
    features, voice, speech = drawn(3, COUNT, FIRST)
    spans = np.array([[800, 900], [720, 850], [720, 720], [0, 5], [690, 1200], [800, 900]])
    together = acoustic_measures(make_channel(NO_SAMPLES), features, voice, speech, spans, egemaps=True)
    names = [column.name for column in (*ACOUSTIC_MEASURES, *EGEMAPS_MEASURES)]
    assert list(together) == names
    for i, span in enumerate(spans):
        alone = acoustic_measures(make_channel(NO_SAMPLES), features, voice, speech, span[None], egemaps=True)
        for name in names:
            np.testing.assert_array_equal(alone[name][0], together[name][i], err_msg=name)
    for i in (2, 3):
        assert all(np.isnan(values[i]) for values in together.values())
    assert np.isfinite(np.array([values[4] for values in together.values()])).all()


def test_no_spans_and_no_frames():
    for count, spans in ((COUNT, []), (0, []), (0, [(0, 10)])):
        features, voice, speech = drawn(1, count, FIRST)
        pairs = np.array(spans, dtype=np.int64).reshape(-1, 2)
        found = acoustic_measures(make_channel(NO_SAMPLES), features, voice, speech, pairs, egemaps=True)
        assert {values.shape for values in found.values()} == {(len(spans),)}
        assert all(np.isnan(values).all() for values in found.values())


def test_slopes_are_those_of_lines():
    at = np.arange(300)
    features = features_of(300, FIRST, level_dbfs=-60 + 0.05 * at, f0_hz=100 * 2 ** (-at * 0.01 * 0.5))
    speech = np.ones(300, dtype=bool)
    speech[100:180] = False  # a pause is time, too
    spans = np.array([[FIRST, FIRST + 300], [FIRST, FIRST + 10], [FIRST, FIRST + 9]])
    found = acoustic_measures(make_channel(NO_SAMPLES), features, voice_of(300), speech, spans, egemaps=False)
    np.testing.assert_allclose(found["level_slope_db_s"], [5, 5, np.nan], rtol=1e-4)
    np.testing.assert_allclose(found["f0_slope_st_s"], [-6, -6, np.nan], rtol=1e-4)


def test_masked_audio_is_no_time():
    measured = np.ones(200, dtype=bool)
    measured[50:100] = False
    nuclei = np.zeros(200, dtype=bool)
    nuclei[[10, 20, 120]] = True
    speech = np.zeros(200, dtype=bool)
    speech[:30], speech[110:130] = True, True
    features = features_of(200, measured=measured)
    voice = voice_of(200, syllable_nuclei=nuclei)
    found = acoustic_measures(make_channel(NO_SAMPLES), features, voice, speech, np.array([[0, 200]]), egemaps=False)
    assert found["syllable_rate_hz"][0] == pytest.approx(3 / 1.5)
    assert found["articulation_rate_hz"][0] == pytest.approx(3 / 0.5)


def test_next_to_no_speech_has_no_rate():
    nuclei = np.zeros(200, dtype=bool)
    nuclei[[12, 112]] = True
    speech = np.zeros(200, dtype=bool)
    speech[10:34], speech[110:135] = True, True
    spans = np.array([[10, 34], [0, 100], [110, 135]])
    voice = voice_of(200, syllable_nuclei=nuclei)
    found = acoustic_measures(make_channel(NO_SAMPLES), features_of(200), voice, speech, spans, egemaps=False)
    for name in ("syllable_rate_hz", "articulation_rate_hz"):
        np.testing.assert_allclose(found[name], [np.nan, np.nan, 1 / 0.25], rtol=1e-6)


@pytest.mark.parametrize("first_sample", [0, 7_960])
def test_clipping_is_counted_in_the_speech(first_sample):
    samples = np.zeros(8000)
    samples[1600:1620], samples[1660:1680], samples[4000:4100] = 32767, -32768, 32767
    channel = make_channel(samples, first_sample=first_sample)
    features = analyse_frames(channel)
    first = first_sample // 80
    begin = (first_sample + 1600) // 80
    speech = np.zeros(len(features.span.measured), dtype=bool)
    speech[begin - first : begin - first + 4] = True
    voice = describe_voice(channel, features, speech)
    spans = np.array([[first, first + 100], [begin, begin + 1], [begin + 45, begin + 50]])
    found = acoustic_measures(channel, features, voice, speech, spans, egemaps=False)["clipping_ratio"]
    in_first_hop = 40 if first_sample == 0 else 20  # at 7960 the hops begin 40 samples later
    np.testing.assert_allclose(found, [40 / 320, in_first_hop / 80, np.nan])
    extremes = hop_extremes(channel)
    known_extremes = acoustic_measures(channel, features, voice, speech, spans, egemaps=False, extremes=extremes)
    np.testing.assert_array_equal(known_extremes["clipping_ratio"], found)


def test_a_made_voice_measures_what_it_was_made_of():
    rng = np.random.default_rng(0)
    at = np.arange(8000 * 6) / 8000
    f0 = 150 * 2 ** (4 * (at - 3) / 12 / 3)  # rises by 4/3 semitones a second
    phase = 2 * np.pi * np.cumsum(f0) / 8000
    loud = (at > 2) & (at < 4)
    sound = sum(np.cos(k * phase) for k in range(2, 12)) * loud * 0.02 + rng.normal(0, 0.0005, len(at))
    channel = make_channel(np.rint(sound * 32768))
    features = analyse_frames(channel)
    speech = np.zeros(600, dtype=bool)
    speech[200:400] = True
    voice = describe_voice(channel, features, speech)
    found = acoustic_measures(channel, features, voice, speech, np.array([[200, 400]]), egemaps=True)
    level = 10 * np.log10(10 * 0.02**2 / 2)
    assert found["level_mean_dbfs"][0] == pytest.approx(level, abs=0.1)
    assert found["snr_db"][0] == pytest.approx(level - 20 * np.log10(0.0005), abs=1)
    assert found["f0_median_hz"][0] == pytest.approx(150, rel=0.01)
    assert found["f0_slope_st_s"][0] == pytest.approx(4 / 3, rel=0.05)
    assert found["voiced_ratio"][0] > 0.97
    assert found["egemaps_equivalent_level_dbfs"][0] == pytest.approx(level, abs=0.1)
    assert found["egemaps_voiced_segments_hz"][0] == pytest.approx(0.5, abs=0.01)
    assert found["egemaps_f0_p50_st"][0] == pytest.approx(found["f0_median_st"][0], abs=0.02)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 6), max_size=12))
@settings(max_examples=60, deadline=None)
def test_groups_percentiles_are_those_of_each_group(seed, counts):
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(0, 3, sum(counts)), 1).astype(np.float32)  # ties, negative ones and -0.0, too
    values[rng.random(len(values)) < 0.2] = np.nan
    shares = (0.0, 0.2, 0.5, 0.8, 1.0)
    found = Groups(np.array(counts, dtype=np.int64)).percentiles(values, shares)
    parts = np.split(values, np.cumsum(counts)[:-1]) if counts else []
    for share, percentiles in zip(shares, found, strict=True):
        expected = [percentile(part, 100 * share) for part in parts]
        np.testing.assert_allclose(percentiles, expected, rtol=1e-6, atol=1e-6)
