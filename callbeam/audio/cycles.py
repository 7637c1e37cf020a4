"""Glottal cycles of voiced speech: how long each lasts, and how strong it is.

The known pitch says roughly where cycles lie, the waveform how long each is: neighbouring cycles are matched by their
normalised cross-correlation, as P. Boersma describes it for jitter and shimmer ("Should jitter be measured by peak
picking or by waveform matching?", Folia Phoniatrica et Logopaedica 61 (2009), 305-308), which noise disturbs far less
than where a peak lies. All cycles are measured side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from callbeam.audio.frames import BoolArray, Float32Array
from callbeam.audio.product import product

RATE_HZ = 8000
"""The rate that samples must have."""

HOP = 80
"""10 ms."""

PERIOD_STEPS = 1 << 16
"""Periods are whole numbers of this part of a sample, so that sums of them are exact in any order."""

LONGEST_JUMP = 1.2
"""Ratio of the F0 of neighbouring frames beyond which they belong to different runs."""

_TURN = 1 << 32
"""Phase is counted in this part of a cycle: in integers, it does not depend on where counting began."""

_PHASES = 32
_ANCHOR_CYCLES = 4
_TAPS = 4


@dataclass(frozen=True, slots=True)
class _Octave:
    """How cycles of some range of periods are matched, in samples."""

    longest: float
    window: int
    search: int


_OCTAVES = (_Octave(31.0, 20, 4), _Octave(62.0, 40, 6), _Octave(124.0, 64, 11))
"""Windows hold one pulse with most of its ringing; pulses are sought within 10 to 25 % of the period."""


@dataclass(frozen=True, slots=True)
class Cycles:
    """Glottal cycles in order of time.

    Attributes
    ----------
    position : int64 array, shape (n,)
        Sample about which the cycle's pulse has its energy.
    run : int64 array, shape (n,)
        Cycles of equal number follow each other without a break.
    period : int64 array, shape (n,)
        From this pulse to the next, in 1 / ``PERIOD_STEPS`` samples; 0 where the next does not match.
    amplitude : float32 array, shape (n,)
        Peak of the absolute waveform over the cycle, between samples; 0 in digital silence.
    """

    position: npt.NDArray[np.int64]
    run: npt.NDArray[np.int64]
    period: npt.NDArray[np.int64]
    amplitude: Float32Array


def find_cycles(samples: npt.NDArray[np.int16], first: int, f0_hz: Float32Array, voiced: BoolArray) -> Cycles:
    """Find and measure the glottal cycles of voiced frames.

    Parameters
    ----------
    samples : int16 array, shape (m,)
        At ``RATE_HZ``.
    first : int
        Index of the sample where frame 0's hop interval begins. At least ``MARGIN`` samples must lie before it, and as
        many after the last frame's.
    f0_hz : float32 array, shape (n,)
        Finite, from 65 to 500, where voiced.
    voiced : bool array, shape (n,)

    Returns
    -------
    Cycles
        None where the shapes of two neighbouring pulses tell nothing: the period of a run's last cycle is 0.
    """
    marks, run, period = _expected_cycles(first, f0_hz, voiced)
    position = _anchored(samples, marks, run, period)
    measured = np.zeros(len(run), dtype=np.int64)
    amplitude = np.zeros(len(run), dtype=np.float32)
    followed = np.zeros(len(run), dtype=np.bool_)
    followed[:-1] = run[1:] == run[:-1]
    shortest = 0.0
    for octave in _OCTAVES:
        chosen = np.flatnonzero((period > shortest) & (period <= octave.longest))
        shortest = octave.longest
        for at in range(0, len(chosen), _CYCLES_AT_ONCE):
            some = chosen[at : at + _CYCLES_AT_ONCE]
            amplitude[some] = _peak_amplitude(samples, position[some], octave)
            measured[some] = _match(samples, position[some], period[some], octave)
    return Cycles(position, run, np.where(followed, measured, 0), amplitude)


MARGIN = 512
"""Samples that anything measured of a frame's cycles may lie away from it."""

_CYCLES_AT_ONCE = 512


def _expected_cycles(
    first: int, f0_hz: Float32Array, voiced: BoolArray
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return where cycles begin if F0 is all one knows, in samples, their runs, and their periods in samples."""
    frames = np.flatnonzero(voiced)
    f0 = f0_hz[frames].astype(np.float64)
    turns = np.rint(f0 * (HOP / RATE_HZ * _TURN)).astype(np.int64)
    begins = np.ones(len(frames), dtype=np.bool_)
    begins[1:] = (np.diff(frames) > 1) | (np.abs(np.diff(np.log(f0))) > np.log(LONGEST_JUMP))
    after = np.cumsum(turns)
    before = after - turns
    start = np.maximum.accumulate(np.where(begins, np.arange(len(frames)), 0))
    base = before[start]
    lowest, beyond = -(-(before - base) // _TURN), -(-(after - base) // _TURN)
    counts = beyond - lowest
    owner = np.repeat(np.arange(len(frames)), counts)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    into = (lowest[owner] + nth) * _TURN - (before - base)[owner]
    marks = first + HOP * (frames[owner] + into / turns[owner])
    return marks, start[owner].astype(np.int64), RATE_HZ / f0[owner]


def _anchored(
    samples: npt.NDArray[np.int16],
    marks: npt.NDArray[np.float64],
    run: npt.NDArray[np.int64],
    period: npt.NDArray[np.float64],
) -> npt.NDArray[np.int64]:
    """Return where each cycle has its energy: the phase of the energy's first harmonic, over some cycles.

    F0 gives cycles their distance, but not where in them the pulses lie.
    """
    if not len(marks):
        return np.zeros(0, dtype=np.int64)
    steps = np.arange(_PHASES)[:, None] / _PHASES
    energy = samples[np.rint(marks + steps * period).astype(np.intp)].astype(np.float32)
    energy *= energy
    angles = 2 * np.pi * np.arange(_PHASES) / _PHASES
    real, imaginary = product(np.ascontiguousarray([np.cos(angles), np.sin(angles)], np.float32), energy)
    harmonic = real.astype(np.complex128) + 1j * imaginary
    total = harmonic.copy()
    for shift in range(1, _ANCHOR_CYCLES + 1):
        same = run[shift:] == run[:-shift]
        total[shift:] += np.where(same, harmonic[:-shift], 0)
        total[:-shift] += np.where(same, harmonic[shift:], 0)
    phase = np.angle(total) / (2 * np.pi)
    wraps = np.zeros(len(phase), dtype=np.int64)
    wraps[1:] = -np.rint(np.diff(phase)).astype(np.int64)
    wraps[1:][run[1:] != run[:-1]] = 0
    wraps = np.cumsum(wraps)
    begins = np.concatenate(([True], run[1:] != run[:-1]))
    wraps -= wraps[np.maximum.accumulate(np.where(begins, np.arange(len(run)), 0))]
    # F0 is so exact that within a run no cycle drifts by more than one.
    return np.rint(marks + np.clip(phase + wraps, -1, 1) * period).astype(np.int64)


def _rows(samples: npt.NDArray[np.int16], begins: npt.NDArray[np.int64], length: int) -> Float32Array:
    """Return stretches of samples as columns, shape (length, n)."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, length)[begins]
    return np.ascontiguousarray(windows.T, dtype=np.float32)


def _match(
    samples: npt.NDArray[np.int16], position: npt.NDArray[np.int64], period: npt.NDArray[np.float64], octave: _Octave
) -> npt.NDArray[np.int64]:
    """Return how far after each cycle the next looks most like it, in 1 / ``PERIOD_STEPS`` samples; 0 if unlike."""
    window, reach = octave.window, octave.search + _TAPS
    expected = np.rint(period).astype(np.int64)
    template = _rows(samples, position - window // 2, window)
    field = _rows(samples, position + expected - window // 2 - reach, window + 2 * reach)
    correlation = np.empty((2 * reach + 1, len(position)), dtype=np.float32)
    for lag, row in enumerate(correlation):
        np.einsum("ij,ij->j", template, field[lag : lag + window], out=row)
    np.multiply(field, field, out=field)
    energy = np.empty_like(correlation)
    field[:window].sum(axis=0, out=energy[0])
    for lag in range(2 * reach):
        np.subtract(field[window + lag], field[lag], out=energy[lag + 1])
        energy[lag + 1] += energy[lag]
    np.multiply(template, template, out=template)
    own = template.sum(axis=0)
    np.maximum(energy, own * np.float32(1e-3) + np.float32(1), out=energy)
    correlation /= np.sqrt(energy)
    offset, height = _vertex(correlation, reach, octave.search)
    like = height >= np.float32(LEAST_LIKENESS) * np.sqrt(own)
    like &= np.abs(offset) < octave.search
    steps = np.rint((expected + offset.astype(np.float64)) * PERIOD_STEPS).astype(np.int64)
    return np.where(like & (own > 0), steps, 0)


LEAST_LIKENESS = 0.6
"""Normalised correlation of neighbouring pulses below which they do not count as cycles of one voice."""


def _half_sample_weights() -> Float32Array:
    """Return a Kaiser-tapered sinc that gives the value half a step after the middle of 2 * _TAPS values."""
    distance = np.arange(-_TAPS + 1, _TAPS + 1) - 0.5
    weights = np.sinc(distance) * np.i0(3 * np.sqrt(np.maximum(1 - (distance / _TAPS) ** 2, 0)))
    return np.asarray(weights / weights.sum(), dtype=np.float32)


_HALF = _half_sample_weights()


def _vertex(curves: Float32Array, middle: int, search: int) -> tuple[Float32Array, Float32Array]:
    """Return where columns are highest within ``search`` rows of the middle one, from it, and how high.

    A sinc gives the halves between rows around the highest, a parabola through three of them the place.
    """
    inner = curves[middle - search : middle + search + 1]
    top = inner.max(axis=0)
    place = (inner >= top).argmax(axis=0) + (middle - search)
    columns = np.arange(curves.shape[1])
    around = curves[place + np.arange(-_TAPS, _TAPS + 1)[:, None], columns]
    before = np.einsum("i,ij->j", _HALF, around[:-1])
    after = np.einsum("i,ij->j", _HALF, around[1:])
    rightward = (after > top) & (after >= before)
    leftward = (before > top) & ~rightward
    low = np.where(rightward, top, np.where(leftward, around[_TAPS - 1], before))
    best = np.where(rightward, after, np.where(leftward, before, top))
    high = np.where(rightward, around[_TAPS + 1], np.where(leftward, top, after))
    curvature = np.minimum(low - 2 * best + high, -np.finfo(np.float32).tiny)
    vertex = np.clip(np.float32(0.5) * (low - high) / curvature, np.float32(-1), np.float32(1))
    offset = (place - middle).astype(np.float32) + np.float32(0.5) * (vertex + rightward - leftward)
    return offset, best - np.float32(0.25) * (low - high) * vertex


def _peak_amplitude(samples: npt.NDArray[np.int16], position: npt.NDArray[np.int64], octave: _Octave) -> Float32Array:
    """Return the peak of the absolute waveform about each cycle's middle, found between samples."""
    search = octave.window // 2
    middle = search + _TAPS
    around = np.abs(_rows(samples, position - middle, 2 * middle + 1))
    return _vertex(around, middle, search)[1]
