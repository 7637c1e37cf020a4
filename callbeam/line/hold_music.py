"""Hold music: sound that is not speech, whose notes are held and change, for four seconds or more.

Music with singing is speech to a voice activity detector, and no hold music here; nor can a silent hold be heard. Music
of drums alone holds no notes.

Each instant is judged by what is heard within a few seconds of it, so that it does not matter where a piece begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from callbeam.line.detections import HOLD_MUSIC, TONE, Detection
from callbeam.line.held_notes import FRAMES_PER_STEP, STEPS_PER_S, held_notes, semitone_hz
from callbeam.spans import as_spans, bridge, clip, spans_of_mask, union

if TYPE_CHECKING:
    from callbeam.audio import BoolArray, Channel, Float32Array, FrameFeatures
    from callbeam.spans import SpanArray

SHORTEST_S = 4.0
QUIETEST_MUSIC_DBFS = -50.0

HELD_SHARE = 0.12
"""So much of the energy lies in held notes, over 3 s. Noise has 0.02, what the detector misses of voices up to 0.1,
most music 0.3 to 0.8."""

VOICING = 0.3
"""Where the mean strength of periodicity over 3 s is below this, and so it is for 8 s around, notes are not looked for:
that is noise between sayings, which would cost most."""

SAMENESS = 0.85
"""How much alike the notes of 8 s are at most, second by second: 1 for what never changes. Signal tones have 0.9 to 1,
music 0.3 to 0.7."""

SPEECH = 0.3
"""Mean probability of speech over 1 s, above which there is no music."""

_STRAY_SHARE = 0.08
"""Where no more is held, it is chance: what is held there counts for nothing."""

_AROUND = 3 * STEPS_PER_S
_CONTEXT = 8 * STEPS_PER_S
_BRIDGED = 3 * STEPS_PER_S // 2
_SHORTEST = round(SHORTEST_S * STEPS_PER_S)
_NEAR_SPEECH = (STEPS_PER_S // 5, 3 * STEPS_PER_S // 5)
"""How long after speech, and before it, a note is the voice's: the detector takes a while to see it."""


@dataclass(frozen=True, slots=True)
class _Steps:
    """A channel, 50 ms by 50 ms.

    Attributes
    ----------
    first : int
        On the leg's grid.
    heard : bool array, shape (n,)
        What is masked is neither music nor its end.
    calm : bool array, shape (n,)
        Where nobody speaks, within half a second.
    sounding : bool array, shape (n,)
        Not speech, and loud enough.
    apart : bool array, shape (n,)
        Not next to speech.
    periodic : bool array, shape (n,)
        Worth a search.
    """

    first: int
    heard: BoolArray
    calm: BoolArray
    sounding: BoolArray
    apart: BoolArray
    periodic: BoolArray


def find_hold_music(channel: Channel, features: FrameFeatures, probability: Float32Array) -> list[Detection]:
    """Find music on a channel, leads included.

    Parameters
    ----------
    channel : Channel
    features : FrameFeatures
        Of this channel.
    probability : float32 array, shape (n,)
        The voice activity detector's, of each of the features' frames; NaN where masked.

    Returns
    -------
    list of Detection
        Sorted, in milliseconds from the leg's clock zero; ``frequency_hz`` is the note heard most.
    """
    if not len(probability):
        return []
    steps = _steps(features, probability)
    share = np.zeros(len(steps.heard), np.float32)
    power = np.zeros((len(share), len(semitone_hz(channel.sample_rate_hz))), np.float32)
    sameness = np.ones(len(share), np.float32)
    sounding = _mean(steps.sounding, steps.heard, STEPS_PER_S) > 0.5 / STEPS_PER_S
    candidates = bridge(spans_of_mask(steps.calm & steps.periodic & sounding), _BRIDGED)
    for begin, end in candidates[candidates[:, 1] - candidates[:, 0] >= _SHORTEST].tolist():
        notes = held_notes(channel, steps.first + begin, steps.first + end)
        share[begin:end] = np.where(steps.sounding[begin:end], notes.share, 0)
        power[begin:end] = notes.power
        sameness[begin:end] = _sameness(notes.power, share[begin:end])
    music = steps.calm & (_mean(share, steps.heard, _AROUND) >= HELD_SHARE) & (sameness <= SAMENESS)
    notes_at = steps.calm & steps.apart & (share >= HELD_SHARE)
    spans = clip(_trimmed(bridge(spans_of_mask(music), _BRIDGED), notes_at), 0, len(share))
    return [
        _measure(channel, features, steps, power[begin:end], (begin, end))
        for begin, end in spans.tolist()
        if end - begin >= _SHORTEST
    ]


def _steps(features: FrameFeatures, probability: Float32Array) -> _Steps:
    """Look at the frame in the middle of each step."""
    span = features.span
    first = span.first // FRAMES_PER_STEP
    last = -(-(span.first + len(probability)) // FRAMES_PER_STEP)
    middles = np.arange(first, last) * FRAMES_PER_STEP + FRAMES_PER_STEP // 2 - span.first
    middles = np.clip(middles, 0, len(probability) - 1)
    heard = ~np.isnan(probability[middles])
    spoken = np.where(heard, probability[middles], 0)
    loud = np.nan_to_num(features.measures["level_dbfs"][middles], nan=-200.0) > QUIETEST_MUSIC_DBFS
    speech = spoken >= 0.5
    after, before = _NEAR_SPEECH
    near = maximum_filter1d(speech, after + 1 + before, origin=(after - before) // 2, mode="constant")
    voicing = _mean(np.where(near, 0, np.nan_to_num(features.measures["voicing"][middles])), heard, _AROUND)
    periodic = maximum_filter1d(voicing >= VOICING, 2 * _CONTEXT + 1, mode="constant")
    calm = _mean(spoken, heard, STEPS_PER_S) <= SPEECH
    return _Steps(first, heard, calm, heard & loud & ~speech, ~near, periodic)


def _mean(values: Float32Array | BoolArray, heard: BoolArray, size: int) -> Float32Array:
    """Return the mean over ``size`` steps around each, of those that are heard; 0 without any."""
    weight = uniform_filter1d(heard.astype(np.float64), size, mode="constant")
    total = uniform_filter1d(np.where(heard, values, 0).astype(np.float64), size, mode="constant")
    return np.where(weight > 1e-6, total / np.maximum(weight, 1e-6), 0).astype(np.float32)


def _sameness(power: Float32Array, share: Float32Array) -> Float32Array:
    """Return how much alike the notes of 8 s around each step are: the squared length of their mean direction.

    Amplitudes are averaged over 1 s first, for a line in noise is not held all the time.
    """
    notes = np.sqrt(power)
    notes *= (share / np.maximum(_length(notes), 1e-9))[:, None]
    notes = uniform_filter1d(notes, STEPS_PER_S, axis=0, mode="constant")
    weight = np.maximum(uniform_filter1d(share, STEPS_PER_S, mode="constant") - np.float32(_STRAY_SHARE), 0)
    notes *= (weight / np.maximum(_length(notes), 1e-9))[:, None]
    direction = uniform_filter1d(notes, _CONTEXT, axis=0, mode="constant")
    return np.asarray(
        np.square(_length(direction) / np.maximum(uniform_filter1d(weight, _CONTEXT, mode="constant"), 1e-9))
    )


def _length(rows: Float32Array) -> Float32Array:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", rows, rows)))


def _trimmed(spans: SpanArray, tonal: BoolArray) -> SpanArray:
    """Move the ends of music, which averages over 3 s blur, to its first and last note."""
    notes = np.flatnonzero(tonal)
    lows = np.searchsorted(notes, spans[:, 0] - _AROUND // 2)
    highs = np.searchsorted(notes, spans[:, 1] + _AROUND // 2) - 1
    found = lows <= highs
    # A note that is held has begun a step before, and ends a step later.
    return union(as_spans(np.stack((notes[lows[found]] - 1, notes[highs[found]] + 2), axis=1)))


def _measure(
    channel: Channel, features: FrameFeatures, steps: _Steps, power: Float32Array, span: tuple[int, int]
) -> Detection:
    """Measure music in some steps."""
    begin, end = (FRAMES_PER_STEP * (steps.first + step) for step in span)
    first = features.span.first
    level = features.measures["level_dbfs"][max(begin - first, 0) : end - first]
    mean = np.nanmean(10 ** (level.astype(np.float64) / 10))
    frequency = float(semitone_hz(channel.sample_rate_hz)[power.sum(axis=0).argmax()])
    return Detection(TONE, begin * 10, end * 10, HOLD_MUSIC, None, frequency, float(10 * np.log10(mean)))
