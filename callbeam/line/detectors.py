"""Everything that is found on a channel beside speech, as marks of the piece's core."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from callbeam.audio import HopExtremes, hop_extremes
from callbeam.line.clipping import find_clipping
from callbeam.line.detections import DIGITAL_SILENCE, FAX_CED, MODEM, OTHER_TONE, SIT, TONE, Mark
from callbeam.line.digital_silence import digital_silence
from callbeam.line.dtmf import find_dtmf
from callbeam.line.hold_music import find_hold_music
from callbeam.line.tones import find_tones
from callbeam.spans import SpanArray, as_spans, bridge, clip, length, union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callbeam.audio import BoolArray, Channel, Float32Array, FrameFeatures

_CHANGING = frozenset({SIT, FAX_CED, MODEM})
_MOST = 0.35
"""Of what seems to be music: a melody's notes hardly ever keep a signal's cadence for as much of it."""

_BETWEEN_NOTES_MS = 5_000
"""Keys with less between them are dialled in a row; so are special information tones repeated."""


class Found(NamedTuple):
    """What is on a channel beside speech.

    Attributes
    ----------
    marks : list of Mark
        In milliseconds from the leg's clock zero, clipped to the core, sorted by begin.
    sounding : SpanArray
        Where tones sound, in the same milliseconds, leads included, pauses of their cadence left out: none of it is
        speech, whatever a voice activity detector says.
    """

    marks: list[Mark]
    sounding: SpanArray


def find_marks(
    channel: Channel,
    features: FrameFeatures,
    probability: Float32Array,
    *,
    explained: BoolArray | None = None,
    extremes: HopExtremes | None = None,
    centred: Channel | None = None,
) -> Found:
    """Find digital silence, clipping and tones of a piece's core.

    Parameters
    ----------
    channel : Channel
    features : FrameFeatures
        Of this channel, leads included.
    probability : float32 array, shape (n,)
        What the voice activity detector gives for each of the features' frames, before echo is taken out of it: echoed
        speech is no music.
    explained : bool array, shape (n,), optional
        Frames that the other channel's leak explains (``echo.explained_by_leak``): tones that it brought are left out.
    extremes : HopExtremes, optional
        Of this channel, where they are known already.
    centred : Channel, optional
        This channel without a constant offset, where it has one: tones are measured on it, as the features are.

    Returns
    -------
    Found
        A hold in silence, or with music that is sung, cannot be told from its sound.

    Examples
    --------
    Key 5 for 0.2 s, after a second of silence:

    >>> from callbeam.audio import analyse_frames, channel_of_pcm
    >>> time = np.arange(16_000) / 8000
    >>> key = 4000 * (np.sin(2 * np.pi * 770 * time) + np.sin(2 * np.pi * 1336 * time)) * ((time >= 1) & (time < 1.2))
    >>> channel = channel_of_pcm(key.astype(np.int16), 8000)
    >>> features = analyse_frames(channel)
    >>> for mark in find_marks(channel, features, np.zeros(len(features.span.measured), np.float32)).marks:
    ...     print(mark.kind, mark.dtmf_digit, round(mark.begin_ms, -1), round(mark.end_ms, -1))
    digital_silence None 0 1000
    tone 5 1000 1200
    """
    extremes = extremes or hop_extremes(channel)
    silent = [Mark(DIGITAL_SILENCE, begin, end) for begin, end in digital_silence(channel, extremes).tolist()]
    tones, sounding = _tones(centred or channel, features, probability)
    if explained is not None:
        tones = [mark for mark in tones if not _is_leak(mark, features, explained)]
    marks = [*silent, *find_clipping(channel, extremes), *_in_core(tones, channel)]
    return Found(sorted(marks, key=lambda mark: (mark.begin_ms, mark.end_ms, mark.kind)), sounding)


def _tones(channel: Channel, features: FrameFeatures, probability: Float32Array) -> tuple[list[Mark], SpanArray]:
    """Find tones of all kinds; where two kinds claim one place, the more special wins.

    Music needs notes that change, which no signal has but keys, special information tones, and faxes and modems that
    answer and send; a note of it, or a few in a rhythm, may sound like a signal.
    """
    keys = find_dtmf(channel, features)
    tones = find_tones(channel, features, probability)
    steady = [mark for mark in tones.marks if not _mostly_within(mark, keys)]
    notes = [*keys, *(mark for mark in steady if mark.tone_kind in _CHANGING)]
    in_a_row = bridge(as_spans((mark.begin_ms, mark.end_ms) for mark in notes), _BETWEEN_NOTES_MS)
    signalled = [Mark(TONE, begin, end) for begin, end in in_a_row.tolist()]
    music = [
        mark
        for mark in find_hold_music(channel, features, probability)
        if not _mostly_within(mark, signalled) and not _hold_most_of(steady, mark)
    ]
    kept = [mark for mark in steady if not _mostly_within(mark, music)]
    sounding = union(tones.sounding, as_spans((mark.begin_ms, mark.end_ms) for mark in keys))
    return [*keys, *kept, *(mark for mark in music if not _mostly_within(mark, kept))], sounding


def _hold_most_of(signals: Iterable[Mark], music: Mark) -> bool:
    """Tell whether what seems to be music is signals that follow each other."""
    named = as_spans((mark.begin_ms, mark.end_ms) for mark in signals if mark.tone_kind != OTHER_TONE)
    shared = length(clip(named, music.begin_ms, music.end_ms))
    return shared >= _MOST * (music.end_ms - music.begin_ms)


def _mostly_within(mark: Mark, others: Iterable[Mark]) -> bool:
    """Tell whether others cover half of a mark or more."""
    shared = sum(max(min(mark.end_ms, other.end_ms) - max(mark.begin_ms, other.begin_ms), 0) for other in others)
    return 2 * shared >= mark.end_ms - mark.begin_ms


def _is_leak(mark: Mark, features: FrameFeatures, explained: BoolArray) -> bool:
    """Tell whether most of a mark's energy lies in frames that the other channel's leak explains."""
    first = features.span.first
    part = slice(max(mark.begin_ms // 10 - first, 0), max(-(-mark.end_ms // 10) - first, 0))
    power = 10 ** (np.nan_to_num(features.measures["level_dbfs"][part], nan=-200.0) / 10)
    return bool(power[explained[part]].sum() >= 0.5 * power.sum())


def _in_core(marks: Sequence[Mark], channel: Channel) -> list[Mark]:
    """Clip marks to the core."""
    rate = channel.sample_rate_hz
    low, high = channel.core_start * 1000 // rate, -(-channel.core_end * 1000 // rate)
    clipped = (mark._replace(begin_ms=max(mark.begin_ms, low), end_ms=min(mark.end_ms, high)) for mark in marks)
    return [mark for mark in clipped if mark.begin_ms < mark.end_ms]
