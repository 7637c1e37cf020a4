"""Ringback, hold tones and other signals: what bursts of steady tone add up to by their frequencies and their cadence.

Cadences after ITU-T E.180 supplement 2 (tones of national networks).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import minimum_filter1d

from callbeam.audio.marks import HOLD_TONE, OTHER_TONE, RINGBACK, TONE, Mark
from callbeam.audio.steady import Burst, same_tone, steady_bursts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.audio.channel import Channel
    from callbeam.audio.features import FrameFeatures
    from callbeam.audio.frames import Float32Array

SHORTEST_OTHER_MS = 300
OTHER_CONCENTRATION = 0.85
"""A tone without a cadence must stand out from the rest by 7.5 dB: a drawn-out vowel can come to 0.75."""

RING_PAIR_HZ = (380.0, 490.0)
"""Two frequencies within this, 25 to 60 Hz apart, are ringing: 440 + 480 (North America), 400 + 450 (United Kingdom),
385 + 415 (Japan). No other signal of E.180 lies there: 350 + 440 is a dial tone, 480 + 620 busy."""

RING_SINGLE_HZ = (395.0, 465.0)
"""One frequency within this may be ringing: 425 Hz in most of the world."""

RING_MS = (700.0, 2300.0)
"""A single ring; shorter ones must be double (0.4 s, 0.2 s pause, 0.4 s), or are beeps."""

RING_PERIOD_MS = (2300.0, 7000.0)
DOUBLE_PAUSE_MS = 300.0

HOLD_BEEP_MS = 700.0
HOLD_PERIOD_MS = (2000.0, 11_000.0)
"""Beeps at least this far apart, and no further. Recorders beep every 15 s, and talk goes on between; busy tones
repeat within 1 s."""

_UNEVEN = 0.06  # of a period
_QUIET_DBFS, _RISE_DB = -70.0, 10.0  # what is a sound in a pause
_SPEECH = 0.1  # share of frames that may be taken for speech


def find_tones(channel: Channel, features: FrameFeatures, probability: Float32Array) -> list[Mark]:
    """Find ringback, hold tones and other steady tones of a channel, leads included.

    Parameters
    ----------
    channel : Channel
    features : FrameFeatures
        Of this channel.
    probability : float32 array, shape (n,)
        The voice activity detector's, of each of the features' frames.

    Returns
    -------
    list of Mark
        In milliseconds from the leg's clock zero, sorted by begin. Ringing and hold tones are one mark each, from the
        first burst to where the next one would begin or anything else does; other tones one per burst.
    """
    talk = _Talk(features, probability)
    marks, run = [], list[Burst]()
    for burst in [*steady_bursts(channel, features, probability), None]:
        if run and (burst is None or not _goes_on(run, burst, talk)):
            marks.extend(_marks_of(run, talk))
            run = []
        if burst is not None:
            run.append(burst)
    return marks


class _Talk:
    """Where speech is on the channel."""

    def __init__(self, features: FrameFeatures, probability: Float32Array) -> None:
        self._first = features.span.first
        self._spoken = probability >= 0.5
        self._level = np.nan_to_num(features.measures["level_dbfs"], nan=_QUIET_DBFS)

    def share(self, begin_ms: float, end_ms: float) -> float:
        """Return the share of frames that are speech."""
        frames = self._spoken[self._at(begin_ms) : max(self._at(end_ms), self._at(begin_ms) + 1)]
        return float(frames.mean()) if len(frames) else 0.0

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


def _goes_on(run: Sequence[Burst], burst: Burst, talk: _Talk) -> bool:
    """Tell whether a burst belongs to the signal so far: the same tone again, nobody having spoken in between."""
    last = run[-1]
    return (
        same_tone(burst, last)
        and burst.begin_ms - last.begin_ms <= HOLD_PERIOD_MS[1]
        and talk.share(last.end_ms + 50, burst.begin_ms - 50) <= _SPEECH
    )


def _marks_of(run: Sequence[Burst], talk: _Talk) -> list[Mark]:
    """Name what a row of bursts of the same tone is."""
    rings = _rings(run)
    period = _period(rings)
    if _is_ringing(run[0].frequencies_hz, rings, period):
        return [_whole(RINGBACK, run, rings, period or _usual_period(run[0].frequencies_hz, rings), talk)]
    if period and _is_hold(rings, period):
        return [_whole(HOLD_TONE, run, rings, period, talk)]
    return [
        Mark(TONE, round(burst.begin_ms), round(burst.end_ms), OTHER_TONE, None, burst.strongest_hz, burst.level_dbfs)
        for burst in run
        if burst.duration_ms >= SHORTEST_OTHER_MS
        and len(burst.frequencies_hz) == 1
        and burst.concentration >= OTHER_CONCENTRATION
        and talk.share(burst.begin_ms, burst.end_ms) <= _SPEECH
    ]


def _rings(run: Sequence[Burst]) -> list[tuple[float, float]]:
    """Return begin and end of each ring or beep; two bursts close together are a double ring."""
    rings: list[tuple[float, float]] = []
    for burst in run:
        if rings and burst.begin_ms - rings[-1][1] <= DOUBLE_PAUSE_MS:
            rings[-1] = (rings[-1][0], burst.end_ms)
        else:
            rings.append((burst.begin_ms, burst.end_ms))
    return rings


def _period(rings: Sequence[tuple[float, float]]) -> float | None:
    """Return the time from ring to ring in ms, None if they are uneven; rings may be missing in between."""
    steps = np.diff([begin for begin, _ in rings])
    if not len(steps):
        return None
    periods = np.rint(steps / steps.min())
    period = float(steps.sum() / periods.sum())
    return period if np.all(np.abs(steps / periods - period) <= _UNEVEN * period) else None


def _is_ringing(frequencies_hz: Sequence[float], rings: Sequence[tuple[float, float]], period: float | None) -> bool:
    """Tell by its frequencies, or where these serve other signals by its cadence, whether a signal is ringback."""
    if len(frequencies_hz) == 2:
        low, high = frequencies_hz
        return RING_PAIR_HZ[0] <= low and high <= RING_PAIR_HZ[1] and 25 <= high - low <= 60
    if not RING_SINGLE_HZ[0] <= frequencies_hz[0] <= RING_SINGLE_HZ[1]:
        return False
    longest = max(end - begin for begin, end in rings)
    if len(rings) > 1 and (period is None or not RING_PERIOD_MS[0] <= period <= RING_PERIOD_MS[1]):
        return False
    return RING_MS[0] <= longest <= RING_MS[1]


def _is_hold(rings: Sequence[tuple[float, float]], period: float) -> bool:
    """Tell whether evenly spaced beeps are those of a hold."""
    longest = max(end - begin for begin, end in rings)
    return longest <= HOLD_BEEP_MS and HOLD_PERIOD_MS[0] <= period <= HOLD_PERIOD_MS[1]


def _usual_period(frequencies_hz: Sequence[float], rings: Sequence[tuple[float, float]]) -> float | None:
    """Return the period of a single ring where its frequencies tell: North America's 440 and 480 Hz, 2 s of every 6."""
    low, high = frequencies_hz[0], frequencies_hz[-1]
    begin, end = rings[0]
    american = abs(low - 440) <= 10 and abs(high - 480) <= 10 and end - begin >= 1900
    return 6000.0 if american and len(rings) == 1 else None


def _whole(
    kind: str, run: Sequence[Burst], rings: Sequence[tuple[float, float]], period: float | None, talk: _Talk
) -> Mark:
    """Make one mark of a signal with its pauses.

    The last pause belongs to it until the signal would sound again or anything else does; a last ring that is cut
    short was answered.
    """
    begin, end = rings[-1]
    usual = float(np.median([ring_end - ring_begin for ring_begin, ring_end in rings]))
    if period and end - begin >= 0.9 * usual:
        end = max(end, talk.silent_until(end + 50, begin + period))
    longest = max(run, key=lambda burst: burst.duration_ms)
    lengths = np.array([burst.duration_ms for burst in run])
    power = float(np.average([10 ** (burst.level_dbfs / 10) for burst in run], weights=lengths))
    level = float(10 * np.log10(power))
    return Mark(TONE, round(rings[0][0]), round(end), kind, None, longest.strongest_hz, level)
