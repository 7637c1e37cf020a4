"""Held notes: spectral peaks that stay where they are for 100 ms and more.

Notes of music are held, harmonics of speech glide, and peaks of noise come and go; so the share of a sound's energy in
such peaks tells music from both. (Seyerlehner et al. 2007, "Automatic music detection in television productions", DAFx,
ask the same of longer stretches.) What sounds all the time is no note: hum, fans.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import uniform_filter1d

from callbeam.audio import BoolArray, Float32Array, covered_between, hann_window

if TYPE_CHECKING:
    from callbeam.audio import Channel

FRAMES_PER_STEP = 5
"""A window stands for 5 frames, 50 ms."""

STEPS_PER_S = 100 // FRAMES_PER_STEP

WINDOW_S = 0.096
LOWEST_HZ, HIGHEST_HZ = 200.0, 3700.0
A0_HZ = 27.5

_ABOVE_AROUND = 3.0
"""A peak has so many times the mean power of what lies within 125 Hz; those of noise seldom do three times in a row."""

_ABOVE_FLOOR = 2.0
"""A peak has so many times the power that its bin has had for most of 9 s: hum and fans are no notes."""

_AROUND_HZ = 250.0
_FLOOR_S = 9
_FLOOR_RANK = 2  # the third least
_AT_ONCE = 1000  # windows transformed


@dataclass(frozen=True, slots=True)
class HeldNotes:
    """What is held in each step.

    Attributes
    ----------
    share : float32 array, shape (n,)
        Share of the energy between 200 and 3700 Hz that lies in held peaks, 0 to about 1.
    power : float32 array, shape (n, semitones)
        Power of the held peaks in each semitone, lowest first.
    """

    share: Float32Array
    power: Float32Array


def held_notes(channel: Channel, first: int, last: int) -> HeldNotes:
    """Measure what is held in the leg's steps [first, last), lines that sound all the time left out.

    Parameters
    ----------
    channel : Channel
        What lies outside its samples is silence.
    first, last : int
        On the grid of 50 ms from the leg's sample 0.
    """
    bins = _bins(channel.sample_rate_hz)
    share = np.zeros(last - first, np.float32)
    power = np.zeros((last - first, len(bins.semitones)), np.float32)
    for begin in range(first, last, _AT_ONCE):
        end = min(begin + _AT_ONCE, last)
        at = slice(begin - first, end - first)
        # Whole seconds, with those that the floor needs on both sides.
        low, high = begin // STEPS_PER_S - _FLOOR_S // 2, -(-end // STEPS_PER_S) + _FLOOR_S // 2
        spectra = _spectra(channel, low * STEPS_PER_S, high * STEPS_PER_S)
        floor = _floor(spectra, _has_audio(channel, low, high))
        inside = slice(begin - 1 - low * STEPS_PER_S, end + 1 - low * STEPS_PER_S)
        share[at], power[at] = _held(spectra[inside], floor[inside], bins)
    return HeldNotes(share, power)


def semitone_hz(sample_rate_hz: int) -> npt.NDArray[np.float64]:
    """Return the frequency in Hz of each semitone that ``HeldNotes.power`` has."""
    return np.asarray(A0_HZ * 2 ** (_bins(sample_rate_hz).semitones / 12))


@dataclass(frozen=True, slots=True)
class _Bins:
    """Which bins of a window's transform count.

    Attributes
    ----------
    length : int
        Of a window, in samples.
    low, high : int
        Bins of peaks: [low, high).
    around : int
        Bins that a peak is compared with.
    semitones : int64 array
        Above A0, those that have a bin.
    begins : int64 array
        Where each of these begins, from ``low`` on.
    """

    length: int
    low: int
    high: int
    around: int
    semitones: npt.NDArray[np.int64]
    begins: npt.NDArray[np.int64]


@lru_cache(maxsize=16)
def _bins(rate: int) -> _Bins:
    length = fft.next_fast_len(round(WINDOW_S * rate), real=True)
    resolution = rate / length
    low, high = round(LOWEST_HZ / resolution), round(HIGHEST_HZ / resolution)
    semitone = np.rint(12 * np.log2(np.arange(low, high) * resolution / A0_HZ)).astype(np.int64)
    semitones, begins = np.unique(semitone, return_index=True)
    return _Bins(length, low, high, 2 * round(_AROUND_HZ / resolution / 2) + 1, semitones, begins)


def _spectra(channel: Channel, first: int, last: int) -> Float32Array:
    """Return the power spectra of the leg's steps [first, last); a window is centred on its step."""
    bins = _bins(channel.sample_rate_hz)
    step = FRAMES_PER_STEP * channel.sample_rate_hz // 100
    begin = first * step + (step - bins.length) // 2
    sound = np.zeros((last - first - 1) * step + bins.length, np.float32)
    low = max(begin, channel.first_sample)
    inside = channel.samples[low - channel.first_sample : max(begin + len(sound) - channel.first_sample, 0)]
    sound[low - begin : low - begin + len(inside)] = inside
    windows = np.lib.stride_tricks.sliding_window_view(sound, bins.length)[::step]
    spectrum = fft.rfft(windows * hann_window(bins.length).astype(np.float32), axis=1, workers=1)
    spectrum = spectrum[:, bins.low - 1 : bins.high + 1]
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


def _has_audio(channel: Channel, first: int, last: int) -> BoolArray:
    """Tell which of the leg's seconds [first, last) are covered for the most part."""
    edges = np.arange(first, last + 1, dtype=np.int64) * channel.sample_rate_hz
    return np.asarray(2 * covered_between(channel.covered, edges) >= channel.sample_rate_hz)


def _floor(spectra: Float32Array, has_audio: BoolArray) -> Float32Array:
    """Return, by step, the power that each bin has nearly all the time: the third least of 9 seconds' means."""
    seconds = spectra.reshape(-1, STEPS_PER_S, spectra.shape[1]).mean(axis=1)
    seconds[~has_audio] = np.inf
    around = np.lib.stride_tricks.sliding_window_view(seconds, _FLOOR_S, axis=0)
    least = np.partition(around, _FLOOR_RANK, axis=2)[:, :, _FLOOR_RANK]
    half = _FLOOR_S // 2
    return np.repeat(np.pad(least, ((half, half), (0, 0)), mode="edge"), STEPS_PER_S, axis=0)


def _held(power: Float32Array, floor: Float32Array, bins: _Bins) -> tuple[Float32Array, Float32Array]:
    """Return share and semitones of what is held in each spectrum but the first and the last."""
    before, middle, after = power[:, :-2], power[:, 1:-1], power[:, 2:]
    least = np.float32(_ABOVE_AROUND) * uniform_filter1d(middle, bins.around, axis=1)
    np.maximum(least, np.float32(_ABOVE_FLOOR) * floor[:, 1:-1], out=least)
    peaks = (middle >= before) & (middle > after) & (middle > least)
    near = peaks.copy()
    near[:, 1:] |= peaks[:, :-1]
    near[:, :-1] |= peaks[:, 1:]
    held = peaks[1:-1] & near[:-2] & near[2:]
    energy = (before[1:-1] + middle[1:-1] + after[1:-1]) * held
    total = np.maximum(middle[1:-1].sum(axis=1), np.float32(1))
    return energy.sum(axis=1) / total, np.add.reduceat(energy, bins.begins, axis=1)
