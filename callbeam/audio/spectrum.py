"""Spectral features of 25 ms frames, defined as librosa defines them, in blocks that stay in cache.

Frames are weighted with a periodic Hann window of their own length and transformed with ``FrameGrid.fft_length``
points. At 8 kHz that is ``librosa.stft(y, n_fft=256, win_length=200, hop_length=80, center=False)`` over samples padded
with 88 zeros in front: 60 by which frame 0 begins before its hop, 28 by which librosa centres the window in its
transform (where it lies there changes phases alone). Magnitudes are not scaled; samples lie in [-1, 1).

A frame without any energy has no spectrum: centroid, bandwidth, rolloff, flatness, flux, slopes and ratios are then NaN
(librosa returns 0, or 1 for flatness); log-mel and MFCC are at their floor, as in librosa.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import fft

from callbeam.audio.frames import Block, Float32Array, FrameGrid, frame_runs, hann_window
from callbeam.audio.mel import mel_edges, mel_filters
from callbeam.audio.reproducible_matmul import matmul
from callbeam.audio.selection import Selection, Workspace
from callbeam.schemas import MEL_BANDS, MFCC_COUNT

_MEL_GROUPS = 8
"""Neighbouring mel bands that share a product: most bins lie outside a few bands' reach."""

ROLLOFF_SHARE = 0.85
POWER_FLOOR = 1e-10
"""librosa's ``amin`` for power: log-mel bands end at -100 dB."""

SPECTRAL_MEASURES = (
    "spectral_centroid_hz",
    "spectral_bandwidth_hz",
    "spectral_rolloff_hz",
    "spectral_flatness",
    "spectral_flux",
    "spectral_slope_0_500_db_khz",
    "spectral_slope_500_1500_db_khz",
    "alpha_ratio_db",
    "hammarberg_index_db",
)
"""What ``SpectrumAnalyser.shape`` and ``balance`` measure, by the names of table ``frames``."""

TONE_BAND_HZ = (125.0, 4000.0)
"""Where the tones of telephony lie, and where the power is that they are told by."""

_DB = np.float32(10 / np.log(10))


@lru_cache(maxsize=16)
def _mel_groups(grid: FrameGrid) -> tuple[tuple[slice, slice, Float32Array], ...]:
    """Return groups of neighbouring mel bands: which bands, which bins they reach, and their filters over these."""
    bank = mel_filters(grid)
    groups = []
    for bands in np.array_split(np.arange(MEL_BANDS), _MEL_GROUPS):
        rows = slice(int(bands[0]), int(bands[-1]) + 1)
        reached = np.flatnonzero(bank[rows].any(axis=0))
        bins = slice(int(reached[0]), int(reached[-1]) + 1)
        groups.append((rows, bins, np.ascontiguousarray(bank[rows, bins])))
    return tuple(groups)


def equal_loudness(frequencies: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the ear's weight of power at frequencies in Hz, by H. Hermansky's approximation.

    "Perceptual linear predictive (PLP) analysis of speech", J. Acoust. Soc. Am. 87(4), 1990, equation 7: the 40 dB
    curve of Robinson and Dadson, good up to 5 kHz.
    """
    squared = (2 * np.pi * frequencies) ** 2
    return np.asarray((squared + 56.8e6) * squared**2 / ((squared + 6.3e6) ** 2 * (squared + 0.38e9)))


@lru_cache(maxsize=16)
def loudness_weights(grid: FrameGrid) -> Float32Array:
    """Return what each band's cube root of librosa's mel power counts in loudness, float32, shape (1, MEL_BANDS).

    librosa's filters have unit area in Hz: times half a band's width (the area of a triangle of height 1), and by
    Parseval, a band's mel power becomes its part of the frame's mean square, the same at all sample rates.
    """
    edges = mel_edges()
    window_energy = (hann_window(grid.frame_length) ** 2).sum()
    to_mean_square = (edges[2:] - edges[:-2]) / 2 * 2 / (grid.fft_length * window_energy)
    weights = np.cbrt(equal_loudness(edges[1:-1]) * to_mean_square)
    return np.ascontiguousarray(weights[None], dtype=np.float32)


def slope_weights(frequencies: npt.NDArray[np.float64], low_hz: float, high_hz: float) -> npt.NDArray[np.float64]:
    """Return the weights whose product with a spectrum in dB is its least-squares slope, in dB per kHz.

    Parameters
    ----------
    frequencies : float64 array, shape (bins,)
        In Hz.
    low_hz, high_hz : float
        The regression takes the bins from ``low_hz`` to ``high_hz``, both inclusive.
    """
    inside = (frequencies >= low_hz) & (frequencies <= high_hz)
    kilohertz = frequencies / 1000
    centred = np.where(inside, kilohertz - kilohertz[inside].mean(), 0.0)
    return np.asarray(centred / (centred**2).sum())


class SpectrumAnalyser:
    """Computes the spectra of one block after another, and features of them.

    A spectrum is a column, and a bin of all frames a row. The arrays are reused by the next block: whatever outlives
    the block must be copied.

    Examples
    --------
    >>> from callbeam.audio import blocks, channel_of_pcm, frame_grid
    >>> tone = 8000 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    >>> analyser = SpectrumAnalyser(frame_grid(8000))
    >>> for block in blocks(channel_of_pcm(tone.astype(np.int16), 8000), frame_grid(8000)):
    ...     analyser.transform(block)
    ...     print(round(float(analyser.shape()["spectral_centroid_hz"][50])))
    1000
    """

    def __init__(self, grid: FrameGrid) -> None:
        self.grid = grid
        bins = grid.fft_length // 2 + 1
        frequencies = np.arange(bins) * grid.sample_rate_hz / grid.fft_length
        self._frequencies = frequencies.astype(np.float32)
        self._runs = frame_runs(grid, grid.frame_length)
        self._window = hann_window(grid.frame_length).astype(np.float32)[:, None]
        self._padded, self._mel, self._compressed = (
            Workspace(rows) for rows in (grid.fft_length, MEL_BANDS, MEL_BANDS)
        )
        self._magnitude, self._power, self._log_power, self._normalised, self._scratch = (
            Workspace(bins) for _ in range(5)
        )
        self.magnitude: Float32Array = self._magnitude.of(0)
        self.power: Float32Array = self._power.of(0)
        self._frames: npt.NDArray[np.intp] = np.arange(0)
        self._before = np.full(bins, np.nan, dtype=np.float32)
        self._before_frame = -1
        # Sums over bins are products with a row each.
        self._moments = _rows(np.ones(bins), frequencies)
        self._mean_and_slopes = _rows(
            np.full(bins, 1 / bins),
            slope_weights(frequencies, 0, 500) * (10 / np.log(10)),
            slope_weights(frequencies, 500, 1500) * (10 / np.log(10)),
        )
        self._bands = _rows((frequencies >= 50) & (frequencies <= 1000), (frequencies > 1000) & (frequencies <= 5000))
        telephone = slice(*np.searchsorted(frequencies, TONE_BAND_HZ).tolist())
        self._tone_band = telephone
        self._tone_moments = _rows(np.ones(bins)[telephone], frequencies[telephone])
        # A transform padded further spreads a line over more bins, each with less.
        self._bins_of_a_line = np.float32(grid.fft_length / grid.frame_length)
        self._two_kilohertz = int(np.searchsorted(frequencies, 2000, side="right"))
        self._five_kilohertz = int(np.searchsorted(frequencies, 5000, side="right"))

    def transform(self, block: Block, selection: Selection | None = None) -> None:
        """Compute ``magnitude`` and ``power``, float32, shape (fft_length / 2 + 1, n), of a block's frames.

        Parameters
        ----------
        block : Block
        selection : Selection, optional
            Which n frames of the block these are, and all that is measured of it. All unless given.
        """
        selection = Selection() if selection is None else selection
        count, length = len(selection), len(self._window)
        padded = self._padded.of(count)
        for run in self._runs:
            for _, columns, samples in selection.of(block, run):
                np.multiply(samples, self._window[run.frame], out=padded[run.frame, columns])
        padded[length:] = 0
        self.magnitude = np.abs(fft.rfft(padded, axis=0, workers=1), out=self._magnitude.of(count))
        self.power = np.multiply(self.magnitude, self.magnitude, out=self._power.of(count))
        self._frames = block.first + selection.frames

    def shape(self) -> dict[str, Float32Array]:
        """Measure centroid, bandwidth and rolloff of the magnitudes and flatness of the power, as librosa does.

        Returns
        -------
        dict of str to float32 array, shape (n,)
            By the names of table ``frames``; NaN for a frame without energy.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            self._total, weighted = matmul(self._moments, self.magnitude)
            centroid = weighted / self._total
            normalised = np.multiply(self.magnitude, 1 / self._total, out=self._normalised.of(len(self._frames)))
            floored = np.maximum(self.power, np.float32(POWER_FLOOR), out=self._scratch.of(len(self._frames)))
            arithmetic_mean = floored.mean(axis=0)
            log_power = np.log(floored, out=self._log_power.of(len(self._frames)))  # natural
            mean_log, self._slope_low, self._slope_high = matmul(self._mean_and_slopes, log_power)
            measures = {
                "spectral_flatness": np.exp(mean_log) / arithmetic_mean,
                "spectral_centroid_hz": centroid,
                "spectral_bandwidth_hz": self._bandwidth(centroid, normalised),
                "spectral_rolloff_hz": self._rolloff(),
            }
        return self._without_silence(measures)

    def balance(self) -> dict[str, Float32Array]:
        """Measure how energy is spread over bands and moves between frames; after ``shape``, of the same block.

        Returns
        -------
        dict of str to float32 array, shape (n,)
            By the names of table ``frames``; NaN for a frame without energy.

        Notes
        -----
        Flux is the L2 distance to the frame before, between magnitudes that sum to 1. The others follow Eyben et al.,
        "The Geneva Minimalistic Acoustic Parameter Set" (2016): slopes are least-squares lines through the power
        spectrum in dB, over the bins of [0, 500] and [500, 1500] Hz; the alpha ratio divides the energy in [50, 1000]
        Hz by that in (1000, 5000] Hz, the Hammarberg index the strongest bin in [0, 2000] Hz by that in (2000, 5000]
        Hz. At 8 kHz the band ends at 4 kHz. Powers are floored at ``POWER_FLOOR``.
        """
        two, five = self._two_kilohertz, self._five_kilohertz
        energies = np.empty((4, len(self._frames)), dtype=np.float32)
        energies[:2] = matmul(self._bands, self.power)
        self.power[:two].max(axis=0, out=energies[2])
        self.power[two:five].max(axis=0, out=energies[3])
        decibels = _DB * np.log(np.maximum(energies, np.float32(POWER_FLOOR)))
        measures = {
            "spectral_flux": self._flux(),
            "spectral_slope_0_500_db_khz": self._slope_low,
            "spectral_slope_500_1500_db_khz": self._slope_high,
            "alpha_ratio_db": decibels[0] - decibels[1],
            "hammarberg_index_db": decibels[2] - decibels[3],
        }
        return self._without_silence(measures)

    def tonality(self) -> tuple[Float32Array, Float32Array]:
        """Measure how few lines hold a block's frames' power between 125 and 4000 Hz, and where.

        Returns
        -------
        concentration : float32 array, shape (n,)
            Sum of the bins' squared powers over the square of their sum, times the bins that a line is spread over:
            0.48 for one sine, 0.24 for two as strong, 0.02 for white noise. Noise 10 dB below takes a sixth off it.
        centre_hz : float32 array, shape (n,)
            Mean frequency, weighted with squared power: noise hardly moves it. Both are 0 without energy there.
        """
        power = self.power[self._tone_band]
        total = power.sum(axis=0)
        squares, weighted = matmul(
            self._tone_moments, np.multiply(power, power, out=self._scratch.of(len(total))[self._tone_band])
        )
        scale = self._bins_of_a_line / np.maximum(total * total, np.float32(1e-20))
        return squares * scale, weighted / np.maximum(squares, np.float32(1e-20))

    def _without_silence(self, measures: dict[str, Float32Array]) -> dict[str, Float32Array]:
        """Turn what frames without energy measure to NaN."""
        silent = self._total == 0
        if silent.any():
            for values in measures.values():
                values[silent] = np.nan
        return measures

    def _bandwidth(self, centroid: Float32Array, normalised: Float32Array) -> Float32Array:
        """Return the magnitude-weighted standard deviation of frequency; centred first, as float32 needs."""
        deviation = np.subtract(self._frequencies[:, None], centroid, out=self._scratch.of(len(centroid)))
        np.multiply(deviation, deviation, out=deviation)
        return _root_of_products(deviation, normalised)

    def _rolloff(self) -> Float32Array:
        """Return the first frequency up to which ``ROLLOFF_SHARE`` of the magnitude lies.

        Summed bin by bin, as in librosa: where a bin ends within rounding of the share, the order of summation decides.
        """
        cumulated = self._scratch.of(len(self._frames))
        cumulated[0] = self.magnitude[0]
        for before, magnitude, after in zip(cumulated[:-1], self.magnitude[1:], cumulated[1:], strict=True):
            np.add(before, magnitude, out=after)  # all frames at once, which np.cumsum does not do
        below = cumulated < np.float32(ROLLOFF_SHARE) * cumulated[-1]
        count = np.add.reduce(below.view(np.uint8), axis=0, dtype=np.min_scalar_type(len(below)))
        return self._frequencies[count]

    def _flux(self) -> Float32Array:
        """Return the distance of each normalised spectrum to the frame before; NaN where that was not measured."""
        normalised, difference = (each.of(len(self._frames)) for each in (self._normalised, self._scratch))
        np.subtract(normalised[:, 1:], normalised[:, :-1], out=difference[:, 1:])
        np.subtract(normalised[:, 0], self._before, out=difference[:, 0])
        flux = _root_of_products(difference, difference)
        flux[np.diff(self._frames, prepend=self._before_frame) != 1] = np.nan
        self._before[:] = normalised[:, -1]
        self._before_frame = int(self._frames[-1])
        return flux

    def logmel(self) -> Float32Array:
        """Return log-mel bands in dB, shape (MEL_BANDS, n): ``librosa.power_to_db(mel, top_db=None)``."""
        mel = self._mel.of(len(self._frames))
        for bands, bins, filters in _mel_groups(self.grid):
            mel[bands] = matmul(filters, self.power[bins])
        np.maximum(mel, np.float32(POWER_FLOOR), out=mel)
        np.log(mel, out=mel)
        return np.multiply(mel, _DB, out=mel)

    def loudness(self, logmel: Float32Array) -> Float32Array:
        """Return the perceived loudness of a block's frames from its log-mel, float32, shape (n,).

        Each band's share of the mean square (samples in [-1, 1)), weighted with ``equal_loudness``, to the power of
        1/3, summed over the bands: the auditory spectrum of Hermansky's PLP, as Eyben et al. (2016) sum it up.
        """
        compressed = np.multiply(logmel, np.float32(1 / 3) / _DB, out=self._compressed.of(len(self._frames)))
        np.exp(compressed, out=compressed)
        loudness: Float32Array = matmul(loudness_weights(self.grid), compressed)[0]
        return loudness


@lru_cache(maxsize=1)
def _cosine_transform() -> Float32Array:
    """Return the orthonormal DCT-II as a matrix, shape (MFCC_COUNT, MEL_BANDS)."""
    return np.ascontiguousarray(fft.dct(np.eye(MEL_BANDS), type=2, norm="ortho", axis=0)[:MFCC_COUNT], np.float32)


def mfcc(logmel: Float32Array) -> Float32Array:
    """Return MFCC 0 to 12 of a block's log-mel, (MFCC_COUNT, n): ``librosa.feature.mfcc(S=logmel)``."""
    return matmul(_cosine_transform(), logmel)


def _root_of_products(left: Float32Array, right: Float32Array) -> Float32Array:
    """Return the square root of each column's inner product."""
    roots: Float32Array = np.sqrt(np.einsum("ij,ij->j", left, right))
    return roots


def _rows(*rows: npt.NDArray[np.generic]) -> Float32Array:
    """Stack vectors as the rows of a float32 matrix."""
    return np.ascontiguousarray(np.stack(rows), dtype=np.float32)
