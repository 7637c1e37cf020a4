"""How far a source's clock is from a call's: found where both hear the same people speak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft

from callbeam.spans import as_spans, mask_of_spans

if TYPE_CHECKING:
    from collections.abc import Mapping

    from callbeam.spans import SpanArray

FRAME_MS = 20

LEAST_CONFIDENCE = 0.4
"""Correlation below which no text is given to utterances."""

LEAST_LEAD = 0.05
"""How much better than the shifts of any other peak the best one must be."""

LEAST_RISE = 0.02
"""What lies between two peaks is so much lower than either."""

LEAST_SLOPE = 0.1
"""How much better it must be than shifts 1.5 s from it, as a share of what it lacks to full agreement."""

NEAR_MS = 10_000
"""How far a clock that a record tells may be off."""

LEAD_MS, LAG_MS = 15_000, 2_000
"""A record that tells only when it was written lies at most so long after what it tells of, and before."""

OUTSIDE_MS = 10_000
"""How far speech may reach beyond the call where nothing tells a clock."""

_PEAK_MS = 1_500


@dataclass(frozen=True, slots=True)
class Shift:
    """What brings a source's clock to the call's.

    Attributes
    ----------
    ms : int
        To be added.
    confidence : float
        Correlation of speech and silence over frames at that shift, 0 to 1.
    certain : bool
        It may be relied upon.
    """

    ms: int
    confidence: float
    certain: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Where a shift is looked for: [least, most], in ms."""

    least_ms: int
    most_ms: int


def window_of_clock(expected_ms: int) -> Window:
    """Return where to look if records tell the clock's zero."""
    return Window(expected_ms - NEAR_MS, expected_ms + NEAR_MS)


def window_of_writing(latest_ms: int) -> Window:
    """Return where to look if records tell only when they were written: what they tell of was over by then."""
    return Window(latest_ms - LEAD_MS, latest_ms + LAG_MS)


def find_shift(heard: Mapping[str, SpanArray], said: Mapping[str, SpanArray], window: Window | None = None) -> Shift:
    """Find the shift at which two accounts of who spoke when agree best.

    Parameters
    ----------
    heard : mapping of str to SpanArray
        Milliseconds in which each role is heard, on the call's clock.
    said : mapping of str to SpanArray
        The same by the source, on its clock. Roles that only one account has do not count.
    window : Window, optional
        By default all shifts at which what is said lies within the call.

    Returns
    -------
    Shift
        The phi coefficient (Pearson's correlation of two binary variables) over frames of 20 ms, all roles together, is
        its confidence. With 0 where there is nothing to compare.

    Examples
    --------
    >>> heard = {"AGENT": as_spans([(3_000, 5_000), (9_000, 9_500), (20_000, 24_000)])}
    >>> said = {"AGENT": as_spans([(0, 2_000), (6_000, 6_500), (17_000, 21_000)])}
    >>> find_shift(heard, said).ms
    3000
    """
    roles = [role for role in sorted(heard.keys() & said.keys()) if len(heard[role]) and len(said[role])]
    if not roles:
        return Shift(0 if window is None else (window.least_ms + window.most_ms) // 2, 0.0, certain=False)
    first_ms = min(int(said[role][0, 0]) for role in roles)
    last_ms = max(int(said[role][-1, 1]) for role in roles)
    end_ms = max(int(heard[role][-1, 1]) for role in roles)
    window = window or Window(-first_ms - OUTSIDE_MS, max(end_ms - last_ms, -first_ms) + OUTSIDE_MS)
    scores, least = _scores([(heard[role], said[role]) for role in roles], window, end_ms, first_ms, last_ms)
    best = int(np.argmax(scores))
    confidence = float(np.clip(scores[best], 0.0, 1.0))
    certain = confidence >= LEAST_CONFIDENCE and _stands_out(scores, best)
    return Shift((least + best) * FRAME_MS, confidence, certain=certain)


def _stands_out(scores: npt.NDArray[np.float64], best: int) -> bool:
    """Tell whether a shift is better than others: than those of another peak by far, than those of its own by enough.

    A long monologue that one segment holds has one wide peak, whose top is as sharp as its ends are known. At the end
    of what was searched, a better one may lie beyond.
    """
    if best in (0, len(scores) - 1):
        return False
    peak = float(scores[best])
    for side in (scores[best:], scores[best::-1]):
        rise = side - np.minimum.accumulate(side)
        if ((side > peak - LEAST_LEAD) & (rise >= LEAST_RISE)).any():
            return False
    near = _PEAK_MS // FRAME_MS
    beside = [scores[at] for at in (best - near, best + near) if 0 <= at < len(scores)]
    return all(peak - float(score) >= LEAST_SLOPE * (1 - peak) for score in beside)


def _scores(
    pairs: list[tuple[SpanArray, SpanArray]], window: Window, end_ms: int, first_ms: int, last_ms: int
) -> tuple[npt.NDArray[np.float64], int]:
    """Return the correlation at each shift of the window, in frames, and the first of these shifts.

    Frames that are silent in both accounts count as far as the longer of both reaches, so that the figure does not
    depend on how much silence surrounds a call.
    """
    origin = first_ms // FRAME_MS
    count_heard, count_said = -(-end_ms // FRAME_MS), -(-last_ms // FRAME_MS) - origin
    least = window.least_ms // FRAME_MS
    most = max(least, -(-window.most_ms // FRAME_MS))
    lags = np.arange(least, most + 1) + origin
    joint = np.zeros(len(lags))
    ones_heard = ones_said = 0.0
    length = next_fast_len(count_heard + count_said)
    for heard, said in pairs:
        mask = mask_of_spans(_frames(heard), 0, count_heard).astype(np.float32)
        other = mask_of_spans(_frames(said), origin, count_said).astype(np.float32)
        spectrum = rfft(mask, length) * np.conj(rfft(other, length))
        correlation = irfft(spectrum, length)
        inside = (lags > -count_said) & (lags < count_heard)
        joint += np.where(inside, correlation[lags % length], 0.0)
        ones_heard += float(mask.sum())
        ones_said += float(other.sum())
    total = float(max(count_heard, count_said) * len(pairs))
    variance = ones_heard * (total - ones_heard) * ones_said * (total - ones_said)
    if variance <= 0:
        return np.zeros(len(lags)), least
    return (joint * total - ones_heard * ones_said) / np.sqrt(variance), least


def _frames(spans: SpanArray) -> SpanArray:
    """Round milliseconds to frames; what is shorter than a frame keeps one."""
    begins = np.round(spans[:, 0] / FRAME_MS).astype(np.int64)
    ends = np.maximum(begins + 1, np.round(spans[:, 1] / FRAME_MS).astype(np.int64))
    return as_spans(np.stack((begins, ends), axis=1))
