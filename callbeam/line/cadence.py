"""Which signal a row of bursts of one tone is, by its frequencies and its cadence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from callbeam.line.call_progress_tones import (
    EVER,
    LONGEST_PAUSE_MS,
    SIGNALS,
    SPECIAL_INFORMATION_HZ,
    SPECIAL_INFORMATION_MS,
    SPECIAL_INFORMATION_PAUSE_MS,
    Range,
    Signal,
)
from callbeam.line.detections import SIT
from callbeam.line.tone_bursts import same_tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callbeam.line.tone_bursts import Burst

_UNEVEN = 0.08  # of a period
_UNEVEN_MS = 40.0
_UNLIKE_HZ = 0.007  # of the frequency
_UNLIKE, _UNLIKE_MS = 0.2, 20.0  # of the longer of two bursts
_DUTY = (0.33, 0.67)  # of what is as long on as off
_LOST = 2  # bursts of a slow cadence that may be missing in a row
_SLOW_MS = 2000.0  # pauses of a slow cadence


class Talk(Protocol):
    """Where people speak on the channel."""

    def between(self, begin_ms: float, end_ms: float) -> bool:
        """Tell whether there is talk between two instants."""


@dataclass(frozen=True, slots=True)
class Row:
    """Bursts that are one signal.

    Attributes
    ----------
    signal : Signal or None
        None for a burst that is none, and for special information, whose bursts differ.
    kind : str or None
        Tone kind; None for a burst that is no signal.
    bursts : tuple of Burst
        In order of time.
    """

    signal: Signal | None
    kind: str | None
    bursts: tuple[Burst, ...]


def rows_of(bursts: Iterable[Burst], talk: Talk) -> list[Row]:
    """Part a channel's bursts into signals, and those that are none.

    Parameters
    ----------
    bursts : iterable of Burst
        Sorted, disjoint.
    talk : Talk

    Returns
    -------
    list of Row
        Each burst lies in one. What a burst is follows from those within ``LONGEST_PAUSE_MS`` on either side.
    """
    rows, rest = _special_information(list(bursts))
    for chain in _chains(rest):
        rows.extend(_named(chain, talk))
    return sorted(rows, key=lambda row: row.bursts[0].begin_ms)


def _special_information(bursts: list[Burst]) -> tuple[list[Row], list[Burst]]:
    """Take out each three tones that rise as special information does; return them, and the rest."""
    rows, rest = [], []
    at = 0
    while at < len(bursts):
        three = bursts[at : at + 3]
        if _is_special_information(three):
            rows.append(Row(None, SIT, tuple(three)))
            at += 3
        else:
            rest.append(bursts[at])
            at += 1
    return rows, rest


def _is_special_information(bursts: Sequence[Burst]) -> bool:
    shortest, longest = SPECIAL_INFORMATION_MS
    return (
        len(bursts) == len(SPECIAL_INFORMATION_HZ)
        and all(
            len(burst.frequencies_hz) == 1
            and low <= burst.frequencies_hz[0] <= high
            and shortest <= burst.duration_ms <= longest
            for burst, (low, high) in zip(bursts, SPECIAL_INFORMATION_HZ, strict=True)
        )
        and all(after.begin_ms - before.end_ms <= SPECIAL_INFORMATION_PAUSE_MS for before, after in pairwise(bursts))
    )


def _chains(bursts: Iterable[Burst]) -> list[list[Burst]]:
    """Part bursts into those of the same tone, no further apart than a signal pauses."""
    chains: list[list[Burst]] = []
    going_on: list[list[Burst]] = []
    for burst in bursts:
        going_on = [chain for chain in going_on if burst.begin_ms - chain[-1].end_ms <= LONGEST_PAUSE_MS]
        same = next((chain for chain in reversed(going_on) if same_tone(burst, chain[-1])), None)
        if same is None:
            same = []
            chains.append(same)
            going_on.append(same)
        same.append(burst)
    return chains


def _named(chain: Sequence[Burst], talk: Talk) -> list[Row]:
    """Part the bursts of one tone into signals and others."""
    # Most of a voice's chains are too short for most signals.
    signals = [signal for signal in SIGNALS if signal.bursts <= len(chain) and _in_bands(chain[0], signal)]
    rows, at = [], 0
    while at < len(chain):
        signal, count = _first_match(chain[at:], signals, talk)
        rows.append(Row(signal, signal.kind if signal else None, tuple(chain[at : at + count])))
        at += count
    return rows


def _first_match(chain: Sequence[Burst], signals: Sequence[Signal], talk: Talk) -> tuple[Signal | None, int]:
    """Return the first signal that a chain begins with, and how many of its bursts are that; or None, and 1."""
    for signal in signals:
        if len(chain) < signal.bursts:
            continue
        count = max(_matching(chain, signal, phase, talk) for phase in range(len(signal.cadence_ms)))
        if count:
            return signal, count
    return None, 1


def _in_bands(burst: Burst, signal: Signal) -> bool:
    return len(burst.frequencies_hz) == len(signal.bands_hz) and all(
        low <= hz <= high for hz, (low, high) in zip(burst.frequencies_hz, signal.bands_hz, strict=True)
    )


def _matching(chain: Sequence[Burst], signal: Signal, phase: int, talk: Talk) -> int:
    """Count the bursts at the beginning of a chain that are a signal, which is heard from a phase of its cycle on.

    The first may have begun before it is heard, and the last is cut where somebody answers or hangs up: neither is then
    one of those that the signal needs.
    """
    count, needed = 0, signal.bursts
    period: float | None = None
    for burst, after in zip(chain, [*chain[1:], None], strict=True):
        (shortest, longest), pause_ms = signal.cadence_ms[(phase + count) % len(signal.cadence_ms)]
        cut = burst.duration_ms < shortest
        # In talk, what only resembles a beep is a voice.
        unlikely = signal.through_talk and not (burst.apart and _as_high(burst, chain[0]))
        if unlikely or burst.duration_ms > longest or (cut and 0 < count < signal.bursts):
            break
        pause = _pause(burst, after, signal, pause_ms, period)
        if pause is Pause.SHORTER:
            break
        count, needed = count + 1, needed + cut
        if after is None or pause is Pause.LONGER or (cut and count > 1) or longest == EVER:
            break
        if not signal.through_talk and talk.between(burst.end_ms, after.begin_ms):
            break
        step = _period(burst, after, pause_ms, period)
        cut_at_last = count >= signal.bursts and _ends(chain[count:], pause_ms)
        if signal.even and not (_evenly(step, period) and (_alike(burst, after) or cut_at_last)):
            break
        period = step if len(signal.cadence_ms) == 1 else None
    return count if count >= needed else 0


def _evenly(step: float, period: float | None) -> bool:
    return period is None or abs(step - period) <= _UNEVEN * period + _UNEVEN_MS


def _as_high(one: Burst, other: Burst) -> bool:
    return all(
        abs(hz - other_hz) <= _UNLIKE_HZ * other_hz + 2
        for hz, other_hz in zip(one.frequencies_hz, other.frequencies_hz, strict=True)
    )


def _alike(one: Burst, other: Burst) -> bool:
    difference = abs(one.duration_ms - other.duration_ms)
    return difference <= _UNLIKE * max(one.duration_ms, other.duration_ms) + _UNLIKE_MS


def _ends(chain: Sequence[Burst], pause_ms: Range) -> bool:
    """Tell whether no other burst follows the first within the pause of its cadence: it may be cut."""
    return len(chain) < 2 or chain[1].begin_ms - chain[0].end_ms > pause_ms[1]


class Pause(Enum):
    """How a pause compares with that of a cadence."""

    SHORTER = auto()
    FITS = auto()
    LONGER = auto()


def _pause(burst: Burst, after: Burst | None, signal: Signal, pause_ms: Range, usual_ms: float | None) -> Pause:
    """Compare the pause after a burst; what is as long on as off, or has a period, needs these, too."""
    if after is None:
        return Pause.LONGER
    least, most = pause_ms
    period = _period(burst, after, pause_ms, usual_ms)
    pause = period - burst.duration_ms
    if pause < least or period < signal.period_ms[0]:
        return Pause.SHORTER
    if pause > most or period > signal.period_ms[1]:
        return Pause.LONGER
    if signal.even and least < _SLOW_MS and not _DUTY[0] <= burst.duration_ms / period <= _DUTY[1]:
        return Pause.SHORTER
    return Pause.FITS


def _period(burst: Burst, after: Burst, pause_ms: Range, usual_ms: float | None) -> float:
    """Return the time from one burst to the next; of a slow cadence that is known, those in between may be missed."""
    step = after.begin_ms - burst.begin_ms
    if usual_ms is None or pause_ms[0] < _SLOW_MS:
        return step
    return next((step / (missed + 1) for missed in range(1, _LOST + 1) if _evenly(step / (missed + 1), usual_ms)), step)
