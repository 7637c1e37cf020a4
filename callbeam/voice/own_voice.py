"""Whose voice it is, told from one channel alone: speech far below the channel's usual level is another's echo.

The participants of some calls lie on streams of their own and are never analysed together; all that tells what one
channel hears of the other is its level. An echo is 20 to 35 dB below the voice that it is of. One participant's own
words hardly vary by as much, but a soft word or a fading one may, so nothing is judged on a channel without a good deal
of speech that is faint throughout: what carries no echo stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import uniform_filter1d

from callbeam.audio import LEVEL_FLOOR_DBFS
from callbeam.spans import bridge, mask_of_spans, spans_of_mask, subtract

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.audio import BoolArray, Float32Array, FrameSpan
    from callbeam.spans import SpanArray

FAINT_DB, FAINT_ALONE_DB = 15.0, 12.0
"""Speech so far below what is usual around it is not the channel's own; less will do where it stands alone, as one's
softest words are spoken along with louder ones."""

USUAL_PERCENTILE = 95
BLOCK_FRAMES, REACH_BLOCKS, FEWEST_FRAMES = 1000, 3, 500
"""What is usual is told anew every 10 s of the leg's clock, once from the speech of these and the 30 s before, once of
these and the 30 s after, which is as far as a piece's leads reach; the quieter one counts, as gains change within a
call. Less than 5 s of speech tell nothing."""

MOST_BELOW_PIECE_DB = 10.0
"""What is usual lies below that of the whole piece by at most so much: while only the other speaks, it is an echo's."""

LEAST_FRAMES, LEAST_SHARE = 100, 0.01
"""A channel carries an echo if faint speech that stands alone makes up 1 s and 1 % of all its speech, at least."""

CHANGED_DB, CHANGED_FRAMES, DIP_FRAMES = 10.0, 50, 30
"""Half a second of speech that stays so far below what is usual may be another's, next to louder speech. Where the
louder one ends, the quietest of the 300 ms behind it parts them."""

SMOOTHED_FRAMES = 15
PAUSE_FRAMES, TAIL_FRAMES = 70, 30
"""Between loud words less than 700 ms apart all is own, as words fade in and out; so are the 300 ms after the last."""


def faint_speech(speech: SpanArray, level_dbfs: Float32Array, span: FrameSpan) -> BoolArray:
    """Tell which frames are too faint to hold the channel's own voice.

    Parameters
    ----------
    speech : SpanArray
        What the detector takes for speech, whoever's, in frames of the leg's grid.
    level_dbfs : float32 array, shape (n,)
        Level of the frames of ``span``; NaN where masked.
    span : FrameSpan

    Returns
    -------
    bool array, shape (n,)
        All False on a channel that carries no echo, or nothing else.

    Notes
    -----
    Levels are mean powers over 150 ms. A begin is left sharp, as the frames before it may be the other's last words;
    an end is left to ``speech_borders``.
    """
    count = len(level_dbfs)
    spans = speech - span.first
    level = _smoothed(level_dbfs)
    below = _usual(level, mask_of_spans(spans, 0, count), span.first) - level
    if not _carries_echo(spans, _throughout(spans, below > FAINT_DB)):
        return np.zeros(count, dtype=np.bool_)
    own = bridge(spans_of_mask(below <= FAINT_DB), PAUSE_FRAMES)
    own[:, 1] += TAIL_FRAMES
    alone = spans[_throughout(spans, below > FAINT_ALONE_DB)]
    return ~mask_of_spans(bridge(own, 1), 0, count) | mask_of_spans(alone, 0, count)


def voice_changes(speech: SpanArray, level_dbfs: Float32Array, span: FrameSpan) -> npt.NDArray[np.int64]:
    """Find where speech may change from one voice to another: from the channel's own to a faint one's, or back.

    Parameters
    ----------
    speech : SpanArray
        What is decided to be speech, in frames of the leg's grid.
    level_dbfs : float32 array, shape (n,)
        Level of the frames of ``span``; NaN where masked.
    span : FrameSpan

    Returns
    -------
    int64 array, shape (k,)
        Frames of the leg's grid, rising: what lies before each and what follows it may be two participants'. None on a
        channel without a good deal of speech that is so faint throughout.
    """
    count = len(level_dbfs)
    spans = speech - span.first
    level = _smoothed(level_dbfs)
    spoken = mask_of_spans(spans, 0, count)
    below = _usual(level, spoken, span.first) - level
    if not _carries_echo(spans, _throughout(spans, below > CHANGED_DB)):
        return np.zeros(0, np.int64)
    own = bridge(spans_of_mask(spoken & (below <= CHANGED_DB)), PAUSE_FRAMES)
    faint = subtract(bridge(spans, PAUSE_FRAMES), own)
    faint = faint[faint[:, 1] - faint[:, 0] >= CHANGED_FRAMES]
    begins = faint[np.isin(faint[:, 1], own[:, 0]), 1]
    ends = [
        at + int(np.argmin(level[at : at + DIP_FRAMES])) for at in faint[np.isin(faint[:, 0], own[:, 1]), 0].tolist()
    ]
    return np.unique(np.concatenate((begins, np.array(ends, np.int64)))) + span.first


def _smoothed(level_dbfs: Float32Array) -> Float32Array:
    power = np.float32(10) ** (np.nan_to_num(level_dbfs, nan=LEVEL_FLOOR_DBFS) / np.float32(10))
    mean = uniform_filter1d(power, SMOOTHED_FRAMES, mode="nearest") if len(power) else power
    smoothed: Float32Array = np.float32(10) * np.log10(np.maximum(mean, np.float32(10 ** (LEVEL_FLOOR_DBFS / 10))))
    return smoothed


def _usual(level: Float32Array, speech: BoolArray, first: int) -> Float32Array:
    """Return the usual level of loud speech around each frame; the lowest there is without any speech."""
    usual = np.full(len(level), LEVEL_FLOOR_DBFS, dtype=np.float32)
    at = np.flatnonzero(speech)
    if not len(at):
        return usual
    spoken = level[at]
    least = float(np.percentile(spoken, USUAL_PERCENTILE)) - MOST_BELOW_PIECE_DB
    reach = REACH_BLOCKS * BLOCK_FRAMES
    for begin in range(-(first % BLOCK_FRAMES), len(level), BLOCK_FRAMES):
        end = begin + BLOCK_FRAMES
        sides = (slice(*np.searchsorted(at, side)) for side in ((begin - reach, end), (begin, end + reach)))
        heard = [spoken[side] for side in sides if side.stop - side.start >= FEWEST_FRAMES]
        quieter = min((float(np.percentile(some, USUAL_PERCENTILE)) for some in heard), default=least)
        usual[max(begin, 0) : end] = max(quieter, least)
    return usual


def _throughout(spans: SpanArray, mask: BoolArray) -> BoolArray:
    """Tell which spans lie in the mask with all of their frames."""
    before = np.concatenate(([0], np.cumsum(mask)))
    return np.asarray(before[spans[:, 1]] - before[spans[:, 0]] == spans[:, 1] - spans[:, 0])


def _carries_echo(speech: SpanArray, faint: BoolArray) -> bool:
    """Tell whether enough of the speech is faint throughout."""
    lengths = speech[:, 1] - speech[:, 0]
    return bool(lengths[faint].sum() >= max(LEAST_FRAMES, LEAST_SHARE * lengths.sum()))
