"""How right a detector is: scores of speech, utterance borders, events and pitch against what is known.

Spans are milliseconds. Errors are kept as sums and counts, so that those of many calls add up to one score.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from callbeam.spans import as_spans, intersect, length, subtract

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from callbeam.spans import SpanArray

BORDER_TOLERANCE_MS = 100
GROSS_PITCH_ERROR = 0.2

Tally = TypeVar("Tally", "SpeechScore", "BorderScore", "MatchScore", "PitchScore")


@dataclass(frozen=True, slots=True)
class SpeechScore:
    """Time that was decided wrongly, milliseconds.

    Miss and false alarm rates are shares of the true speech that was scored, as in NIST's and pyannote's detection
    error rate: a share of the silence would look better the quieter a channel is.

    Attributes
    ----------
    speech_ms : int
        True speech that was scored.
    missed_ms, false_ms : int
        Of it, not found; and what was found where nobody spoke.
    """

    speech_ms: int
    missed_ms: int
    false_ms: int

    @property
    def miss_rate(self) -> float:
        """Missed speech as a share of the true speech; NaN without any."""
        return _share(self.missed_ms, self.speech_ms)

    @property
    def false_alarm_rate(self) -> float:
        """False speech as a share of the true speech; NaN without any."""
        return _share(self.false_ms, self.speech_ms)

    @property
    def error_rate(self) -> float:
        """Both together."""
        return self.miss_rate + self.false_alarm_rate


@dataclass(frozen=True, slots=True)
class BorderScore:
    """Begins and ends of true utterances, and how many have one found within the tolerance."""

    borders: int
    near: int

    @property
    def rate(self) -> float:
        """Share of the true borders that were found; NaN without any."""
        return _share(self.near, self.borders)


@dataclass(frozen=True, slots=True)
class MatchScore:
    """Events that are true and found, true only, found only."""

    hits: int
    misses: int
    extras: int

    @property
    def precision(self) -> float:
        """Share of what was found that is true."""
        return _share(self.hits, self.hits + self.extras)

    @property
    def recall(self) -> float:
        """Share of what is true that was found."""
        return _share(self.hits, self.hits + self.misses)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN where there is nothing to find and nothing was found."""
        return _share(2 * self.hits, 2 * self.hits + self.misses + self.extras)


@dataclass(frozen=True, slots=True)
class PitchScore:
    """Frames that are voiced in truth, voiced in both, and of these those with another F0 altogether."""

    voiced: int
    compared: int
    gross: int

    @property
    def gross_error_rate(self) -> float:
        """Share of the frames voiced in both whose F0 is off by more than 20 %."""
        return _share(self.gross, self.compared)

    @property
    def voiced_found(self) -> float:
        """Share of the frames voiced in truth that were found to be."""
        return _share(self.compared, self.voiced)


def add_up(scores: Iterable[Tally]) -> Tally:
    """Add scores of one kind, at least one.

    Examples
    --------
    >>> add_up([BorderScore(4, 3), BorderScore(2, 2)])
    BorderScore(borders=6, near=5)
    """
    first, *rest = scores
    kind = type(first)
    return kind(*(sum(getattr(one, field.name) for one in (first, *rest)) for field in fields(kind)))


def speech_score(truth: SpanArray, found: SpanArray, audio: SpanArray, collar_ms: int = 0) -> SpeechScore:
    """Score speech against the truth, where there is audio.

    Parameters
    ----------
    truth, found : SpanArray
        Both with the same pauses bridged.
    audio : SpanArray
        What is scored.
    collar_ms : int
        Nothing is scored so close to a border of the true speech.
    """
    borders = truth.reshape(-1)
    scored = subtract(audio, as_spans((at - collar_ms, at + collar_ms) for at in borders.tolist()))
    truth, found = intersect(truth, scored), intersect(found, scored)
    return SpeechScore(length(truth), length(subtract(truth, found)), length(subtract(found, truth)))


def border_score(truth: SpanArray, found: SpanArray, tolerance_ms: int = BORDER_TOLERANCE_MS) -> BorderScore:
    """Score the begins and ends of true utterances by whether one of the same kind is found within the tolerance.

    Utterances lie further apart than twice the tolerance, so none is found twice.
    """
    near = sum(_near(truth[:, side], found[:, side], tolerance_ms) for side in (0, 1))
    return BorderScore(truth.size, near)


def match_events(truth: npt.ArrayLike, found: npt.ArrayLike) -> MatchScore:
    """Match events of one kind and role that overlap, each with one other at most, the longest overlaps first.

    Parameters
    ----------
    truth, found : array_like of int, shape (n, 2) and (m, 2)
        [begin, end) of each, in any order; they may overlap among themselves.
    """
    true, mine = (np.asarray(spans, np.int64).reshape(-1, 2) for spans in (truth, found))
    begins = np.maximum(true[:, None, 0], mine[None, :, 0])
    overlap = np.minimum(true[:, None, 1], mine[None, :, 1]) - begins
    hits = 0
    while overlap.size and overlap.max() > 0:
        row, column = np.unravel_index(overlap.argmax(), overlap.shape)
        overlap[row, :] = 0
        overlap[:, column] = 0
        hits += 1
    return MatchScore(hits, len(true) - hits, len(mine) - hits)


def pitch_score(truth_hz: npt.NDArray[np.floating], found_hz: npt.NDArray[np.floating]) -> PitchScore:
    """Score F0 frame by frame.

    Parameters
    ----------
    truth_hz, found_hz : float arrays, shape (n,)
        Of the same frames; NaN where not voiced.

    Notes
    -----
    Gross errors are counted over frames that are voiced in both, after Rabiner et al. (1976).
    """
    voiced = np.isfinite(truth_hz)
    both = voiced & np.isfinite(found_hz)
    off = np.abs(found_hz[both] / truth_hz[both] - 1)
    return PitchScore(int(voiced.sum()), int(both.sum()), int((off > GROSS_PITCH_ERROR).sum()))


def _near(wanted: npt.NDArray[np.int64], found: npt.NDArray[np.int64], tolerance: int) -> int:
    """Count the instants that have one of the others (sorted) within the tolerance."""
    if not len(found):
        return 0
    after = np.searchsorted(found, wanted)
    nearest = np.minimum(
        np.abs(found[np.clip(after, 0, len(found) - 1)] - wanted), np.abs(found[np.maximum(after - 1, 0)] - wanted)
    )
    return int((nearest <= tolerance).sum())


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
