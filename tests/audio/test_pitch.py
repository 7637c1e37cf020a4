"""Against signals whose pitch and noise are known in closed form, and a made voice."""

import numpy as np
import pytest
from builders.channels import Voice, harmonics, make_channel, pcm

from callbeam.audio import analyse_frames
from callbeam.audio.pitch import HNR_LIMIT_DB, harmonics_to_noise

INNER = slice(5, -5)


@pytest.mark.parametrize("f0", [68, 85, 120.5, 187.3, 251, 340, 476])
@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
def test_harmonics_without_a_fundamental_have_its_pitch(f0, rate):
    sound = harmonics(np.full(rate, float(f0)), rate)
    measures = analyse_frames(make_channel(pcm(0.5 * sound / np.abs(sound).max()), rate=rate)).measures
    np.testing.assert_allclose(measures["f0_hz"][INNER], f0, rtol=3e-3)
    assert (measures["voicing"][INNER] > 0.995).all()


@pytest.mark.parametrize("f0", [100.0, 210.0, 333.3])
@pytest.mark.parametrize("snr_db", [5, 10, 15, 20])
def test_hnr_is_the_ratio_of_harmonics_to_noise(f0, snr_db):
    sound = harmonics(np.full(32_000, f0), 8000)
    noise = np.random.default_rng(2).normal(size=len(sound)) * sound.std() * 10 ** (-snr_db / 20)
    mixed = sound + noise
    measures = analyse_frames(make_channel(pcm(0.5 * mixed / np.abs(mixed).max()))).measures
    assert np.nanmedian(measures["hnr_db"][INNER]) == pytest.approx(snr_db, abs=1.0)
    np.testing.assert_allclose(np.nanmedian(measures["f0_hz"]), f0, rtol=5e-3)


def test_hnr_is_bounded():
    values = harmonics_to_noise(np.array([0.0, 0.5, 0.75, 1.0], dtype=np.float32))
    np.testing.assert_allclose(values, [-HNR_LIMIT_DB, 0, 10 * np.log10(3), HNR_LIMIT_DB], atol=0.01)


@pytest.mark.parametrize("snr_db", [40, 20, 10])
def test_a_voice_is_followed(snr_db):
    wrong = right = missed = false = unvoiced = 0
    for seed in range(6):
        made = Voice(seed, 15, snr_db)
        f0 = analyse_frames(make_channel(made.samples)).measures["f0_hz"]
        centres = np.arange(len(f0)) * 80 + 40
        windows = np.pad(made.voiced.astype(int), 160, mode="edge").cumsum()
        share = (windows[centres + 320 - 1] - windows[centres]) / 319
        truth, voiced, heard = made.f0[centres], share == 1, np.isfinite(f0)
        off = np.abs(f0 / truth - 1)
        wrong += np.sum(off[voiced & heard] > 0.2)
        right += np.sum(off[voiced & heard] <= 0.2)
        missed += np.sum(voiced & ~heard)
        false += np.sum((share == 0) & heard)
        unvoiced += np.sum(share == 0)
        both = voiced & heard
        assert np.median(f0[both]) == pytest.approx(np.median(truth[both]), rel=0.02)
    assert right > 2000
    assert wrong / (wrong + right) < 0.01
    assert missed / (wrong + right + missed) < 0.03
    assert false / unvoiced < 0.03


def test_noise_is_unvoiced():
    noise = pcm(0.1 * np.random.default_rng(0).normal(size=80_000))
    measures = analyse_frames(make_channel(noise)).measures
    assert np.isfinite(measures["f0_hz"]).mean() < 0.02
    assert np.isfinite(measures["voicing"]).all()
    assert np.array_equal(np.isfinite(measures["f0_hz"]), np.isfinite(measures["hnr_db"]))


def test_silence_has_no_pitch():
    measures = analyse_frames(make_channel(np.zeros(8000))).measures
    for name in ("f0_hz", "voicing", "hnr_db"):
        assert np.isnan(measures[name]).all()


def test_an_offset_changes_nothing():
    sound = 0.2 * harmonics(np.full(16_000, 140.0), 8000) / 20
    plain, shifted = (analyse_frames(make_channel(pcm(sound + offset))).measures for offset in (0.0, 0.3))
    np.testing.assert_allclose(shifted["f0_hz"][INNER], plain["f0_hz"][INNER], rtol=1e-3)
    np.testing.assert_allclose(shifted["voicing"][INNER], plain["voicing"][INNER], atol=2e-3)
    constant = analyse_frames(make_channel(np.full(8000, 9000))).measures
    assert np.isnan(constant["f0_hz"][INNER]).all()


def test_a_glide_is_followed_without_octave_jumps():
    f0 = 75 * 2 ** (2.5 * np.arange(40_000) / 40_000)  # 75 to 424 Hz
    sound = harmonics(f0, 8000, low_hz=0, high_hz=3400)
    measured = analyse_frames(make_channel(pcm(0.5 * sound / np.abs(sound).max()))).measures["f0_hz"]
    np.testing.assert_allclose(measured[INNER], f0[40::80][INNER], rtol=0.03)
