"""Formants of voiced frames: the peaks of their linear-prediction envelope.

Autocorrelation method (J. Makhoul, "Linear prediction: a tutorial review", Proc. IEEE 63, 1975) over Hann-windowed
frames of 25 ms with pre-emphasis. Peaks are sought on a circle inside the unit circle, which sharpens them, so that
two formants close together stay two peaks (S. S. McCandless, IEEE Trans. ASSP 22, 1974). Finding the predictor's roots
instead finds the same formants and takes 20 times as long.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from callbeam.audio import LANES, Float32Array, hann_window, matmul

RATE_HZ = 8000
"""The rate that samples must have: the order fits it, and a telephone carries no more."""

FRAME_LENGTH = 200
"""25 ms."""

ORDER = 10
"""Two poles for each of four formants below 4 kHz, and two for the slope of the whole."""

PRE_EMPHASIS = 0.96
"""6 dB per octave from 50 Hz on, against the fall of the voice's spectrum."""

F1_RANGE_HZ = (200.0, 1050.0)
F2_HIGHEST_HZ = 3000.0
WIDEST_HZ = 400.0
"""A broader peak is the slope of the spectrum rather than a formant."""

SHARPENED_HZ = 50.0
"""By how much the circle narrows every peak."""

NOISE_FLOOR = 1e-5
"""White noise added to each frame, of its energy: what lies outside the telephone band must not decide the predictor,
nor must rounding."""

_BIN_HZ = 31.25
_LOWEST_BIN, _HIGHEST_BIN = 5, 98
_FRAMES_AT_ONCE = 1024


class Formants(NamedTuple):
    """Two formants of each of n frames; NaN where none was found.

    Attributes
    ----------
    frequency_hz, bandwidth_hz, level_db : float32 arrays, shape (2, n)
        Rows F1 and F2. The level is that of the envelope, pre-emphasis taken out, over the mean power density of the
        frame: white noise would have 0 dB everywhere.
    """

    frequency_hz: Float32Array
    bandwidth_hz: Float32Array
    level_db: Float32Array


def measure_formants(samples: npt.NDArray[np.int16], begins: npt.NDArray[np.intp]) -> Formants:
    """Measure F1 and F2 of frames.

    Parameters
    ----------
    samples : int16 array, shape (m,)
        At ``RATE_HZ``.
    begins : intp array, shape (n,)
        Index of each frame's first sample; ``FRAME_LENGTH`` samples must follow.

    Returns
    -------
    Formants

    Notes
    -----
    F1 is the lowest peak narrower than ``WIDEST_HZ``, if it lies in ``F1_RANGE_HZ``; F2 is the next one (the lowest, if
    there is no F1) up to ``F2_HIGHEST_HZ``. Bandwidths are those of the envelope's poles, not below ``SHARPENED_HZ``.
    The telephone band ends at 300 Hz: an F1 below it is drawn to it. A frame without energy has no formants.
    """
    count = len(begins)
    begins = np.concatenate((begins, np.repeat(begins[-1:], -count % LANES)))
    found = Formants(*(np.full((2, len(begins)), np.nan, dtype=np.float32) for _ in range(3)))
    windows = np.lib.stride_tricks.sliding_window_view(samples, FRAME_LENGTH)
    for at in range(0, count, _FRAMES_AT_ONCE):
        correlation = _autocorrelation(windows[begins[at : at + _FRAMES_AT_ONCE]])
        predictor, error = _predict(_pre_emphasised(correlation))
        frame, frequency, bandwidth = _peaks(predictor)
        for row, chosen in enumerate(_choose(frame, frequency)):
            of = frame[chosen]
            found.frequency_hz[row, at + of] = frequency[chosen]
            found.bandwidth_hz[row, at + of] = bandwidth[chosen]
            found.level_db[row, at + of] = _level(predictor[:, of], (error / correlation[0])[of], frequency[chosen])
    return Formants(*(values[:, :count] for values in found))


_WINDOW = hann_window(FRAME_LENGTH).astype(np.float32)[:, None]


def _autocorrelation(frames: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """Return lags 0 to ORDER + 1 of windowed frames (n, FRAME_LENGTH), shape (ORDER + 2, n); 1 for an empty frame."""
    values = np.ascontiguousarray(frames.T).astype(np.float32)  # turned round while it is small
    values -= np.einsum("ij,ij->j", values, np.broadcast_to(_WINDOW / _WINDOW.sum(), values.shape))
    values *= _WINDOW
    lags = np.empty((ORDER + 2, values.shape[1]), dtype=np.float32)
    for lag, row in enumerate(lags):
        np.einsum("ij,ij->j", values[: FRAME_LENGTH - lag], values[lag:], out=row)
    silent = lags[0] <= 1
    lags[:, silent] = 0
    lags[0, silent] = 1  # white: without peaks
    return lags.astype(np.float64)


def _pre_emphasised(lags: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return lags 0 to ORDER of what a first-order difference makes of the frames, from their own."""
    neighbours = np.concatenate((lags[1:2], lags[:-2])) + lags[1:]
    emphasised = (1 + PRE_EMPHASIS**2) * lags[:-1] - PRE_EMPHASIS * neighbours
    emphasised[0] += NOISE_FLOOR * lags[0]
    return emphasised


def _predict(lags: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return predictor polynomials, shape (ORDER + 1, n), first coefficient 1, and residual energies (Levinson)."""
    predictor = np.zeros_like(lags)
    predictor[0] = 1
    error = lags[0].copy()
    for order in range(1, ORDER + 1):
        reflection = -np.einsum("in,in->n", predictor[:order], lags[order:0:-1]) / error
        predictor[1 : order + 1] += reflection * predictor[order - 1 :: -1]
        error *= 1 - reflection**2
    return predictor, error


def _polynomial_matrix() -> Float32Array:
    """Return what turns predictors into real parts, then imaginary parts, of their values on the sharpened circle."""
    powers = np.arange(ORDER + 1)
    radius = np.exp(-np.pi * SHARPENED_HZ / RATE_HZ)
    angle = 2 * np.pi * np.arange(_LOWEST_BIN, _HIGHEST_BIN + 1)[:, None] * _BIN_HZ / RATE_HZ
    return np.ascontiguousarray(
        np.concatenate((np.cos(angle * powers), np.sin(angle * powers))) * radius**-powers, "f4"
    )


_POLYNOMIAL = _polynomial_matrix()


def _peaks(predictor: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.intp], Float32Array, Float32Array]:
    """Return frame, frequency and bandwidth of the envelope's peaks that may be formants, by frame, then frequency.

    Near a pole the inverse envelope is a parabola of frequency whose least value is to its curvature as the square of
    half the bandwidth is to 1: three bins give place and width.
    """
    parts = matmul(_POLYNOMIAL, predictor.astype(np.float32))
    np.multiply(parts, parts, out=parts)
    bins, frames = len(parts) // 2, parts.shape[1]
    inverse = np.add(parts[:bins], parts[bins:], out=parts[:bins])
    rising = inverse[1:] > inverse[:-1]
    at = np.flatnonzero(rising[1:] > rising[:-1])
    place, frame = np.divmod(at, frames)
    low, middle, high = (inverse.ravel().take(at + row * frames) for row in range(3))
    curvature = low - 2 * middle + high  # positive: a least value, strictly lower than what follows
    offset = np.float32(0.5) * (low - high) / curvature
    least = np.maximum(middle - np.float32(0.25) * (low - high) * offset, 0)
    frequency = (np.float32(_BIN_HZ) * (place + np.float32(_LOWEST_BIN + 1) + offset)).astype(np.float32)
    bandwidth = np.float32(2 * _BIN_HZ) * np.sqrt(2 * least / curvature) + np.float32(SHARPENED_HZ)
    usable = np.flatnonzero((bandwidth < WIDEST_HZ) & (frequency >= F1_RANGE_HZ[0]) & (frequency <= F2_HIGHEST_HZ))
    # They lie bin by bin. Of 16-bit numbers NumPy's stable sort takes a tenth of the time.
    order = usable[np.argsort(frame[usable].astype(np.uint16), kind="stable")]
    return frame[order], frequency[order], bandwidth[order]


def _choose(frame: npt.NDArray[np.intp], frequency: Float32Array) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return which of the peaks are an F1 and which an F2, at most one a frame of each."""
    begins = np.diff(frame, prepend=-1) > 0
    lowest = begins & (frequency <= F1_RANGE_HZ[1])
    follows = np.zeros_like(begins)
    follows[1:] = lowest[:-1] & ~begins[1:]
    return np.flatnonzero(lowest), np.flatnonzero(follows | (begins & ~lowest))


def _level(predictor: npt.NDArray[np.float64], gain: npt.NDArray[np.float64], frequency: Float32Array) -> Float32Array:
    """Return the envelopes' levels in dB at one frequency each, pre-emphasis taken out."""
    step = np.exp(-2j * np.pi * frequency / RATE_HZ)
    value = predictor[ORDER].astype(np.complex128)
    for coefficient in predictor[ORDER - 1 :: -1]:
        value = value * step + coefficient
    value *= 1 - PRE_EMPHASIS * step
    power = np.maximum(value.real**2 + value.imag**2, 1e-12)
    return np.asarray(10 * np.log10(gain / power), dtype=np.float32)
