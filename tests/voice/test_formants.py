"""Formants against all-pole vowels, against the roots of the same predictor, and against definitions."""

import numpy as np
import pytest
from builders.channels import Voice
from scipy import linalg, signal

from callbeam.audio import hann_window
from callbeam.callmaker import band_pass
from callbeam.voice.formants import (
    F1_RANGE_HZ,
    F2_HIGHEST_HZ,
    FRAME_LENGTH,
    NOISE_FLOOR,
    ORDER,
    PRE_EMPHASIS,
    WIDEST_HZ,
    measure_formants,
)

RATE = 8000
VOWELS = [(270, 2290), (390, 1990), (530, 1840), (660, 1720), (730, 1090), (570, 840), (440, 1020), (490, 1350)]
BANDWIDTHS = (80, 110, 160, 220)


def all_pole(formants, bandwidths):
    polynomial = np.ones(1)
    for frequency, bandwidth in zip(formants, bandwidths, strict=True):
        radius = np.exp(-np.pi * bandwidth / RATE)
        polynomial = np.convolve(polynomial, [1, -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius**2])
    return polynomial


def sung(f0, formants, bandwidths=BANDWIDTHS):
    """Return a vowel: a pulse of the glottis's slope every period, through poles; shape (8000,)."""
    source = np.zeros(RATE)
    source[np.rint(np.arange(50, RATE - 50, RATE / f0)).astype(int)] = 1
    source = signal.lfilter([1], [1, -0.96], source)
    return signal.lfilter([1], all_pole(formants, bandwidths), source)


def sixteen_bits(sound):
    return np.rint(6000 * sound / np.abs(sound).max()).astype(np.int16)


BEGINS = np.arange(800, 7000, 80)


@pytest.mark.parametrize(("f1", "f2"), VOWELS)
@pytest.mark.parametrize("f0", [90, 125, 180])
def test_a_vowel_has_its_formants(f0, f1, f2):
    found = measure_formants(sixteen_bits(sung(f0, (f1, f2, 2700, 3500))), BEGINS)
    measured = np.nanmedian(found.frequency_hz, axis=1)
    # harmonics stand f0 apart: the envelope is only known there
    np.testing.assert_allclose(measured, (f1, f2), atol=0.2 * f0 + 20)
    assert np.isfinite(found.frequency_hz).mean() > 0.95


@pytest.mark.parametrize(("f1", "f2"), VOWELS[1:])
def test_the_telephone_band_moves_them_little(f1, f2):
    sound = band_pass(sung(110, (f1, f2, 2700, 3500)).astype(np.float32), (300.0, 3400.0), RATE)
    measured = np.nanmedian(measure_formants(sixteen_bits(sound), BEGINS).frequency_hz, axis=1)
    np.testing.assert_allclose(measured, (f1, f2), atol=45)


def test_whispered_vowels_have_their_bandwidths():
    """Over noise, which shows the whole envelope: 25 ms of it bias each frame, the median of many little."""
    noise = np.random.default_rng(3).normal(size=20 * RATE)
    for bandwidth in (100, 160, 250):
        poles = all_pole((600, 1500, 2600, 3500), (bandwidth, bandwidth, 200, 250))
        sound = signal.lfilter([1], poles, signal.lfilter([1], [1, -0.96], noise))
        found = measure_formants(sixteen_bits(sound), np.arange(800, len(sound) - 800, 160))
        np.testing.assert_allclose(np.nanmedian(found.frequency_hz, axis=1), (600, 1500), rtol=0.02)
        np.testing.assert_allclose(np.nanmedian(found.bandwidth_hz, axis=1), bandwidth, rtol=0.3)


def predictor_of(frame):
    """The definition, frame by frame: weighted mean out, Hann, pre-emphasis, noise floor, normal equations."""
    window = hann_window(FRAME_LENGTH)
    values = frame.astype(float)
    values = (values - (window @ values) / window.sum()) * window
    energy = values @ values
    values = np.convolve(values, [1, -PRE_EMPHASIS])
    lags = np.correlate(values, values, "full")[len(values) - 1 :][: ORDER + 1]
    lags[0] += NOISE_FLOOR * energy
    coefficients = np.concatenate(([1], -linalg.solve_toeplitz(lags[:-1], lags[1:])))
    return coefficients, coefficients @ lags / energy


def test_peaks_are_the_roots_that_root_finding_gives():
    samples = Voice(7, 8, 35).samples
    begins = np.arange(1000, len(samples) - 1000, 240)
    begins = begins[[np.abs(samples[b : b + FRAME_LENGTH]).max() > 2000 for b in begins]]
    found = measure_formants(samples, begins)
    near = total = 0
    for column, begin in enumerate(begins):
        roots = np.roots(predictor_of(samples[begin : begin + FRAME_LENGTH])[0])
        roots = roots[roots.imag > 0]
        frequencies, bandwidths = np.angle(roots) * RATE / (2 * np.pi), -np.log(np.abs(roots)) * RATE / np.pi
        usable = np.sort(frequencies[(bandwidths < WIDEST_HZ) & (frequencies > F1_RANGE_HZ[0])])
        if len(usable) < 2 or usable[0] > F1_RANGE_HZ[1] or usable[1] > F2_HIGHEST_HZ:
            continue
        near += np.sum(np.abs(found.frequency_hz[:, column] - usable[:2]) < 0.03 * usable[:2] + 10)
        total += 2
    assert total > 200
    assert near / total > 0.95


def test_levels_are_the_envelopes():
    samples = Voice(8, 4, 40).samples
    begins = np.arange(1000, len(samples) - 1000, 400)
    begins = begins[[np.abs(samples[b : b + FRAME_LENGTH]).max() > 2000 for b in begins]]
    found = measure_formants(samples, begins)
    for column, begin in enumerate(begins):
        coefficients, gain = predictor_of(samples[begin : begin + FRAME_LENGTH])
        for frequency, level in zip(found.frequency_hz[:, column], found.level_db[:, column], strict=True):
            if np.isfinite(frequency):
                step = np.exp(-2j * np.pi * frequency / RATE * np.arange(ORDER + 1))
                envelope = np.abs(coefficients @ step) * np.abs(1 - PRE_EMPHASIS * step[1])
                assert level == pytest.approx(10 * np.log10(gain / envelope**2), abs=0.1)


def test_a_frame_is_what_it_is_alone():
    samples = Voice(9, 4, 40).samples
    begins = np.arange(0, len(samples) - FRAME_LENGTH, 331)
    together = measure_formants(samples, begins)
    for column in (0, 17, len(begins) - 1):
        for values, single in zip(together, measure_formants(samples, begins[[column]]), strict=True):
            np.testing.assert_array_equal(values[:, [column]], single)


def test_what_has_no_peaks_has_no_formants():
    assert np.isnan(measure_formants(np.zeros(2000, dtype=np.int16), np.array([0, 500])).frequency_hz).all()
    assert np.isnan(measure_formants(np.full(2000, 900, dtype=np.int16), np.array([0, 500])).frequency_hz).all()
    assert measure_formants(np.zeros(2000, dtype=np.int16), np.zeros(0, dtype=np.intp)).frequency_hz.shape == (2, 0)
