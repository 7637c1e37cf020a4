"""Moves the borders of speech to where its level says that it begins and ends.

A network that looks at 32 ms at a time, and remembers, tells that someone speaks better than since when: it hears an
end 130 ms late, in noise later yet. The level of 10 ms frames is sharp but does not know speech from noise. So the
border is searched near the network's, where the level crosses what lies beyond it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.spans import SpanArray, as_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from callbeam.audio import BoolArray, Float32Array

BEGIN_SEARCH = (30, 15)
"""Frames before and after a begin as decided in which the true one is searched."""

END_SEARCH = (45, 5)
"""The same for an end."""

LATE_END = 12
"""By so many frames ends are decided late, as a rule."""

BACKGROUND = 30
"""Frames beyond a border as decided that tell what lies there."""

ABOVE_BACKGROUND_DB = (2.0, 4.0)
SWINGS = 3.0
"""Speech is above the background by as many times as much as the quietest tenth of that is below its middle, within
these limits: steady noise swings by 0.6 dB, and the lower the threshold, the less of a fading voice is lost."""

BELOW_PEAK_DB = 27.0
LEAST_BELOW_PEAK_DB = 3.0
"""Speech is not below its own loudest by more than so much; but where the background is as loud as speech, what comes
this close to the loudest is speech still."""

RISES_FRAMES_PER_DB, FADES_FRAMES_PER_DB = 0.1, 0.3
"""Where the background hides some of that range, a voice has begun before it can be seen, and fades on after: for each
dB that is hidden by 1 ms and by 3 ms, as recorded and made-up voices do without the noise."""

_FLOOR_DBFS = -100.0


def move_to_level(
    spans: SpanArray, level_dbfs: Float32Array, runs: SpanArray, first: int, others: BoolArray | None = None
) -> SpanArray:
    """Move borders to where the level rises and falls.

    Parameters
    ----------
    spans : SpanArray
        Speech as decided, in frames.
    level_dbfs : float32 array, shape (n,)
        Level of the frames from ``first`` on; NaN where masked.
    runs : SpanArray
        Unmasked frames; each of ``spans`` lies in one of them, and stays in it.
    first : int
    others : bool array, shape (n,), optional
        Frames that are another's voice: no border is moved there.

    Returns
    -------
    SpanArray
        Spans that meet become one.
    """
    if not len(spans):
        return spans
    level = np.nan_to_num(level_dbfs, nan=_FLOOR_DBFS)
    own = np.ones(len(level), dtype=np.bool_) if others is None else ~others
    begins, ends = (spans - first).T.tolist()
    inside = runs[np.searchsorted(runs[:, 0], spans[:, 0], side="right") - 1] - first
    lowest = np.maximum(inside[1:, 0], spans[:-1, 1] - first).tolist()
    highest = np.minimum(inside[:-1, 1], spans[1:, 0] - first).tolist()
    limits = zip([int(inside[0, 0]), *lowest], [*highest, int(inside[-1, 1])], strict=True)
    moved = [_move(level, own, *border) for border in zip(begins, ends, limits, strict=True)]
    return as_spans(np.array(moved, dtype=np.int64) + first)


def _move(level: Float32Array, own: BoolArray, begin: int, end: int, limits: Sequence[int]) -> tuple[int, int]:
    """Return one span's borders; it may grow into the frames between ``limits``."""
    lowest, highest = limits
    peak = _quantile(np.sort(level[begin : max(end - LATE_END, begin + 1)]), 0.95)
    low, high = max(begin - BEGIN_SEARCH[0], lowest), min(begin + BEGIN_SEARCH[1], end)
    least = _threshold(level[max(begin - BACKGROUND, lowest) : begin], peak)
    loud = _loud(level[low:high], own[low:high], least)
    if len(loud):
        begin = max(low + int(loud[0]) - _hidden(least, peak, RISES_FRAMES_PER_DB), lowest)
    low, high = max(end - END_SEARCH[0], begin + 1), min(end + END_SEARCH[1], highest)
    least = _threshold(level[end : min(end + BACKGROUND, highest)], peak)
    loud = _loud(level[low:high], own[low:high], least)
    if not len(loud):
        return begin, max(end - LATE_END, begin + 1)
    return begin, min(low + int(loud[-1]) + 1 + _hidden(least, peak, FADES_FRAMES_PER_DB), highest)


def _loud(level: Float32Array, own: BoolArray, least: float) -> npt.NDArray[np.intp]:
    """Return which frames are as loud as speech; a single one among the background is the background's swing."""
    loud = (level >= least) & own
    beside = np.zeros_like(loud)
    beside[1:] = loud[:-1]
    beside[:-1] |= loud[1:]
    return np.flatnonzero(loud & beside)


def _threshold(background: Float32Array, peak: float) -> float:
    """Return the level from which on a frame is speech."""
    if not len(background):
        return peak - BELOW_PEAK_DB
    ordered = np.sort(background)
    floor = _quantile(ordered, 0.5)
    swing = min(max(SWINGS * (floor - _quantile(ordered, 0.1)), ABOVE_BACKGROUND_DB[0]), ABOVE_BACKGROUND_DB[1])
    return min(max(peak - BELOW_PEAK_DB, floor + swing), peak - LEAST_BELOW_PEAK_DB)


def _hidden(least: float, peak: float, frames_per_db: float) -> int:
    """Return for how many frames a voice is hidden, beside those from ``least`` on."""
    return round(frames_per_db * max(least - peak + BELOW_PEAK_DB, 0.0))


def _quantile(ordered: Float32Array, share: float) -> float:
    """Return a quantile of sorted values; numpy's own costs far more on so few."""
    return float(ordered[int(share * len(ordered))])
