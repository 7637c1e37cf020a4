"""From frames to seconds."""

from __future__ import annotations

import numpy as np

from callbeam.audio.features import LEVEL_MEASURES, FrameFeatures
from callbeam.audio.frames import HOPS_PER_SECOND, BoolArray, Float32Array
from callbeam.audio.level import LEVEL_FLOOR_DBFS, SecondLevels
from callbeam.audio.spectrum import SPECTRAL_MEASURES
from callbeam.schemas import SECOND_MEASURES

_FRAME_MEANS = (*(name for name in LEVEL_MEASURES if name != "level_dbfs"), *SPECTRAL_MEASURES, "voicing", "hnr_db")
"""Measures of a second that are means over the frames heard which have them; hnr_db only voiced ones do."""


def second_measures(features: FrameFeatures, levels: SecondLevels) -> dict[str, Float32Array]:
    """Reduce frames to seconds.

    Parameters
    ----------
    features : FrameFeatures
    levels : SecondLevels
        The seconds asked for, n of them, with their levels.

    Returns
    -------
    dict of str to float32 array, shape (n,)
        The measures of table ``seconds`` in its order. A second's frames are those whose hop interval begins in it;
        masked ones do not count, nor do those too faint to be heard, but for the levels and for the share that is
        voiced. NaN where no frame has the measure.
    """
    count = len(levels.covered)
    measured = frames_by_second(features.span.measured.astype(np.float32), features, levels, fill=0) > 0
    measures: dict[str, Float32Array] = {
        "level_dbfs": levels.level_dbfs.astype(np.float32),
        "loudness_score": np.clip(levels.level_dbfs - LEVEL_FLOOR_DBFS, 0, 100).astype(np.float32),
    }
    for name in _FRAME_MEANS:
        values = np.where(features.heard, features.measures[name], np.float32(np.nan))
        measures[name] = _mean(frames_by_second(values, features, levels))
    f0 = frames_by_second(features.measures["f0_hz"], features, levels)
    measures["f0_median_hz"] = _median(f0)
    frames, voiced = measured.sum(axis=1), np.isfinite(f0).sum(axis=1)
    measures["voiced_ratio"] = np.full(count, np.nan, dtype=np.float32)
    np.divide(voiced, frames, out=measures["voiced_ratio"], where=frames > 0, casting="same_kind")
    return {column.name: measures[column.name] for column in SECOND_MEASURES}


def frames_by_second(
    values: Float32Array | BoolArray, features: FrameFeatures, levels: SecondLevels, fill: float = np.nan
) -> Float32Array:
    """Lay frames out by second, shape (n, HOPS_PER_SECOND), with ``fill`` where there is no frame."""
    rows = np.full((len(levels.covered), HOPS_PER_SECOND), fill, dtype=np.float32)
    flat = rows.reshape(-1)
    begin = features.span.first - levels.first * HOPS_PER_SECOND
    low, high = max(begin, 0), min(begin + len(values), len(flat))
    if low < high:
        flat[low:high] = values[low - begin : high - begin]
    return rows


def _mean(rows: Float32Array) -> Float32Array:
    """Return the mean of each row's finite values, NaN for a row without."""
    present = np.isfinite(rows)
    counts = present.sum(axis=1)
    sums = np.where(present, rows, 0).sum(axis=1, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        means: Float32Array = (sums / counts).astype(np.float32)
    return means


def _median(rows: Float32Array) -> Float32Array:
    """Return the median of each row's finite values, NaN for a row without."""
    ordered = np.sort(rows, axis=1)  # NaN last
    counts = np.isfinite(rows).sum(axis=1)
    each = np.arange(len(rows))
    low = ordered[each, np.maximum(counts - 1, 0) // 2]
    high = ordered[each, np.minimum(counts // 2, rows.shape[1] - 1)]
    return np.where(counts > 0, (low + high) / np.float32(2), np.float32(np.nan)).astype(np.float32)
