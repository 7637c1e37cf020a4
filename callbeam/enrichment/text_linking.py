"""Which utterances what is said lies in: words by their times, segments without these by the largest overlap."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

REACH_MS = 1_000
"""How far from an utterance a word may lie that is no nearer to another: both accounts round, and pad speech."""

LEAST_SHARE = 0.3
"""Share of the shorter of both, segment or utterance, that must overlap for a segment to hold part of an utterance."""

IN_WORDS, IN_SEGMENT, IN_NEIGHBOUR, WITHHELD = "words", "segment", "in_neighbour", "withheld"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A segment on the call's clock.

    Attributes
    ----------
    begin_ms, end_ms : int
    text : str or None
    words : sequence of (int, int, str)
        Begin, end and text.
    """

    begin_ms: int
    end_ms: int
    text: str | None
    words: Sequence[tuple[int, int, str]] = ()


@dataclass(slots=True)
class UtteranceText:
    """What an utterance gets.

    Attributes
    ----------
    parts : list of str
        Texts, in order.
    status : str or None
        ``words``, ``segment``, ``in_neighbour``, ``withheld``; None while it has nothing.
    segments : list of int
        Positions of the segments that it holds some of.
    word_count : int
    """

    parts: list[str] = field(default_factory=list)
    status: str | None = None
    segments: list[int] = field(default_factory=list)
    word_count: int = 0


@dataclass(frozen=True, slots=True)
class Linked:
    """Segments and utterances of one channel, brought together.

    Attributes
    ----------
    utterances : list of UtteranceText
        One for each utterance.
    segments : list of list of int
        For each segment the utterances that it lies in, in order; empty if it lies in none.
    words : list of list of int
        For each segment the utterance of each of its words, -1 for none.
    """

    utterances: list[UtteranceText]
    segments: list[list[int]]
    words: list[list[int]]


def link(spoken: Sequence[Spoken], utterances: npt.NDArray[np.int64]) -> Linked:
    """Bring segments and utterances of one channel together.

    Parameters
    ----------
    spoken : sequence of Spoken
        In order of begin.
    utterances : int64 array, shape (n, 2)
        Begin and end, in order; they do not overlap.

    Returns
    -------
    Linked
        No word and no segment's text is in two utterances.

    Examples
    --------
    >>> utterances = np.array([[0, 900], [2_000, 4_000]])
    >>> linked = link([Spoken(0, 3_900, "yes I do", [(100, 400, "yes"), (2_100, 2_300, "I"), (2_400, 3_900, "do")])],
    ...               utterances)
    >>> [" ".join(text.parts) for text in linked.utterances]
    ['yes', 'I do']
    """
    linked = Linked([UtteranceText() for _ in utterances], [], [])
    channel = _Channel(utterances)
    for at, segment in enumerate(spoken):
        words = np.full(0, -1, np.int64)
        if segment.words:
            words = _nearest(np.array([word[:2] for word in segment.words], np.int64), utterances)
        linked.words.append(words.tolist())
        if (words >= 0).any():
            linked.segments.append(_by_words(at, segment, words, linked.utterances))
        else:
            linked.segments.append(_by_overlap(at, segment, channel, linked.utterances))
    return linked


def _nearest(spans: npt.NDArray[np.int64], utterances: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return for each span the utterance whose time it lies in or nearest to, -1 beyond reach."""
    if not len(spans) or not len(utterances):
        return np.full(len(spans), -1, np.int64)
    middle = spans.mean(axis=1)
    after = np.searchsorted(utterances[:, 0], middle, side="right")
    before = np.maximum(after - 1, 0)
    after = np.minimum(after, len(utterances) - 1)
    to_before, to_after = _distance(middle, utterances[before]), _distance(middle, utterances[after])
    best = np.where(to_before <= to_after, before, after)
    return np.where(np.minimum(to_before, to_after) <= REACH_MS, best, -1)


def _distance(points: npt.NDArray[np.float64], spans: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return np.maximum(0.0, np.maximum(spans[:, 0] - points, points - spans[:, 1]))


def _by_words(at: int, segment: Spoken, words: npt.NDArray[np.int64], texts: list[UtteranceText]) -> list[int]:
    """Give each utterance the words that were said in it; words near none go with the word before them."""
    placed = words.copy()
    known = np.flatnonzero(placed >= 0)
    placed[: known[0]] = placed[known[0]]
    for position in range(known[0] + 1, len(placed)):
        if placed[position] < 0:
            placed[position] = placed[position - 1]
    found = np.unique(placed).tolist()
    for utterance in found:
        said = [word[2] for word, where in zip(segment.words, placed, strict=True) if where == utterance]
        text = " ".join(said)
        _add(texts[utterance], at, text, len(text.split()), IN_WORDS)
    return [int(utterance) for utterance in found]


def _by_overlap(at: int, segment: Spoken, channel: _Channel, texts: list[UtteranceText]) -> list[int]:
    """Give the text to the utterance that the segment overlaps most; others that it overlaps say where it is."""
    overlaps = channel.overlaps(segment.begin_ms, segment.end_ms)
    if not overlaps:
        nearest = int(_nearest(np.array([[segment.begin_ms, segment.end_ms]]), channel.utterances)[0])
        overlaps = {nearest: 0} if nearest >= 0 else {}
    if not overlaps:
        return []
    most = max(overlaps, key=lambda utterance: (overlaps[utterance], -utterance))
    for utterance in overlaps:
        if utterance == most:
            text = segment.text
            _add(texts[utterance], at, text, 0 if text is None else len(text.split()), IN_SEGMENT)
        else:
            _add(texts[utterance], at, None, 0, IN_NEIGHBOUR)
    return list(overlaps)


class _Channel:
    """Utterances to be searched for what overlaps a stretch."""

    def __init__(self, utterances: npt.NDArray[np.int64]) -> None:
        self.utterances = utterances
        self._spans: list[tuple[int, int]] = [(begin, end) for begin, end in utterances.tolist()]
        self._reach: list[int] = np.maximum.accumulate(utterances[:, 1]).tolist() if len(utterances) else []

    def overlaps(self, begin_ms: int, end_ms: int) -> dict[int, int]:
        """Return by how much utterances overlap a stretch, of those that hold a part of it."""
        found = {}
        length = max(1, end_ms - begin_ms)
        for at in range(bisect_right(self._reach, begin_ms), len(self._spans)):
            begin, end = self._spans[at]
            if begin >= end_ms:
                break
            overlap = min(end, end_ms) - max(begin, begin_ms)
            if overlap > 0 and overlap >= LEAST_SHARE * min(end - begin, length):
                found[at] = overlap
        return found


_RANK = {None: 0, IN_NEIGHBOUR: 1, WITHHELD: 2, IN_WORDS: 3, IN_SEGMENT: 4}


def _add(utterance: UtteranceText, at: int, text: str | None, count: int, how: str) -> None:
    """Add a part; of several kinds the least exact one is told, for all of the text rests on it."""
    if text is None and how != IN_NEIGHBOUR:
        how = WITHHELD
    utterance.segments.append(at)
    if _RANK[how] > _RANK[utterance.status]:
        utterance.status = how
    if text is not None:
        utterance.parts.append(text)
        utterance.word_count += count
