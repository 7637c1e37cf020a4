"""Tones of a channel: its bursts of steady tone, named by frequency and cadence, and modems."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.ndimage import minimum_filter1d

from callbeam.line.cadence import Row, rows_of
from callbeam.line.detections import DIAL, FAX_CED, MODEM, OTHER_TONE, REORDER, SIT, TONE, VOICEMAIL_BEEP, Detection
from callbeam.line.modem import find_modems, is_reversing
from callbeam.line.tone_bursts import Burst, same_tone, steady_bursts
from callbeam.spans import SpanArray, as_spans, union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callbeam.audio import Channel, Float32Array, FrameFeatures

SHORTEST_OTHER_MS = 300
OTHER_CONCENTRATION = 0.85
"""A tone without a cadence must stand out from the rest by 7.5 dB: a drawn-out vowel can come to 0.75."""

PURE_CONCENTRATION = 0.975
"""One that stands out by 16 dB is a tone even where a voice activity detector hears a voice."""

GREETING_MS, RECORDING_MS = 4000.0, 3000.0
"""A voicemail beep follows within so long on its greeting, and nobody speaks on its channel for so long after it."""

VOICEMAIL_MS, VOICEMAIL_CONCENTRATION = (150.0, 2000.0), 0.9

_GREETING = 0.2  # share of frames that are speech
_QUIET_DBFS, _RISE_DB = -70.0, 10.0  # what is a sound in a pause
_SPEECH = 0.1  # share of frames that may be taken for speech
_STUTTER_MS = 400.0


class Tones(NamedTuple):
    """The tones of a channel, in milliseconds from the leg's clock zero.

    Attributes
    ----------
    detections : list of Detection
        Sorted by begin.
    sounding : SpanArray
        Where they sound, the pauses of their cadence left out: none of it is speech.
    """

    detections: list[Detection]
    sounding: SpanArray


def find_tones(channel: Channel, features: FrameFeatures, probability: Float32Array) -> Tones:
    """Find the signals and other steady tones of a channel, leads included.

    Parameters
    ----------
    channel : Channel
    features : FrameFeatures
        Of this channel.
    probability : float32 array, shape (n,)
        The voice activity detector's, of each of the features' frames.

    Returns
    -------
    Tones
        Of signals that sound by themselves one detection each, from the first burst to where the next one would begin
        or anything else does; of those that sound while people talk, and of other tones, one per burst or group of
        these.
    """
    modems = find_modems(channel, features)
    bursts = [burst for burst in steady_bursts(channel, features) if not _within(burst, modems)]
    talk = _Talk(features, probability, bursts)
    found: list[tuple[Detection, Sequence[Burst]]] = [
        named for row in rows_of(bursts, talk) for named in _marks_of(row, channel, bursts, talk)
    ]
    detections = _with_stutter([detection for detection, _ in found])
    sounding = union(
        as_spans((round(one.begin_ms), round(one.end_ms)) for _, bursts in found for one in bursts),
        as_spans((detection.begin_ms, detection.end_ms) for detection in modems),
    )
    return Tones(sorted([*detections, *modems], key=lambda detection: (detection.begin_ms, detection.end_ms)), sounding)


def _within(burst: Burst, detections: Iterable[Detection]) -> bool:
    middle = (burst.begin_ms + burst.end_ms) / 2
    return any(detection.begin_ms <= middle <= detection.end_ms for detection in detections)


class _Talk:
    """Where speech is on the channel: not where a tone sounds, whatever a voice activity detector takes it for."""

    def __init__(self, features: FrameFeatures, probability: Float32Array, bursts: Iterable[Burst]) -> None:
        self._first = features.span.first
        self._heard = probability >= 0.5
        self._spoken = self._heard.copy()
        for burst in bursts:
            self._spoken[self._at(burst.begin_ms - 30) : self._at(burst.end_ms + 50)] = False
        self._level = np.nan_to_num(features.measures["level_dbfs"], nan=_QUIET_DBFS)

    def between(self, begin_ms: float, end_ms: float) -> bool:
        """Tell whether there is talk in the pause of a tone."""
        frames = self._spoken[self._at(begin_ms + 50) : self._at(end_ms - 50)]
        return bool(len(frames) and frames.mean() > _SPEECH)

    def share(self, begin_ms: float, end_ms: float) -> float:
        """Return the share of frames that are speech."""
        frames = self._spoken[self._at(begin_ms) : self._at(end_ms)]
        return float(frames.mean()) if len(frames) else 0.0

    def is_voice(self, begin_ms: float, end_ms: float) -> bool:
        """Tell whether the detector hears a voice where a tone sounds."""
        frames = self._heard[self._at(begin_ms) : max(self._at(end_ms), self._at(begin_ms) + 1)]
        return bool(len(frames) and frames.mean() > _SPEECH)

    def silent_until(self, begin_ms: float, end_ms: float) -> float:
        """Return when speech or any other sound begins in a span, or the span's end."""
        span = slice(self._at(begin_ms), self._at(end_ms))
        if span.stop <= span.start or span.start >= len(self._level):
            return begin_ms
        quiet = max(float(np.median(self._level[span][:20])), _QUIET_DBFS)
        sounds = minimum_filter1d(self._level[span], 5) > quiet + _RISE_DB
        heard = np.flatnonzero(self._spoken[span] | sounds)
        return min(begin_ms + 10.0 * int(heard[0]), end_ms) if len(heard) else end_ms

    def _at(self, ms: float) -> int:
        return max(int(ms // 10) - self._first, 0)


def _marks_of(
    row: Row, channel: Channel, bursts: Sequence[Burst], talk: _Talk
) -> list[tuple[Detection, Sequence[Burst]]]:
    """Make the detections of a row of bursts, each with its bursts; none of what is no tone of its own."""
    if row.kind == SIT:
        return [(_detection(SIT, row.bursts, row.bursts[-1].end_ms), row.bursts)]
    if row.signal is None or row.kind is None:
        (burst,) = row.bursts
        kind = _kind_alone(burst, bursts, talk)
        return [(_detection(kind, [burst], burst.end_ms), [burst])] if kind else []
    if row.kind == FAX_CED:
        kind = MODEM if any(is_reversing(channel, burst) for burst in row.bursts) else FAX_CED
        return [(_detection(kind, [burst], burst.end_ms), [burst]) for burst in row.bursts]
    if row.signal.joined:
        return [(_detection(row.kind, row.bursts, _end_of(row.bursts, talk)), row.bursts)]
    pause = row.signal.cadence_ms[0][1][1] if len(row.signal.cadence_ms) > 1 else 0.0
    return [(_detection(row.kind, group, group[-1].end_ms), group) for group in _groups(row.bursts, pause)]


def _groups(bursts: Sequence[Burst], pause_ms: float) -> list[list[Burst]]:
    """Part bursts where they pause for longer."""
    groups: list[list[Burst]] = []
    for burst in bursts:
        if groups and burst.begin_ms - groups[-1][-1].end_ms <= pause_ms:
            groups[-1].append(burst)
        else:
            groups.append([burst])
    return groups


def _kind_alone(burst: Burst, bursts: Sequence[Burst], talk: _Talk) -> str | None:
    """Name a burst that follows no cadence; None if it may be a voice, or music."""
    if len(burst.frequencies_hz) > 1 or burst.concentration < OTHER_CONCENTRATION or not burst.flat:
        return None
    if burst.concentration < PURE_CONCENTRATION and talk.is_voice(burst.begin_ms, burst.end_ms):
        return None
    if _is_voicemail(burst, bursts, talk):
        return VOICEMAIL_BEEP
    return OTHER_TONE if burst.duration_ms >= SHORTEST_OTHER_MS else None


def _is_voicemail(burst: Burst, bursts: Sequence[Burst], talk: _Talk) -> bool:
    """Tell whether a lone burst follows a greeting, and nobody speaks on its channel after it."""
    return (
        VOICEMAIL_MS[0] <= burst.duration_ms <= VOICEMAIL_MS[1]
        and burst.concentration >= VOICEMAIL_CONCENTRATION
        and talk.share(burst.begin_ms - GREETING_MS, burst.begin_ms) >= _GREETING
        and talk.share(burst.end_ms, burst.end_ms + RECORDING_MS) == 0
        and not any(
            one is not burst and abs(one.begin_ms - burst.begin_ms) <= 2 * GREETING_MS and same_tone(one, burst)
            for one in bursts
        )
    )


def _end_of(bursts: Sequence[Burst], talk: _Talk) -> float:
    """Return the end of a signal with its last pause, which lasts until it would sound again or anything else does.

    A last burst that is cut short was answered. North America's ringing, 2 s of every 6, tells from one ring.
    """
    last = bursts[-1]
    usual = float(np.median([burst.duration_ms for burst in bursts]))
    steps = [after.begin_ms - before.begin_ms for before, after in pairwise(bursts)]
    if steps:
        # Of double bursts every other step is the long one.
        cycle = 2 if len(steps) > 1 and max(steps) > 1.5 * min(steps) else 1
        period = steps[-cycle] if last.duration_ms >= 0.9 * usual else 0.0
    else:
        american = last.beating and abs(last.frequencies_hz[0] - 460) <= 10 and last.duration_ms >= 1900
        period = 6000.0 if american else 0.0
    if last.begin_ms + period <= last.end_ms:
        return last.end_ms
    return max(last.end_ms, talk.silent_until(last.end_ms + 50, last.begin_ms + period))


def _with_stutter(detections: list[Detection]) -> list[Detection]:
    """Join a fast tone to the dial tone that it goes over into: a stutter dial tone."""
    joined: list[Detection] = []
    for detection in detections:
        last = joined[-1] if joined else None
        if (
            last is not None
            and (last.tone_kind, detection.tone_kind) == (REORDER, DIAL)
            and detection.begin_ms - last.end_ms <= _STUTTER_MS
            and last.frequency_hz is not None
            and detection.frequency_hz is not None
            and abs(last.frequency_hz - detection.frequency_hz) <= 0.02 * detection.frequency_hz
        ):
            joined[-1] = detection._replace(begin_ms=last.begin_ms)
        else:
            joined.append(detection)
    return joined


def _detection(kind: str, bursts: Sequence[Burst], end_ms: float) -> Detection:
    """Make the detection of some bursts."""
    longest = max(bursts, key=lambda burst: burst.duration_ms)
    lengths = np.array([burst.duration_ms for burst in bursts])
    power = float(np.average([10 ** (burst.level_dbfs / 10) for burst in bursts], weights=lengths))
    level = float(10 * np.log10(power))
    return Detection(TONE, round(bursts[0].begin_ms), round(end_ms), kind, None, longest.strongest_hz, level)
