"""Everything that is found on a channel beside speech, as detections of the piece's core."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from callbeam.audio import HopExtremes, hop_extremes
from callbeam.line.clipping import find_clipping
from callbeam.line.detections import DIGITAL_SILENCE, FAX_CED, MODEM, OTHER_TONE, SIT, TONE, Detection
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
    detections : list of Detection
        In milliseconds from the leg's clock zero, clipped to the core, sorted by begin.
    sounding : SpanArray
        Where tones sound, in the same milliseconds, leads included, pauses of their cadence left out: none of it is
        speech, whatever a voice activity detector says.
    """

    detections: list[Detection]
    sounding: SpanArray


def find_detections(
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
    >>> silent = np.zeros(len(features.span.measured), np.float32)
    >>> for detection in find_detections(channel, features, silent).detections:
    ...     print(detection.kind, detection.dtmf_digit, round(detection.begin_ms, -1), round(detection.end_ms, -1))
    digital_silence None 0 1000
    tone 5 1000 1200
    """
    extremes = extremes or hop_extremes(channel)
    silent = [Detection(DIGITAL_SILENCE, begin, end) for begin, end in digital_silence(channel, extremes).tolist()]
    tones, sounding = _tones(centred or channel, features, probability)
    if explained is not None:
        tones = [detection for detection in tones if not _is_leak(detection, features, explained)]
    detections = [*silent, *find_clipping(channel, extremes), *_in_core(tones, channel)]
    return Found(
        sorted(detections, key=lambda detection: (detection.begin_ms, detection.end_ms, detection.kind)), sounding
    )


def _tones(channel: Channel, features: FrameFeatures, probability: Float32Array) -> tuple[list[Detection], SpanArray]:
    """Find tones of all kinds; where two kinds claim one place, the more special wins.

    Music needs notes that change, which no signal has but keys, special information tones, and faxes and modems that
    answer and send; a note of it, or a few in a rhythm, may sound like a signal.
    """
    keys = find_dtmf(channel, features)
    tones = find_tones(channel, features, probability)
    steady = [detection for detection in tones.detections if not _mostly_within(detection, keys)]
    notes = [*keys, *(detection for detection in steady if detection.tone_kind in _CHANGING)]
    in_a_row = bridge(as_spans((detection.begin_ms, detection.end_ms) for detection in notes), _BETWEEN_NOTES_MS)
    signalled = [Detection(TONE, begin, end) for begin, end in in_a_row.tolist()]
    music = [
        detection
        for detection in find_hold_music(channel, features, probability)
        if not _mostly_within(detection, signalled) and not _hold_most_of(steady, detection)
    ]
    kept = [detection for detection in steady if not _mostly_within(detection, music)]
    sounding = union(tones.sounding, as_spans((detection.begin_ms, detection.end_ms) for detection in keys))
    return [*keys, *kept, *(detection for detection in music if not _mostly_within(detection, kept))], sounding


def _hold_most_of(signals: Iterable[Detection], music: Detection) -> bool:
    """Tell whether what seems to be music is signals that follow each other."""
    named = as_spans(
        (detection.begin_ms, detection.end_ms) for detection in signals if detection.tone_kind != OTHER_TONE
    )
    shared = length(clip(named, music.begin_ms, music.end_ms))
    return shared >= _MOST * (music.end_ms - music.begin_ms)


def _mostly_within(detection: Detection, others: Iterable[Detection]) -> bool:
    """Tell whether others cover half of a detection or more."""
    shared = sum(
        max(min(detection.end_ms, other.end_ms) - max(detection.begin_ms, other.begin_ms), 0) for other in others
    )
    return 2 * shared >= detection.end_ms - detection.begin_ms


def _is_leak(detection: Detection, features: FrameFeatures, explained: BoolArray) -> bool:
    """Tell whether most of a detection's energy lies in frames that the other channel's leak explains."""
    first = features.span.first
    part = slice(max(detection.begin_ms // 10 - first, 0), max(-(-detection.end_ms // 10) - first, 0))
    power = 10 ** (np.nan_to_num(features.measures["level_dbfs"][part], nan=-200.0) / 10)
    return bool(power[explained[part]].sum() >= 0.5 * power.sum())


def _in_core(detections: Sequence[Detection], channel: Channel) -> list[Detection]:
    """Clip detections to the core."""
    rate = channel.sample_rate_hz
    low, high = channel.core_start * 1000 // rate, -(-channel.core_end * 1000 // rate)
    clipped = (
        detection._replace(begin_ms=max(detection.begin_ms, low), end_ms=min(detection.end_ms, high))
        for detection in detections
    )
    return [detection for detection in clipped if detection.begin_ms < detection.end_ms]
