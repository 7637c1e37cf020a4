"""Which of a channel's speech is its own, once it is known what another leg's leak explains."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio import HOP_MS
from callbeam.line import NO_LEVEL_DBFS, explained_levels
from callbeam.spans import bridge, covered, intersect, mask_of_spans, spans_of_mask, subtract
from callbeam.voice import VoiceActivityConfig, move_to_level

if TYPE_CHECKING:
    from callbeam.audio import BoolArray, Float32Array
    from callbeam.legs.level_track import LevelTrack
    from callbeam.line import Leak
    from callbeam.spans import SpanArray

LOUDEST_ECHO_DB = -10.0
"""A louder leak explains nothing: no telephone line's echo is, and levels alone do not tell it from the channel's own
voice. Hybrids return a voice 6 dB fainter at least (ITU-T G.168), and there is loss on the way there and back."""

_RULES = VoiceActivityConfig()
SHORTEST_FRAMES = _RULES.min_speech_ms // HOP_MS
"""What is left between two echoes is speech if it is no shorter than any other."""

PAUSE_FRAMES = _RULES.min_silence_ms // HOP_MS
"""Shorter stretches that a leak explains lie within a word."""


def explained_frames(source: LevelTrack, target: LevelTrack, leak: Leak, *, shift_ms: int) -> BoolArray:
    """Tell which of the target's frames hold nothing but what leaks from the source, and noise.

    Parameters
    ----------
    source, target : LevelTrack
    leak : Leak
        From source to target.
    shift_ms : int
        How much later the target's clock zero lies than the source's.

    Returns
    -------
    bool array, shape (n,)
        One item per frame of the target.
    """
    if leak.delay_ms is None or leak.echo_db is None or leak.echo_db > LOUDEST_ECHO_DB:
        return np.zeros(len(target.level_dbfs), np.bool_)
    heard, level = (np.nan_to_num(track.level_dbfs, nan=NO_LEVEL_DBFS) for track in (source, target))
    together = round((leak.delay_ms - shift_ms) / HOP_MS)
    return explained_levels(heard, level, replace(leak, delay_ms=0.0), shift=together)


def take_out_leaks(speech: SpanArray, level_dbfs: Float32Array, explained: BoolArray) -> SpanArray:
    """Take out of a channel's speech what another leg's leak explains.

    Parameters
    ----------
    speech : SpanArray
        As decided for the channel alone, in frames.
    level_dbfs : float32 array, shape (n,)
        NaN where masked.
    explained : bool array, shape (n,)

    Returns
    -------
    SpanArray
        Part of ``speech``: spans of which nothing is explained stay as they are. Of the others borders are where the
        level rises and falls, what is left of less than 250 ms is none, and so is what is explained for the most part.

    Examples
    --------
    >>> level = np.repeat(np.float32([-60, -45, -60, -25, -60]), 100)
    >>> echo = np.repeat([False, True, False, False, False], 100)
    >>> take_out_leaks(np.array([[100, 200], [300, 400]]), level, echo).tolist()
    [[300, 400]]
    """
    taken = intersect(speech, spans_of_mask(explained))
    touched = speech[covered(taken, speech) > 0]
    if not len(touched):
        return speech
    left = bridge(subtract(touched, taken), PAUSE_FRAMES)
    left = left[left[:, 1] - left[:, 0] >= SHORTEST_FRAMES]
    runs = spans_of_mask(np.isfinite(level_dbfs))
    # Speech reaches no masked frame but where a border was cut through: parts are moved within their runs.
    parts = intersect(left, runs)
    moved = intersect(move_to_level(parts, level_dbfs, runs, 0, explained), touched)
    echo = covered(spans_of_mask(explained), moved)
    kept = moved[(2 * echo <= moved[:, 1] - moved[:, 0]) & (moved[:, 1] - moved[:, 0] >= SHORTEST_FRAMES)]
    count = len(level_dbfs)
    untouched = subtract(speech, touched)
    return spans_of_mask(mask_of_spans(kept, 0, count) | mask_of_spans(untouched, 0, count))
