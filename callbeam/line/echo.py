"""Which frames of a channel hold nothing but what leaks of another: voice activity hears an echo as speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

if TYPE_CHECKING:
    from callbeam.audio import BoolArray, Float32Array, FrameFeatures
    from callbeam.line.leak import Leak

LOUDEST_DB = -3.0
"""Of channels that are nearly the same, neither explains the other."""

NO_LEVEL_DBFS = -200.0
"""What stands for the level of a frame that is masked."""

_MAJORITY_FRAMES, _MAJORITY = 31, 0.6
_QUIET_DB = 6.0
_TAIL_FRAMES = 80
"""Up to 800 ms behind a leak, frames no louder than so much above the noise belong to it."""


def explained_by_leak(source: FrameFeatures, target: FrameFeatures, leak: Leak, *, margin_db: float = 8.0) -> BoolArray:
    """Tell which frames of the target hold nothing but what leaks from the source, and the line's noise.

    Parameters
    ----------
    source, target : FrameFeatures
        Of the two channels of a piece.
    leak : Leak
        From source to target.
    margin_db : float
        How much louder than expected a frame may be: gains change within a call. Less for leaks above -16 dB.

    Returns
    -------
    bool array, shape (n,)
        One item per frame of the target; all False where no leak was found, or one above ``LOUDEST_DB``: of channels
        that are nearly the same, neither explains the other. A target's own voice is louder than what leaks by far
        more than the margin, unless it is quieter than the echo of the other: that is lost.
    """
    heard, level = (np.nan_to_num(one.measures["level_dbfs"], nan=NO_LEVEL_DBFS) for one in (source, target))
    return explained_levels(heard, level, leak, shift=source.span.first - target.span.first, margin_db=margin_db)


def explained_levels(
    source_dbfs: Float32Array, target_dbfs: Float32Array, leak: Leak, *, shift: int, margin_db: float = 8.0
) -> BoolArray:
    """Tell the same from levels alone, as ``explained_by_leak`` does.

    Parameters
    ----------
    source_dbfs, target_dbfs : float32 array, shape (m,) and (n,)
        Levels of frames every 10 ms, ``NO_LEVEL_DBFS`` where masked.
    leak : Leak
        From source to target.
    shift : int
        Which frame of the target lies at the same instant as the source's frame 0, the leak's delay left out.
    margin_db : float

    Returns
    -------
    bool array, shape (n,)

    Examples
    --------
    A voice at -20 dBFS that is heard 30 dB fainter, and then the target's own:

    >>> from callbeam.line.leak import Leak
    >>> source = np.repeat(np.float32([-20, -60]), 100)
    >>> target = np.repeat(np.float32([-51, -25]), 100)
    >>> explained = explained_levels(source, target, Leak(echo_db=-30.0, delay_ms=0.0), shift=0)
    >>> int(explained[:100].sum()), int(explained[100:].sum())
    (100, 0)
    """
    if leak.echo_db is None or leak.delay_ms is None or leak.echo_db > LOUDEST_DB:
        return np.zeros(len(target_dbfs), dtype=np.bool_)
    # Of a strong leak the target's own voice cannot be much louder.
    margin_db = min(margin_db, -leak.echo_db / 2)
    shift += round(leak.delay_ms / 10)
    heard = np.full(len(target_dbfs), NO_LEVEL_DBFS, dtype=np.float32)
    # Frames are 25 ms long and echoes have a tail: the loudest of five.
    loud = maximum_filter1d(source_dbfs, 5) + np.float32(leak.echo_db)
    to, at = max(shift, 0), max(-shift, 0)
    count = max(min(len(heard) - to, len(loud) - at), 0)
    heard[to : to + count] = loud[at : at + count]
    noise = _noise_dbfs(target_dbfs)
    expected = 10 * np.log10(10 ** (heard / 10) + 10 ** (noise / 10))
    # Where the leak is lost in the noise it explains nothing.
    explained = (target_dbfs <= expected + margin_db) & (heard >= noise - 10)
    # A dip within the target's own words may be as quiet as a leak: most of 310 ms must be explained, too.
    most = uniform_filter1d(explained.astype(np.float32), _MAJORITY_FRAMES) > _MAJORITY
    return _with_tails(explained & most, target_dbfs <= noise + _QUIET_DB)


def _with_tails(explained: BoolArray, quiet: BoolArray) -> BoolArray:
    """Add the noise that follows a leak: a detector hears the voice that leaked go on in it for a while."""
    frames = np.arange(len(explained))
    last = np.maximum.accumulate(np.where(explained, frames, -_TAIL_FRAMES - 1))
    loud = np.maximum.accumulate(np.where(explained | quiet, -1, frames))
    return explained | (quiet & (last > loud) & (frames - last <= _TAIL_FRAMES))


def _noise_dbfs(level_dbfs: Float32Array) -> float:
    """Return the level that a tenth of the frames with any sound stay below; -100 without any."""
    sounding = level_dbfs[level_dbfs > -80.0]
    return float(np.percentile(sounding, 10)) if len(sounding) else -100.0
