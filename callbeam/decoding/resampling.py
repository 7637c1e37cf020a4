"""Brings samples whose rate has no whole frames (11,025 Hz) to one that has, the same wherever a piece begins.

The leg's samples are cut at whole multiples of 10 s of its clock, and each part is resampled with a second of its
neighbours on either side, zeros where there is no audio. So a sample depends on these 12 s alone, which every piece
holds whole for its core; only the outermost second of its leads may differ from the whole leg's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

if TYPE_CHECKING:
    import numpy.typing as npt

PART_S = 10
CONTEXT_S = 1


def resample(
    samples: npt.NDArray[np.int16], covered: npt.NDArray[np.int64], rate_hz: int, target_hz: int
) -> tuple[int, npt.NDArray[np.int16], npt.NDArray[np.int64]]:
    """Resample a stretch of a leg.

    Parameters
    ----------
    samples : int16 array, shape (n,)
        From ``covered[0, 0]`` to ``covered[-1, 1]`` of the leg at ``rate_hz``; zeros where there is no audio.
    covered : int64 array, shape (k, 2)
        Intervals of the leg's samples that hold audio: sorted, disjoint, non-touching, k > 0.
    rate_hz, target_hz : int

    Returns
    -------
    (int, int16 array of shape (m,), int64 array of shape (l, 2))
        The same at ``target_hz``: the first sample's index in the leg, the samples, and what they cover. Intervals'
        ends are rounded to the nearest sample; one shorter than that is lost.
    """
    moved = rescaled(covered, rate_hz, target_hz)
    moved = moved[moved[:, 0] < moved[:, 1]]
    if not len(moved):
        return 0, np.zeros(0, np.int16), moved
    apart = np.flatnonzero(moved[1:, 0] > moved[:-1, 1])
    moved = np.stack((moved[np.r_[0, apart + 1], 0], moved[np.r_[apart, len(moved) - 1], 1]), axis=1)
    begin, end = int(moved[0, 0]), int(moved[-1, 1])
    first = int(covered[0, 0])
    result = np.zeros(end - begin, np.int16)
    for part in range(begin // (PART_S * target_hz), -(-end // (PART_S * target_hz))):
        sound = _part(samples, first, part, (rate_hz, target_hz))
        at = part * PART_S * target_hz
        low, high = max(begin, at), min(end, at + len(sound))
        result[low - begin : high - begin] = sound[low - at : high - at]
    silent = np.ones(len(result), np.bool_)
    for start, stop in (moved - begin).tolist():
        silent[start:stop] = False
    result[silent] = 0
    return begin, result, moved


def rescaled(positions: npt.NDArray[np.int64] | np.int64 | int, rate_hz: int, target_hz: int) -> npt.NDArray[np.int64]:
    """Turn sample indices of one rate into the nearest of another."""
    return np.asarray((np.asarray(positions, np.int64) * target_hz * 2 + rate_hz) // (2 * rate_hz), np.int64)


def _part(samples: npt.NDArray[np.int16], first: int, part: int, rates: tuple[int, int]) -> npt.NDArray[np.int16]:
    """Resample one part of the grid, shape (PART_S * target,)."""
    rate_hz, target_hz = rates
    start = (part * PART_S - CONTEXT_S) * rate_hz
    sound = np.zeros((PART_S + 2 * CONTEXT_S) * rate_hz, np.float32)
    low, high = max(start, first), min(start + len(sound), first + len(samples))
    if low < high:
        sound[low - start : high - start] = samples[low - first : high - first]
    resampled = soxr.resample(sound, rate_hz, target_hz)[CONTEXT_S * target_hz :][: PART_S * target_hz]
    part_samples: npt.NDArray[np.int16] = np.clip(np.rint(resampled), -32768, 32767).astype(np.int16)
    return part_samples
