"""Jitter and shimmer against pulses of known times and strengths, as they are and through a telephone line."""

import numpy as np
import pytest
from builders.channels import Voice, harmonics, make_channel, pcm
from scipy import signal

from callbeam.audio import analyse_frames
from callbeam.callmaker import band_pass
from callbeam.callmaker.voices import VoiceProfile, speak
from callbeam.voice import VoiceDescriptors, describe_voice

RATE = 8000
MEASURES = [name for name in VoiceDescriptors.__slots__ if name != "syllable_nuclei"]
ONE_DIFFERENCE = np.sqrt(np.pi) / 2
"""Standard deviation of independent values whose differences have a mean absolute value of 1."""


def pulses(f0, jitter=0.0, shimmer_db=0.0, *, seconds=4, seed=0):
    """Return band-limited pulses at drawn fractional times, and the local jitter and shimmer that were drawn."""
    rng = np.random.default_rng(seed)
    count = int(seconds * f0) - 3
    periods = RATE / f0 * (1 + jitter * ONE_DIFFERENCE * rng.normal(size=count))
    decibels = shimmer_db * ONE_DIFFERENCE * rng.normal(size=count)
    offsets = np.arange(-32, 33)
    sound = np.zeros(int(seconds * RATE) + 200)
    for time, strength in zip(np.cumsum(periods), 10 ** (decibels / 20), strict=True):
        whole = int(time)
        if whole < 32:
            continue
        distance = offsets - (time - whole)
        taper = np.i0(8 * np.sqrt(np.maximum(1 - (distance / 33) ** 2, 0))) / np.i0(8)
        sound[whole - 32 : whole + 33] += strength * np.sinc(0.95 * distance) * taper
    return sound[: seconds * RATE], np.abs(np.diff(periods)).mean() / periods.mean(), np.abs(np.diff(decibels)).mean()


def vowel(sound, formants=((650, 80), (1200, 100), (2500, 140))):
    for frequency, bandwidth in formants:
        radius = np.exp(-np.pi * bandwidth / RATE)
        poles = [1, -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius**2]
        sound = signal.lfilter([sum(poles)], poles, sound)
    return sound


def line(sound, *, snr_db=None, companded=False):
    """Return 16-bit samples: the telephone band, white noise and mu-law where asked for."""
    if companded:
        sound = band_pass(sound.astype(np.float32), (300.0, 3400.0), RATE)
    sound = 0.08 * sound / np.std(sound)
    if snr_db is not None:
        sound = sound + np.random.default_rng(5).normal(size=len(sound)) * 0.08 * 10 ** (-snr_db / 20)
    if companded:
        code = np.rint(127 * np.sign(sound) * np.log1p(255 * np.abs(sound)) / np.log(256)) / 127
        sound = np.sign(code) * (256 ** np.abs(code) - 1) / 255
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)


def describe(samples, speech=None, **keywords):
    """(samples, speech=None, **channel) -> VoiceDescriptors; all but the first and last 50 ms are speech."""
    channel = make_channel(samples, **keywords)
    features = analyse_frames(channel)
    if speech is None:
        speech = np.ones(len(features.span.measured), dtype=bool)
        speech[:5] = speech[-5:] = False
    return describe_voice(channel, features, speech)


@pytest.mark.parametrize("f0", [72, 85, 120.5, 187.3, 251, 340])
@pytest.mark.parametrize(("jitter", "shimmer"), [(0.005, 0.2), (0.01, 0.4), (0.02, 0.8)])
def test_pulses_have_the_jitter_and_shimmer_they_were_drawn_with(f0, jitter, shimmer):
    sound, true_jitter, true_shimmer = pulses(f0, jitter, shimmer)
    voice = describe(line(sound))
    assert np.nanmean(voice.jitter_ratio) == pytest.approx(true_jitter, rel=0.15)
    assert np.nanmean(voice.shimmer_db) == pytest.approx(true_shimmer, rel=0.12)


@pytest.mark.parametrize(("f0", "within"), [(72, 0.1), (85, 0.1), (120.5, 0.1), (187.3, 0.4), (251, 0.5)])
@pytest.mark.parametrize("snr_db", [None, 20])
def test_a_vowel_through_a_telephone_line_keeps_them(f0, within, snr_db):
    """Pulses ring into each other, the more the higher the voice: the waveform does not do what the source does."""
    sound, true_jitter, true_shimmer = pulses(f0, 0.01, 0.6)
    voice = describe(line(vowel(sound), snr_db=snr_db, companded=True))
    assert np.nanmean(voice.jitter_ratio) == pytest.approx(true_jitter, rel=0.2)
    assert np.nanmean(voice.shimmer_db) == pytest.approx(true_shimmer, rel=within)


@pytest.mark.parametrize("f0", [85, 120.5, 187.3, 251, 340])
@pytest.mark.parametrize(
    ("snr_db", "companded", "jitter", "shimmer"),
    [(None, False, 0.0003, 0.06), (None, True, 0.0005, 0.08), (20, True, 0.003, 0.3)],
)
def test_a_steady_vowel_has_next_to_none(f0, snr_db, companded, jitter, shimmer):
    sound, _, _ = pulses(f0)
    voice = describe(line(vowel(sound), snr_db=snr_db, companded=companded))
    assert np.isfinite(voice.jitter_ratio[10:-10]).mean() > 0.99
    assert np.nanmean(voice.jitter_ratio) < jitter
    assert np.nanmean(voice.shimmer_db) < shimmer


@pytest.mark.parametrize("frequency", [100.0, 233.3, 440.0])
def test_a_sine_has_neither(frequency):
    voice = describe(pcm(0.3 * np.sin(2 * np.pi * frequency * np.arange(2 * RATE) / RATE)))
    assert np.nanmax(voice.jitter_ratio) < 0.001
    assert np.nanmean(voice.shimmer_db) < 0.1


@pytest.mark.parametrize("f0", [110.0, 210.0])
@pytest.mark.parametrize("snr_db", [10, 20])
def test_pitch_and_noise_outlive_the_line(f0, snr_db):
    sound = harmonics(np.full(3 * RATE, f0), RATE)
    measures = analyse_frames(make_channel(line(sound, snr_db=snr_db, companded=True))).measures
    assert np.nanmedian(measures["f0_hz"]) == pytest.approx(f0, rel=1e-3)
    assert np.nanmedian(measures["hnr_db"]) == pytest.approx(snr_db, abs=2.0)


def test_rougher_voices_measure_rougher():
    measured = []
    for jitter, shimmer in ((0.002, 0.02), (0.006, 0.06), (0.012, 0.12)):
        profile = VoiceProfile(f0_hz=120, tract_scale=1, jitter=jitter, shimmer=shimmer)
        spoken = speak(profile, 6.0, RATE, np.random.default_rng(4)).samples
        voice = describe(line(spoken, snr_db=30, companded=True))
        measured.append((np.nanmedian(voice.jitter_ratio), np.nanmedian(voice.shimmer_db)))
        # Moving a pulse changes two periods: the second difference of independent moves has 6 times their variance.
        # Running speech, whose pitch and formants move, adds to it.
        moved = np.sqrt(6) * np.sqrt(2 / np.pi) * jitter
        assert 0.8 * moved < measured[-1][0] < 1.2 * moved + 0.005
    assert np.all(np.diff(measured, axis=0) > 0)


def test_only_voiced_speech_is_measured():
    made = Voice(2, 6, 30)
    channel = make_channel(made.samples)
    features = analyse_frames(channel)
    speech = np.zeros(len(features.span.measured), dtype=bool)
    speech[100:300] = True
    described = describe_voice(channel, features, speech)
    heard = speech & np.isfinite(features.measures["f0_hz"])
    for name in MEASURES:
        values = getattr(described, name)
        assert values.dtype == np.float32
        assert values.shape == speech.shape
        assert np.isnan(values[~heard]).all(), name
        assert np.isfinite(values[heard]).mean() > 0.85, name
    assert described.syllable_nuclei.dtype == np.bool_
    assert not described.syllable_nuclei[~heard].any()


def test_no_speech_and_no_audio_measure_nothing():
    for samples in (np.zeros(RATE), np.zeros(0), np.zeros(30)):
        frames = -(-len(samples) // 80)
        voice = describe(samples, speech=np.ones(frames, dtype=bool))
        assert all(np.isnan(getattr(voice, name)).all() for name in MEASURES)
        assert not voice.syllable_nuclei.any()
        assert len(voice.syllable_nuclei) == frames


def test_masked_audio_is_not_measured():
    samples = Voice(1, 4, 40).samples
    whole = describe(samples)
    parted = describe(samples, covered=[[0, 16_000], [20_000, 32_000]])
    for name in MEASURES:
        values = getattr(parted, name)
        assert np.isnan(values[200:250]).all()
        np.testing.assert_array_equal(values[:190], getattr(whole, name)[:190])


@pytest.mark.parametrize("dropped", [800, 5520, 12_000])
def test_a_frame_does_not_depend_on_where_a_piece_begins(dropped):
    """Exactly, once the runs of voiced frames that the beginning cuts are over."""
    samples = Voice(5, 24, 25).samples
    speech = np.ones(2400, dtype=bool)
    speech[dropped // 80 + 20 : dropped // 80 + 30] = False  # so that none is cut
    whole = describe(samples, speech)
    later = describe(samples[dropped:], speech[dropped // 80 :], first_sample=dropped)
    heard = slice(dropped // 80 + 30, None)
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(later, name)[30:], getattr(whole, name)[heard])
    far = slice(dropped // 80 + 1050, None)
    np.testing.assert_array_equal(later.syllable_nuclei[1050:], whole.syllable_nuclei[far])


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_other_rates_measure_the_same(rate):
    sound = vowel(pulses(120.5, 0.01, 0.4)[0])
    resampled = signal.resample_poly(line(sound).astype(float), rate, RATE)
    narrow, wide = describe(line(sound)), describe(np.rint(resampled), rate=rate)
    for name in MEASURES:
        np.testing.assert_allclose(
            np.nanmedian(getattr(wide, name)), np.nanmedian(getattr(narrow, name)), rtol=0.03, atol=0.02, err_msg=name
        )
