"""Pitch candidates by normalised autocorrelation, and F0, voicing and harmonics-to-noise ratio from them.

After P. Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a
sampled sound", IFA Proceedings 17 (1993): the autocorrelation of a Hann-windowed frame relative to what the window
alone would leave of it, peaks interpolated between lags, and a path through the frames' candidates. F0 thus rests on
periodicity: that a telephone band lacks the fundamental does not matter. Unlike there,

* the window's share is weighted with where in the frame the energy lies, instead of taking it as even (``_correlate``);
* a frame offers one candidate per octave, and silence is an absolute level;
* of a period and its multiples that wins which lies where the voice's pitch usually does (``pitch_range``);
* the path is found over stretches of fixed length (``pitch_path``), so that no frame depends on audio far away.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import fft

from callbeam.audio.frames import Block, BoolArray, Float32Array, FrameGrid, frame_runs, hann_window
from callbeam.audio.reproducible_matmul import FrameSums, matmul
from callbeam.audio.selection import Selection, Workspace

F0_LOW_HZ, F0_HIGH_HZ = 65.0, 500.0
OCTAVES = 3
"""Candidates of a frame: the best peak of each octave from 65 to 500 Hz. A period and its multiples share no octave."""

HNR_LIMIT_DB = 40.0
"""Beyond this the window's correction and 16-bit samples, not the voice, decide."""

_SHARE_NODES = 10
"""Lags at which the window's share is computed; it is so smooth that a polynomial through these serves for all."""

_TAPS = 6
_PHASES = 64
"""The autocorrelation between lags: samples on either side that a sinc takes, and steps from lag to lag."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PitchConfig:
    """What decides between candidates; costs are in units of autocorrelation.

    Attributes
    ----------
    voicing_threshold : float
        A frame whose best autocorrelation is less is rather unvoiced.
    octave_cost : float
        How much a candidate gains per octave where its frame repeats exactly, or nothing tells the voice's usual pitch:
        of equally strong multiples of a period the shortest wins.
    range_cost : float
        Cost of lying an octave from where the voice's pitch usually lies; four times as much two octaves away.
    doubt : float
        Frames whose best autocorrelation is this far from 1, or further, pay that cost in full; the clearer, the less.
    octave_jump_cost : float
        Cost of a change between neighbouring frames, per octave.
    voicing_change_cost : float
        Cost of a change between voiced and unvoiced.
    silence_dbfs : float
        Frames below this RMS level (of the pitch window) are unvoiced.
    """

    voicing_threshold: float = 0.48
    octave_cost: float = 0.015
    range_cost: float = 0.15
    doubt: float = 0.06
    octave_jump_cost: float = 0.5
    voicing_change_cost: float = 0.14
    silence_dbfs: float = -60.0


class PitchCandidates:
    """What a channel's frames offer to the path; filled block by block.

    Parameters
    ----------
    frames : int
        How many.
    first : int
        Index of the first on the leg's grid.

    Attributes
    ----------
    frequency : float32 array, shape (OCTAVES, n)
        In Hz, within 65 to 500; NaN where an octave has no peak.
    strength : float32 array, shape (OCTAVES, n)
        The normalised autocorrelation there, 0 to 1; 0 where an octave has no peak.
    audible : bool array, shape (n,)
        Whether the frame is louder than ``silence_dbfs``.
    energy : float32 array, shape (n,)
        Sum of squares of the windowed frame; 0 where it is silent altogether, or not looked at.
    """

    def __init__(self, frames: int, first: int) -> None:
        self.first = first
        self.frequency: Float32Array = np.full((OCTAVES, frames), np.nan, dtype=np.float32)
        self.strength: Float32Array = np.zeros((OCTAVES, frames), dtype=np.float32)
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
        length = _transform_length(grid.pitch_length, self._longest)
        self._slab_of_lags = slab
        self._runs = frame_runs(grid, grid.pitch_length)
        self._window = window.astype(np.float32)[:, None]
        self._mean = FrameSums(grid, window[None] / window.sum())
        self._padded, self._power = Workspace(length), Workspace(length // 2 + 1)
        self._centred = Workspace(grid.pitch_length)
        lags = np.arange(slab.start, slab.stop)
        nodes, interpolation = _chebyshev(lags, _SHARE_NODES)
        # The cosine transform is ``length`` times the autocorrelation.
        self._share_at_nodes = np.ascontiguousarray(length * _window_share(grid.pitch_length, nodes).T, np.float32)
        self._share_at_lags = np.ascontiguousarray(interpolation.T, np.float32)
        self._slab = Workspace(len(lags))
        self._sincs = _sinc_table()
        self._half_sincs = np.ascontiguousarray(self._sincs[:, [_PHASES // 2, _PHASES + _PHASES // 2]].T)
        edges = np.rint(np.geomspace(self._shortest, self._longest + 1, OCTAVES + 1)).astype(int) - self._shortest
        # Where in the lags searched each octave begins and ends, and how many lags there are from each of them on.
        self._octaves = [
            (low, high, np.arange(high - low, 0, -1, dtype=np.min_scalar_type(high))[:, None])
            for low, high in pairwise(edges.tolist())
        ]
        # A frame's mean square from its windowed energy, had it the same level throughout.
        self._audible_energy = np.float32(10 ** (config.silence_dbfs / 10) * (window**2).sum())

    def find(self, block: Block, candidates: PitchCandidates, wanted: BoolArray | None = None) -> None:
        """Write the candidates of a block's frames.

        Parameters
        ----------
        block : Block
        candidates : PitchCandidates
            Its ``first`` says which frames these are.
        wanted : bool array, shape (BLOCK_FRAMES,), optional
            Frames to look at; others keep what they are.
        """
        selection = Selection(wanted)
        if not len(selection):
            return
        slab, energy = self._correlate(block, selection)
        lags, heights = self._peaks(slab)
        rows = block.first - candidates.first + selection.frames
        inside = (rows >= 0) & (rows < len(candidates.energy))
        if wanted is not None:
            inside &= wanted[selection.frames]
        rows = rows[inside]
        frequency = np.clip(self.grid.sample_rate_hz / lags, np.float32(F0_LOW_HZ), np.float32(F0_HIGH_HZ))
        candidates.frequency[:, rows] = frequency[:, inside]
        candidates.strength[:, rows] = np.minimum(heights, np.float32(1))[:, inside]
        candidates.audible[rows] = (energy >= self._audible_energy)[inside]
        candidates.energy[rows] = energy[inside]

    def _correlate(self, block: Block, selection: Selection) -> tuple[Float32Array, Float32Array]:
        """Return the normalised autocorrelation over the lags searched and their margin, and each frame's energy.

        With samples x (their weighted mean taken out) and window w it is, at lag l,

            sum(w[t] x[t] w[t+l] x[t+l]) / sum(w[t] w[t+l] (x[t]**2 + x[t+l]**2) / 2):

        1 for whatever repeats after l samples, and never more. Boersma divides by sum(w[t] w[t+l]) and the frame's
        energy, which is the same for even energy, but 3 % off for four sharp pulses in a window: 5 dB of an HNR of 20.
        """
        count = len(selection)
        mean = self._mean.of(block.hops)[0]
        centred, padded = self._centred.of(count), self._padded.of(count)
        for run in self._runs:
            for frames, columns, samples in selection.of(block, run):
                np.subtract(samples, mean[frames], out=centred[run.frame, columns])
        np.multiply(centred, self._window, out=padded[: len(centred)])
        padded[len(centred) :] = 0
        power = np.abs(fft.rfft(padded, axis=0, workers=1), out=self._power.of(count))
        np.multiply(power, power, out=power)
        # An autocorrelation is real and even, so half the work does: the cosine transform of the power spectrum.
        correlation = fft.dct(power, type=1, axis=0, overwrite_x=True, workers=1)
        np.multiply(centred, centred, out=centred)
        share = matmul(self._share_at_lags, matmul(self._share_at_nodes, centred))
        np.maximum(share, np.float32(np.finfo(np.float32).tiny), out=share)  # digital silence
        energy = correlation[0] / np.float32(len(padded))
        return np.divide(correlation[self._slab_of_lags], share, out=self._slab.of(count)), energy

    def _peaks(self, slab: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Return lag (NaN if none) and height (0) of the highest peak in each octave, shape (OCTAVES, frames)."""
        margin = self._margin
        rising = slab[margin : 1 - margin] > slab[margin - 1 : -margin]
        heights = slab[margin:-margin] * (rising[:-1] > rising[1:])
        places = np.empty((OCTAVES, slab.shape[1]), dtype=np.intp)
        tops = np.empty((OCTAVES, slab.shape[1]), dtype=np.float32)
        for (low, high, countdown), top, place in zip(self._octaves, tops, places, strict=True):
            some = heights[low:high]
            some.max(axis=0, out=top)
            # The first lag as high as that counts: argmax, which numpy has only for values in one stretch of memory.
            np.subtract(high, ((some == top) * countdown).max(axis=0), out=place)
        offset, height = self._interpolate(slab, places + margin)
        lags = (places + self._shortest).astype(np.float32) + offset
        found = tops > 0
        return np.where(found, lags, np.float32(np.nan)), np.where(found, height, np.float32(0))

    def _interpolate(self, slab: Float32Array, places: npt.NDArray[np.intp]) -> tuple[Float32Array, Float32Array]:
        """Return each peak's distance from the whole lag it was found at, and its height.

        A sinc gives the half lags around the peak, a parabola through the highest of them its place, and the sinc again
        its height. A telephone band has components up to 3.4 kHz, of little more than two samples at 8 kHz: a parabola
        through whole lags would miss up to a quarter of the height, on which voicing and harmonics-to-noise ratio rest.
        """
        frames = slab.shape[1]
        flat = (places * frames + np.arange(frames)).reshape(-1)
        taps = np.take(slab, flat + frames * np.arange(-_TAPS, _TAPS + 1)[:, None])
        before, after = matmul(self._half_sincs, taps)
        low, middle, high = taps[_TAPS - 1 : _TAPS + 2]
        rightward = (after > middle) & (after >= before)
        leftward = (before > middle) & ~rightward
        left = np.where(rightward, middle, np.where(leftward, low, before))
        top = np.where(rightward, after, np.where(leftward, before, middle))
        right = np.where(rightward, high, np.where(leftward, middle, after))
        curvature = np.minimum(left - 2 * top + right, np.float32(-1e-6))
        vertex = np.clip(np.float32(0.5) * (left - right) / curvature, np.float32(-1), np.float32(1))
        offset = np.float32(0.5) * (vertex + rightward - leftward)
        sincs = np.take(self._sincs, np.rint(offset * _PHASES).astype(np.intp) + _PHASES, axis=1)
        height = np.einsum("ij,ij->j", taps, sincs)
        return offset.reshape(places.shape), height.reshape(places.shape)


def _transform_length(length: int, longest: int) -> int:
    """Return an even length to transform windowed frames with, so that their autocorrelation is whole up to a lag.

    It repeats, so that the longest lags also get what belongs to lags short of the window by less than a tenth of the
    longest. Only the window's very ends are that far apart: their products are 3e-6 of its share at the longest lag.
    """
    return 2 * int(fft.next_fast_len(-(-(10 * length + 9 * longest) // 20), real=True))


def _window_share(length: int, lags: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return w[t] (w[t + l] + w[t - l]) / 2 for a Hann window w, shape (length, lags); lags need not be whole."""
    time = np.arange(length, dtype=np.float64)[:, None]

    def window(at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        inside = (at >= 0) & (at <= length)
        return np.asarray(np.where(inside, 0.5 - 0.5 * np.cos(2 * np.pi * at / length), 0), dtype=np.float64)

    return window(time) * (window(time + lags) + window(time - lags)) / 2


def _chebyshev(lags: npt.NDArray[np.int64], count: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return Chebyshev nodes over a range of lags, and the matrix (count, lags) that interpolates from them."""
    angles = np.pi * (np.arange(count) + 0.5) / count
    middle, half = (lags[0] + lags[-1]) / 2, (lags[-1] - lags[0]) / 2
    orders = np.arange(count)
    at_nodes = np.cos(orders * angles[:, None]) * np.where(orders == 0, 1, 2) / count
    at_lags = np.cos(orders[:, None] * np.arccos((lags - middle) / half))
    return middle + half * np.cos(angles), np.einsum("ij,jk->ik", at_nodes, at_lags)


def _sinc_table() -> Float32Array:
    """Return sincs at shifts from -1 to 1 lag in steps of 1 / _PHASES, one a column.

    A Kaiser taper keeps a band up to 3.4 kHz whole at 8 kHz; Hann's, as long, loses 1 % of a sharp pulse's height.
    """
    distance = np.arange(-_TAPS, _TAPS + 1)[:, None] - np.arange(-_PHASES, _PHASES + 1) / _PHASES
    weights = np.sinc(distance) * np.i0(3 * np.sqrt(np.maximum(1 - (distance / (_TAPS + 1)) ** 2, 0)))
    table: Float32Array = (weights / weights.sum(axis=0)).astype(np.float32)
    return table


def harmonics_to_noise(strength: npt.NDArray[np.float32]) -> Float32Array:
    """Return 10 log10(r / (1 - r)) in dB of the normalised autocorrelation r, at most ``HNR_LIMIT_DB``."""
    limit = 10 ** (HNR_LIMIT_DB / 10)
    ratio = np.clip(strength, np.float32(1 / (1 + limit)), np.float32(limit / (1 + limit))).astype(np.float64)
    return (10 * np.log10(ratio / (1 - ratio))).astype(np.float32)
