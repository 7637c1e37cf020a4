"""Pitch candidates by normalised autocorrelation, and F0, voicing and harmonics-to-noise ratio from them.

After P. Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a
sampled sound", IFA Proceedings 17 (1993): the autocorrelation of a Hann-windowed frame divided by the window's own,
peaks interpolated between lags, and a path through the frames' candidates. F0 thus rests on periodicity: that a
telephone band lacks the fundamental does not matter. Unlike there, a frame offers one candidate per octave, silence is
an absolute level, and the path is found over stretches of fixed length (``pitch_path``), so that no frame depends on
audio far away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from callbeam.audio.frames import BLOCK_FRAMES, Block, Float32Array, FrameGrid, hann_window

F0_LOW_HZ, F0_HIGH_HZ = 65.0, 500.0
OCTAVES = 3
"""Candidates of a frame: the best peak of each octave from 65 to 500 Hz. A period and its multiples share no octave."""

HNR_LIMIT_DB = 40.0
"""Beyond this the window's correction and 16-bit samples, not the voice, decide."""

_OFFSET_BINS = 24
"""Bins of a transform that a constant offset reaches through the window: beyond, less than -90 dB of it."""

_TAPS = 6
"""Samples on either side of a peak that interpolate the autocorrelation half-way between two lags."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PitchConfig:
    """What decides between candidates; costs are in units of autocorrelation.

    Attributes
    ----------
    voicing_threshold : float
        A frame whose best autocorrelation is less is rather unvoiced.
    octave_cost : float
        How much a candidate gains per octave: of equally strong multiples of a period the shortest wins.
    octave_jump_cost : float
        Cost of a change between neighbouring frames, per octave.
    voicing_change_cost : float
        Cost of a change between voiced and unvoiced.
    silence_dbfs : float
        Frames below this RMS level (of the pitch window) are unvoiced.
    """

    voicing_threshold: float = 0.5
    octave_cost: float = 0.03
    octave_jump_cost: float = 0.35
    voicing_change_cost: float = 0.14
    silence_dbfs: float = -60.0


class PitchCandidates:
    """What a channel's frames offer to the path; filled block by block.

    Attributes
    ----------
    frequency : float32 array, shape (n, OCTAVES)
        In Hz, within 65 to 500; NaN where an octave has no peak.
    strength : float32 array, shape (n, OCTAVES)
        The normalised autocorrelation there, 0 to 1; 0 where an octave has no peak.
    audible : bool array, shape (n,)
        Whether the frame is louder than ``silence_dbfs``.
    energy : float32 array, shape (n,)
        Sum of squares of the windowed frame; 0 where it is silent altogether.
    """

    def __init__(self, frames: int) -> None:
        self.frequency: Float32Array = np.full((frames, OCTAVES), np.nan, dtype=np.float32)
        self.strength: Float32Array = np.zeros((frames, OCTAVES), dtype=np.float32)
        self.audible: npt.NDArray[np.bool_] = np.zeros(frames, dtype=np.bool_)
        self.energy: Float32Array = np.zeros(frames, dtype=np.float32)


class PitchAnalyser:
    """Finds the pitch candidates of one block after another."""

    def __init__(self, grid: FrameGrid, config: PitchConfig) -> None:
        self.grid = grid
        rate = grid.sample_rate_hz
        self._shortest, self._longest = int(rate // F0_HIGH_HZ), int(np.ceil(rate / F0_LOW_HZ))
        self._margin = _TAPS + 1
        slab = slice(self._shortest - self._margin, self._longest + self._margin + 1)
        window = hann_window(grid.pitch_length)
        length = fft.next_fast_len(grid.pitch_length + slab.stop, real=True)
        length += length % 2
        self._window = window.astype(np.float32)
        self._padded = np.zeros((BLOCK_FRAMES, length), dtype=np.float32)
        transform = np.fft.rfft(window, length)
        self._offset = (transform / transform[0])[:_OFFSET_BINS].astype(np.complex64)
        self._power = np.empty((BLOCK_FRAMES, length // 2 + 1), dtype=np.float32)
        self._slab_of_lags = slab
        own = np.array([window[lag:] @ window[: len(window) - lag] for lag in range(slab.stop)])
        self._correction = (own[0] / own[slab]).astype(np.float32)
        self._slab = np.empty((BLOCK_FRAMES, len(self._correction)), dtype=np.float32)
        self._rising = np.zeros(self._slab.shape, dtype=np.bool_)
        self._half_lags = _half_lag_interpolators()
        self._octave_edges = np.round(np.geomspace(self._shortest, self._longest + 1, OCTAVES + 1)).astype(int)
        # A frame's mean square from its windowed energy, had it the same level throughout.
        self._audible_energy = np.float32(10 ** (config.silence_dbfs / 10) * (window**2).sum())
        self._rows = np.arange(BLOCK_FRAMES)[:, None]

    def find(self, block: Block, candidates: PitchCandidates, at: slice, part: slice) -> None:
        """Write a block's candidates: frames ``part`` of the block into rows ``at`` of ``candidates``."""
        slab, energy = self._correlate(block)
        lags, heights = self._peaks(slab)
        frequency = np.clip(self.grid.sample_rate_hz / lags, np.float32(F0_LOW_HZ), np.float32(F0_HIGH_HZ))
        candidates.frequency[at] = frequency[part]
        candidates.strength[at] = np.minimum(heights, np.float32(1))[part]
        candidates.audible[at] = (energy >= self._audible_energy)[part]
        candidates.energy[at] = energy[part]

    def _correlate(self, block: Block) -> tuple[Float32Array, Float32Array]:
        """Return the normalised autocorrelation over the lags searched and their margin, and each frame's energy."""
        length = self.grid.pitch_length
        np.multiply(block.frames(length, self.grid.hop), self._window, out=self._padded[:, :length])
        spectrum = fft.rfft(self._padded, axis=1, workers=1)
        # A constant offset is the window's own spectrum, whose sidelobes end soon: cheaper taken out here than before.
        spectrum[:, : len(self._offset)] -= spectrum[:, :1] * self._offset
        np.abs(spectrum, out=self._power)
        np.multiply(self._power, self._power, out=self._power)
        # An autocorrelation is real and even, so half the work does: the cosine transform of the power spectrum.
        correlation = fft.dct(self._power, type=1, axis=1, overwrite_x=True, workers=1)
        energy = correlation[:, 0] / np.float32(self._padded.shape[1])
        scale = np.divide(1, correlation[:, 0], out=np.zeros(BLOCK_FRAMES, np.float32), where=energy > 0)
        slab = np.multiply(correlation[:, self._slab_of_lags], self._correction, out=self._slab)
        return np.multiply(slab, scale[:, None], out=slab), energy

    def _peaks(self, slab: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Return lag (NaN if none) and height (0) of the highest peak in each octave, shape (BLOCK_FRAMES, OCTAVES)."""
        margin = self._margin
        # Neighbours are compared through all rows at once; where rows meet lies in the margin.
        rising = self._rising
        np.greater(slab.ravel()[1:], slab.ravel()[:-1], out=rising.ravel()[1:])
        peak = rising[:, margin:-margin] & ~rising[:, margin + 1 : slab.shape[1] - margin + 1]
        heights = slab[:, margin:-margin] * peak
        places = np.empty((BLOCK_FRAMES, OCTAVES), dtype=np.intp)
        for octave in range(OCTAVES):
            low, high = self._octave_edges[octave : octave + 2] - self._shortest
            heights[:, low:high].argmax(axis=1, out=places[:, octave])
            places[:, octave] += low
        found = np.take_along_axis(heights, places, axis=1) > 0
        offset, height = self._interpolate(slab, places + margin)
        lags = (places + self._shortest).astype(np.float32) + offset
        return np.where(found, lags, np.float32(np.nan)), np.where(found, height, np.float32(0))

    def _interpolate(self, slab: Float32Array, places: npt.NDArray[np.intp]) -> tuple[Float32Array, Float32Array]:
        """Refine peaks: a sinc for the half lags around each, then a parabola through the highest of them.

        A telephone band has components up to 3.4 kHz, of little more than two samples at 8 kHz: a parabola through
        whole lags would miss up to a quarter of a peak's height, on which voicing and harmonics-to-noise ratio rest.
        """
        taps = slab[self._rows[:, :, None], places[:, :, None] + np.arange(-_TAPS, _TAPS + 1)]
        halves = taps @ self._half_lags
        before, after = halves[..., 0], halves[..., 1]
        low, middle, high = taps[..., _TAPS - 1], taps[..., _TAPS], taps[..., _TAPS + 1]
        rightward = (after > middle) & (after >= before)
        leftward = (before > middle) & ~rightward
        left = np.where(rightward, middle, np.where(leftward, low, before))
        top = np.where(rightward, after, np.where(leftward, before, middle))
        right = np.where(rightward, high, np.where(leftward, middle, after))
        curvature = left - 2 * top + right
        flat = curvature >= 0
        vertex = np.where(flat, 0, 0.5 * (left - right) / np.where(flat, -1, curvature)).astype(np.float32)
        vertex = np.clip(vertex, np.float32(-1), np.float32(1))
        height = top - np.float32(0.25) * (left - right) * vertex
        offset = np.float32(0.5) * (vertex + rightward - leftward)
        return offset, height


def _half_lag_interpolators() -> Float32Array:
    """Return Hann-tapered sincs half a lag before and after the middle, shape (2 * _TAPS + 1, 2)."""
    taps = np.arange(-_TAPS, _TAPS + 1)
    columns = []
    for shift in (-0.5, 0.5):
        distance = taps - shift
        taper = np.where(np.abs(distance) < _TAPS, 0.5 + 0.5 * np.cos(np.pi * distance / _TAPS), 0)
        weights = np.sinc(distance) * taper
        columns.append(weights / weights.sum())
    return np.stack(columns, axis=1).astype(np.float32)


def harmonics_to_noise(strength: npt.NDArray[np.float32]) -> Float32Array:
    """Return 10 log10(r / (1 - r)) in dB of the normalised autocorrelation r, at most ``HNR_LIMIT_DB``."""
    limit = 10 ** (HNR_LIMIT_DB / 10)
    ratio = np.clip(strength, np.float32(1 / (1 + limit)), np.float32(limit / (1 + limit))).astype(np.float64)
    return (10 * np.log10(ratio / (1 - ratio))).astype(np.float32)
