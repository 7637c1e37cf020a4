"""Glottal cycles of voiced speech: how long each lasts, and how strong it is.

The known pitch says roughly where cycles lie, the waveform how long each is: neighbouring cycles are matched by their
normalised cross-correlation, as P. Boersma describes it for jitter and shimmer ("Should jitter be measured by peak
picking or by waveform matching?", Folia Phoniatrica et Logopaedica 61 (2009), 305-308), which noise disturbs far less
than where a peak lies. All cycles are measured side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.audio import LANES, matmul

if TYPE_CHECKING:
    from callbeam.audio import BoolArray, Float32Array

RATE_HZ = 8000
"""The rate that samples must have."""

HOP = 80
"""10 ms."""

PERIOD_STEPS = 1 << 16
"""Periods are whole numbers of this part of a sample, so that sums of them are exact in any order."""

LONGEST_JUMP = 1.2
"""Ratio of the F0 of neighbouring frames beyond which they belong to different runs."""

LEAST_LIKENESS = 0.6
"""Normalised correlation of neighbouring pulses below which they do not count as cycles of one voice."""

MARGIN = 512
"""Samples that anything measured of a frame's cycles may lie away from it."""

_CYCLES_AT_ONCE = 2048

_TURN = 1 << 32
"""Phase is counted in this part of a cycle: in integers, it does not depend on where counting began."""

_PHASES = 32
"""At so many places of each cycle its energy is looked at, to find where the pulses lie in the cycles."""

_ANCHOR_CYCLES = 4
"""This is decided together with so many cycles on either side."""

_EVEN = 0.1
"""Share of the whole energy that speaks for no shift at all: a sine has no pulses that could be found."""

_TAPS = 4
"""Values on either side that a sinc takes between lags."""


@dataclass(frozen=True, slots=True)
class _Octave:
    """How cycles of some range of periods are matched, in samples."""

    longest: float
    window: int
    search: int


_OCTAVES = (_Octave(31.0, 16, 4), _Octave(62.0, 32, 6), _Octave(124.0, 56, 11))
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
        RMS of the samples (16-bit values) about the pulse, that are matched. Their peak, which lies between samples and
        changes with every phase of the harmonics that a band leaves, differs by 0.1 to 0.3 dB where pulses do not.
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
        The period of a run's last cycle is 0.
    """
    origin, into, run, period = _expected_cycles(first, f0_hz, voiced)
    position = origin + _anchors(samples, origin, into, run, period)
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
            some = np.concatenate((some, np.repeat(some[-1:], -len(some) % LANES)))
            distance, strength = _match(samples, position[some], period[some], octave)
            measured[some], amplitude[some] = distance, strength
    return Cycles(position, run, np.where(followed, measured, 0), amplitude)


def _expected_cycles(
    first: int, f0_hz: Float32Array, voiced: BoolArray
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return where cycles begin if F0 is all one knows, their runs, and their periods in samples.

    Where one begins is the first sample of its hop interval and how many samples into that.
    """
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
    turned = (lowest[owner] + nth) * _TURN - (before - base)[owner]
    origin = (first + HOP * frames[owner]).astype(np.int64)
    return origin, HOP * turned / turns[owner], start[owner].astype(np.int64), RATE_HZ / f0[owner]


def _anchors(
    samples: npt.NDArray[np.int16],
    origin: npt.NDArray[np.int64],
    into: npt.NDArray[np.float64],
    run: npt.NDArray[np.int64],
    period: npt.NDArray[np.float64],
) -> npt.NDArray[np.int64]:
    """Return how far after its origin each cycle has its energy: the energy's first harmonic, over some cycles, tells.

    F0 gives cycles their distance, but not where in them the pulses lie.
    """
    if not len(origin):
        return np.zeros(0, dtype=np.int64)
    parts = [slice(at, at + _CYCLES_AT_ONCE) for at in range(0, len(origin), _CYCLES_AT_ONCE)]
    harmonic = np.concatenate([_first_harmonic(samples, origin[part], into[part], period[part]) for part in parts])
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
    return np.asarray(np.rint(into + np.clip(phase + wraps, -1, 1) * period), dtype=np.int64)


def _first_harmonic(
    samples: npt.NDArray[np.int16],
    origin: npt.NDArray[np.int64],
    into: npt.NDArray[np.float64],
    period: npt.NDArray[np.float64],
) -> npt.NDArray[np.complex128]:
    """Return the first harmonic of each cycle's energy, ``_EVEN`` of the whole added."""
    steps = np.arange(_PHASES)[:, None] / _PHASES
    energy = samples[origin + np.rint(into + steps * period).astype(np.int64)].astype(np.float32)
    energy *= energy
    angles = 2 * np.pi * np.arange(_PHASES) / _PHASES
    real, imaginary = matmul(np.ascontiguousarray([np.cos(angles) + _EVEN, np.sin(angles)], np.float32), energy)
    return np.asarray(real.astype(np.complex128) + 1j * imaginary)


def _rows(samples: npt.NDArray[np.int16], begins: npt.NDArray[np.int64], length: int) -> Float32Array:
    """Return stretches of samples as columns, shape (length, n)."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, length)[begins]
    return np.ascontiguousarray(windows.T, dtype=np.float32)


def _match(
    samples: npt.NDArray[np.int16], position: npt.NDArray[np.int64], period: npt.NDArray[np.float64], octave: _Octave
) -> tuple[npt.NDArray[np.int64], Float32Array]:
    """Return how far after each cycle the next looks most like it, and the RMS of the cycle's pulse.

    The distance is in 1 / ``PERIOD_STEPS`` samples; 0 where nothing looks like it.
    """
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
    return np.where(like & (own > 0), steps, 0), np.sqrt(own / np.float32(window))


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
    place = inner.argmax(axis=0) + (middle - search)
    columns = np.arange(curves.shape[1])
    around = curves[place + np.arange(-_TAPS, _TAPS + 1)[:, None], columns]
    top = around[_TAPS]
    before = np.einsum("i,ij->j", _HALF, around[:-1])
    after = np.einsum("i,ij->j", _HALF, around[1:])
    rightward = (after > top) & (after >= before)
    leftward = (before > top) & ~rightward
    low = np.where(rightward, top, np.where(leftward, around[_TAPS - 1], before))
    best = np.where(rightward, after, np.where(leftward, before, top))
    high = np.where(rightward, around[_TAPS + 1], np.where(leftward, top, after))
    curvature = np.minimum(low - 2 * best + high, np.float32(-1e-6))
    vertex = np.clip(np.float32(0.5) * (low - high) / curvature, np.float32(-1), np.float32(1))
    offset = (place - middle).astype(np.float32) + np.float32(0.5) * (vertex + rightward - leftward)
    return offset, best - np.float32(0.25) * (low - high) * vertex
