"""Against librosa where it defines a feature, else against the definition written out."""

import librosa
import numpy as np
import pytest
from builders.channels import Voice, make_channel, pcm

from callbeam.audio import analyse_frames, frame_grid

pytestmark = pytest.mark.xdist_group("librosa")  # which compiles itself in each process that imports it


def stft(samples, rate):
    """librosa's transform of what a channel's frames see, cut to the channel's frames."""
    grid = frame_grid(rate)
    lead = grid.frame_lead + (grid.fft_length - grid.frame_length) // 2
    padded = np.pad(samples.astype(np.float32) / 32768, (lead, 2 * grid.fft_length))
    spectrum = librosa.stft(
        padded, n_fft=grid.fft_length, win_length=grid.frame_length, hop_length=grid.hop, window="hann", center=False
    )
    return np.abs(spectrum)[:, : -(-len(samples) // grid.hop)]


def signals(rate):
    rng = np.random.default_rng(5)
    n = int(1.237 * rate)
    noise = rng.normal(size=n)
    at = np.arange(n) / rate
    chirp = np.sin(2 * np.pi * (200 * at + 1200 * at**2))
    # Some noise everywhere: far below a tone only the rounding of float32 is left, here as in librosa.
    return {
        "noise": 3000 * noise,
        "tone": 3000 * np.sin(2 * np.pi * 997 * at) + 100 * noise,
        "chirp with pauses": 6000 * chirp * (np.sin(9 * at) > -0.3) + 100 * noise,
        "quiet": 3 * noise,
    }


@pytest.fixture(params=["noise", "tone", "chirp with pauses", "quiet", "speech"])
def sound(request):
    if request.param == "speech":
        return Voice(3, 3, 25).samples[:21_111]
    return np.rint(signals(8000)[request.param]).astype(np.int16)


def assert_equals_librosa(features, samples, rate):
    magnitude = stft(samples, rate)
    grid = frame_grid(rate)
    expected = {
        "spectral_centroid_hz": librosa.feature.spectral_centroid(S=magnitude, sr=rate, n_fft=grid.fft_length)[0],
        "spectral_bandwidth_hz": librosa.feature.spectral_bandwidth(S=magnitude, sr=rate, n_fft=grid.fft_length)[0],
        "spectral_rolloff_hz": librosa.feature.spectral_rolloff(S=magnitude, sr=rate, n_fft=grid.fft_length)[0],
        "spectral_flatness": librosa.feature.spectral_flatness(S=magnitude)[0],
    }
    some = magnitude.sum(axis=0) > 0
    assert some.mean() > 0.9
    for name, values in expected.items():
        np.testing.assert_allclose(features.measures[name][some], values[some], rtol=1e-4, err_msg=name)
        assert np.isnan(features.measures[name][~some]).all()
    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=rate, n_fft=grid.fft_length, n_mels=64, fmin=100, fmax=3800)
    logmel = librosa.power_to_db(mel, top_db=None)
    cepstra = librosa.feature.mfcc(S=logmel, n_mfcc=13)
    # Values in dB pass through 0, where a relative bound means nothing: there 1e-4 of 10 dB.
    np.testing.assert_allclose(features.logmel, logmel.T, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(features.mfcc, cepstra.T, rtol=1e-4, atol=1e-3)


def test_equals_librosa(sound):
    assert_equals_librosa(analyse_frames(make_channel(sound), bands=True), sound, 8000)


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_equals_librosa_at_other_rates(rate):
    samples = np.rint(signals(rate)["chirp with pauses"]).astype(np.int16)
    assert_equals_librosa(analyse_frames(make_channel(samples, rate=rate), bands=True), samples, rate)


def test_level_and_zero_crossings_equal_librosa(sound):
    measures = analyse_frames(make_channel(sound)).measures
    frames = len(measures["level_dbfs"])
    padded = np.pad(sound.astype(np.float32) / 32768, (60, 400))
    shape = {"frame_length": 200, "hop_length": 80, "center": False}
    rms = librosa.feature.rms(y=padded, **shape)[0, :frames]
    np.testing.assert_allclose(
        measures["level_dbfs"], np.maximum(20 * np.log10(np.maximum(rms, 1e-9)), -100), rtol=1e-4
    )
    crossings = librosa.feature.zero_crossing_rate(padded, **shape)[0, :frames]
    np.testing.assert_allclose(measures["zero_crossing_rate"], crossings, rtol=1e-6)


def test_silence_has_no_spectrum():
    features = analyse_frames(make_channel(np.zeros(8000)), bands=True)
    for name in features.measures:
        if name.startswith("spectral") or name in ("alpha_ratio_db", "hammarberg_index_db"):
            assert np.isnan(features.measures[name]).all(), name
    assert (features.measures["level_dbfs"] == -100).all()
    np.testing.assert_allclose(features.logmel, -100, rtol=1e-6)
    np.testing.assert_allclose(features.mfcc, np.tile([-800, *[0] * 12], (100, 1)), atol=1e-3)


def test_slopes_ratios_and_flux_are_as_defined(sound):
    measures = analyse_frames(make_channel(sound)).measures
    magnitude = stft(sound, 8000).astype(np.float64)
    frequency = np.arange(129) * 31.25
    for k in range(1, magnitude.shape[1], 5):
        if not magnitude[:, k].any() or not magnitude[:, k - 1].any():
            continue
        power = np.maximum(magnitude[:, k] ** 2, 1e-10)
        decibels = 10 * np.log10(power)
        for low, high in ((0, 500), (500, 1500)):
            inside = (frequency >= low) & (frequency <= high)
            slope = np.polyfit(frequency[inside] / 1000, decibels[inside], 1)[0]
            assert measures[f"spectral_slope_{low}_{high}_db_khz"][k] == pytest.approx(slope, rel=1e-4, abs=1e-2)
        alpha = power[(frequency >= 50) & (frequency <= 1000)].sum() / power[frequency > 1000].sum()
        assert measures["alpha_ratio_db"][k] == pytest.approx(10 * np.log10(alpha), rel=1e-3, abs=1e-3)
        hammarberg = power[frequency <= 2000].max() / power[frequency > 2000].max()
        assert measures["hammarberg_index_db"][k] == pytest.approx(10 * np.log10(hammarberg), rel=1e-3, abs=1e-3)
        now, before = (magnitude[:, j] / magnitude[:, j].sum() for j in (k, k - 1))
        assert measures["spectral_flux"][k] == pytest.approx(np.sqrt(((now - before) ** 2).sum()), rel=1e-3)
    assert np.isnan(measures["spectral_flux"][0])


@pytest.mark.parametrize("frequency", [440.0, 1000.0, 2500.0])
@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
def test_a_tones_spectrum_is_where_the_tone_is(frequency, rate):
    tone = pcm(0.5 * np.sin(2 * np.pi * frequency * np.arange(rate) / rate))
    measures = analyse_frames(make_channel(tone, rate=rate)).measures
    inner = slice(3, -3)
    np.testing.assert_allclose(measures["spectral_centroid_hz"][inner], frequency, rtol=0.02)
    np.testing.assert_allclose(measures["spectral_rolloff_hz"][inner], frequency, atol=50)
    np.testing.assert_allclose(measures["zero_crossing_rate"][inner] * rate / 2, frequency, rtol=0.1)
    np.testing.assert_allclose(measures["level_dbfs"][inner], 20 * np.log10(0.5) - 3.01, atol=0.2)
    assert (measures["spectral_flatness"][inner] < 1e-3).all()
    if frequency != 1000:
        assert (np.sign(measures["alpha_ratio_db"][inner]) == np.sign(1000 - frequency)).all()
    assert (np.sign(measures["hammarberg_index_db"][inner]) == np.sign(2000 - frequency)).all()


def test_loudness_is_the_sum_of_cube_roots(sound):
    features = analyse_frames(make_channel(sound))
    windowed_square = (np.hanning(201)[:-1] ** 2).sum()
    hertz = librosa.mel_frequencies(n_mels=66, fmin=100, fmax=3800)
    bank = librosa.filters.mel(sr=8000, n_fft=256, n_mels=64, fmin=100, fmax=3800, norm=None).astype(np.float64)
    omega = 2 * np.pi * hertz[1:-1]
    weight = (omega**2 + 56.8e6) * omega**4 / ((omega**2 + 6.3e6) ** 2 * (omega**2 + 0.38e9))
    mean_square = 2 * bank @ (stft(sound, 8000).astype(np.float64) ** 2) / (256 * windowed_square)
    loudness = (np.cbrt(weight[:, None] * mean_square)).sum(axis=0)
    np.testing.assert_allclose(features.loudness, loudness, rtol=1e-3, atol=0.01)  # the floor of log-mel: 0.005


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_loudness_does_not_depend_on_the_rate(rate):
    def loudness(rate, amplitude):
        at = np.arange(rate) / rate
        chord = sum(np.sin(2 * np.pi * hertz * at) for hertz in range(200, 3700, 70))
        return np.median(analyse_frames(make_channel(pcm(amplitude * chord), rate=rate)).loudness[3:-3])

    assert loudness(rate, 0.01) == pytest.approx(loudness(8000, 0.01), rel=0.02)
    assert loudness(rate, 0.01) / loudness(rate, 0.005) == pytest.approx(4 ** (1 / 3), rel=0.01)


def test_what_is_asked_for_is_kept(sound):
    holed = analyse_frames(make_channel(sound, covered=[[0, 400], [1600, 8000]]), bands=True)
    for values in (holed.logmel, holed.mfcc, holed.loudness):
        assert np.isnan(values[5:20]).all()
        assert np.isfinite(values[:5]).all()
        assert np.isfinite(values[20:100]).all()
    assert analyse_frames(make_channel(sound)).logmel is None
