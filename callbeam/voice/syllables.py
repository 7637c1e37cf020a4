"""Syllable nuclei: voiced peaks of intensity between dips.

After N. H. de Jong and T. Wempe, "Praat script to detect syllable nuclei and measure speech rate automatically",
Behavior Research Methods 41 (2009), 385-390: a nucleus is a peak of the smoothed intensity that is loud enough for the
speech around it, has a dip of at least 2 dB on either side, and is voiced. Needs no words and no language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio import LEVEL_FLOOR_DBFS

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.audio import BoolArray, Float32Array, FrameFeatures

DIP_DB = 2.0
"""How far intensity must fall on either side of a nucleus before it rises higher."""

BELOW_LOUDEST_DB = 25.0
"""How far below the loud frames of the speech around it a nucleus may lie."""

LOUD_SHARE = 0.95
"""The quantile of the speech frames' intensity that counts as loud: a click or a shout is no measure."""

_SMOOTHING = np.exp(-0.5 * (np.arange(-4, 5) / 1.24) ** 2).astype(np.float32)
"""Weights of neighbouring frames' power. The paper's intensity has a Gaussian-like window of 64 ms effective length
(3.2 periods of 50 Hz; standard deviation 14.3 ms): this one and the frames' own 25 ms together have that deviation."""

_DIP_FRAMES = 50
"""A dip is sought within half a second on either side: a pause is one, and nothing further away matters."""

_STRETCH = 500
_CONTEXT = 500
"""What is loud is decided for stretches of 5 s of the leg's grid, from the speech up to 5 s on either side."""


def syllable_nuclei(features: FrameFeatures, frames: BoolArray) -> BoolArray:
    """Find the frames in which syllables have their nuclei.

    Parameters
    ----------
    features : FrameFeatures
    frames : bool array, shape (n,)
        Which frames of ``features.span`` are speech.

    Returns
    -------
    bool array, shape (n,)
        True at one frame of each syllable.

    Notes
    -----
    The paper takes what lies over the median intensity of a whole recording, of which pauses are a large part. A piece
    has no such whole, so the threshold is the authors' later one (25 dB below the loud parts) of the speech nearby:
    a nucleus depends on audio up to 10.5 s away and no further. Dips count on both sides, as the paper's text has it.
    """
    speech = frames & features.span.measured
    nuclei = np.zeros(len(speech), dtype=np.bool_)
    if not speech.any():
        return nuclei
    intensity = smoothed_intensity(features)
    peaks = _peaks(intensity)
    peaks = peaks[speech[peaks] & np.isfinite(features.measures["f0_hz"][peaks])]
    peaks = peaks[_dips(intensity, peaks) >= DIP_DB]
    loud = _loud_levels(intensity, speech, features.span.first)
    stretch = (peaks + features.span.first) // _STRETCH - features.span.first // _STRETCH
    nuclei[peaks[intensity[peaks] > loud[stretch] - np.float32(BELOW_LOUDEST_DB)]] = True
    return nuclei


def smoothed_intensity(features: FrameFeatures) -> Float32Array:
    """Return the frames' levels over the paper's window, in dBFS, shape (n,); masked frames take no part."""
    measured = features.span.measured
    level = np.where(measured, features.measures["level_dbfs"], np.float32(LEVEL_FLOOR_DBFS))
    power = np.power(np.float32(10), level / np.float32(10)) * measured
    total, weight = np.zeros_like(power), np.zeros_like(power)
    counts = measured.astype(np.float32)
    reach = len(_SMOOTHING) // 2
    for shift, share in zip(range(-reach, reach + 1), _SMOOTHING, strict=True):
        here, there = (
            slice(max(-shift, 0), len(power) - max(shift, 0)),
            slice(max(shift, 0), len(power) + min(shift, 0)),
        )
        total[here] += share * power[there]
        weight[here] += share * counts[there]
    floor = np.float32(10 ** (LEVEL_FLOOR_DBFS / 10))
    mean = total / np.maximum(weight, _SMOOTHING.min())
    intensity: Float32Array = np.float32(10) * np.log10(np.maximum(mean, floor))
    return np.where(measured, intensity, np.float32(LEVEL_FLOOR_DBFS))


def _peaks(intensity: Float32Array) -> npt.NDArray[np.intp]:
    """Return where intensity is higher than before and after; of a plateau, its middle."""
    begins = np.flatnonzero(np.diff(intensity, prepend=np.float32(np.nan)))
    ends = np.append(begins[1:], len(intensity))
    heights = intensity[begins]
    rising = heights[1:] > heights[:-1]
    tops = np.flatnonzero(rising[:-1] & ~rising[1:]) + 1
    # A plateau as long as dips reach has none in it.
    tops = tops[ends[tops] - begins[tops] < 2 * _DIP_FRAMES]
    return np.asarray((begins[tops] + ends[tops] - 1) // 2)


def _dips(intensity: Float32Array, peaks: npt.NDArray[np.intp]) -> Float32Array:
    """Return how far intensity falls on either side of each peak before it rises higher, the lesser of both, in dB."""
    beyond = np.full(_DIP_FRAMES, np.inf, dtype=np.float32)
    padded = np.concatenate((beyond, intensity, beyond))
    tops = intensity[peaks, None]
    dips = []
    for step in (-1, 1):
        side = padded[_DIP_FRAMES + peaks[:, None] + step * np.arange(_DIP_FRAMES + 1)]
        hidden = np.logical_or.accumulate(side > tops, axis=1)
        dips.append(tops[:, 0] - np.where(hidden, tops, side).min(axis=1))
    return np.asarray(np.minimum(*dips))


def _loud_levels(intensity: Float32Array, speech: BoolArray, first: int) -> Float32Array:
    """Return the quantile ``LOUD_SHARE`` of the speech around each stretch of the leg's grid that has frames."""
    skipped = first % _STRETCH
    stretches = -(-(skipped + len(intensity)) // _STRETCH)
    padded = np.full(stretches * _STRETCH + 2 * _CONTEXT, np.inf, dtype=np.float32)
    inside = slice(_CONTEXT + skipped, _CONTEXT + skipped + len(intensity))
    padded[inside] = np.where(speech, intensity, np.float32(np.inf))
    around = np.lib.stride_tricks.sliding_window_view(padded, _STRETCH + 2 * _CONTEXT)[::_STRETCH]
    ordered = np.sort(around, axis=1)  # what is no speech comes last
    counts = np.isfinite(ordered).sum(axis=1)
    place = np.maximum(np.ceil(LOUD_SHARE * counts).astype(np.intp) - 1, 0)
    return np.asarray(np.take_along_axis(ordered, place[:, None], axis=1)[:, 0])
