"""Moves the borders of speech to where its level says that it begins and ends.

A network that looks at 32 ms at a time, and remembers, tells that someone speaks better than since when: it hears an
end 130 ms late, in noise later yet. The level of 10 ms frames is sharp but does not know speech from noise. So the
border is searched near the network's, where the level crosses what lies beyond it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.calls.spans import SpanArray, as_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.audio.frames import Float32Array

BEGIN_SEARCH = (30, 15)
"""Frames before and after a begin as decided in which the true one is searched."""

END_SEARCH = (45, 5)
"""The same for an end."""

LATE_END = 12
"""By so many frames ends are decided late, as a rule."""

BACKGROUND = 30
"""Frames beyond a border as decided that tell what lies there."""

ABOVE_BACKGROUND_DB = 4.0
BELOW_PEAK_DB = 25.0
LEAST_BELOW_PEAK_DB = 3.0
"""Speech is above the background by so much, and not below its own loudest by more than so much; but where the
background is as loud as speech, what comes this close to the loudest is speech still."""

_FLOOR_DBFS = -100.0


def move_to_level(spans: SpanArray, level_dbfs: Float32Array, runs: SpanArray, first: int) -> SpanArray:
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

    Returns
    -------
    SpanArray
        Spans that meet become one.
    """
    if not len(spans):
        return spans
    level = np.nan_to_num(level_dbfs, nan=_FLOOR_DBFS)
    begins, ends = (spans - first).T.tolist()
    inside = runs[np.searchsorted(runs[:, 0], spans[:, 0], side="right") - 1] - first
    lowest = np.maximum(inside[1:, 0], spans[:-1, 1] - first).tolist()
    highest = np.minimum(inside[:-1, 1], spans[1:, 0] - first).tolist()
    limits = zip([int(inside[0, 0]), *lowest], [*highest, int(inside[-1, 1])], strict=True)
    moved = [_move(level, *border) for border in zip(begins, ends, limits, strict=True)]
    return as_spans(np.array(moved, dtype=np.int64) + first)


def _move(level: Float32Array, begin: int, end: int, limits: Sequence[int]) -> tuple[int, int]:
    """Return one span's borders; it may grow into the frames between ``limits``."""
    lowest, highest = limits
    peak = _quantile(level[begin : max(end - LATE_END, begin + 1)], 0.95)
    low, high = max(begin - BEGIN_SEARCH[0], lowest), min(begin + BEGIN_SEARCH[1], end)
    loud = np.flatnonzero(level[low:high] >= _threshold(level[max(begin - BACKGROUND, lowest) : begin], peak))
    begin = low + int(loud[0]) if len(loud) else begin
    low, high = max(end - END_SEARCH[0], begin + 1), min(end + END_SEARCH[1], highest)
    loud = np.flatnonzero(level[low:high] >= _threshold(level[end : min(end + BACKGROUND, highest)], peak))
    return begin, low + int(loud[-1]) + 1 if len(loud) else max(end - LATE_END, begin + 1)


def _threshold(background: Float32Array, peak: float) -> float:
    """Return the level from which on a frame is speech."""
    floor = _quantile(background, 0.5) if len(background) else _FLOOR_DBFS
    return min(max(peak - BELOW_PEAK_DB, floor + ABOVE_BACKGROUND_DB), peak - LEAST_BELOW_PEAK_DB)


def _quantile(values: Float32Array, share: float) -> float:
    """Return a quantile; numpy's own costs far more on so few values."""
    return float(np.sort(values)[int(share * len(values))])
