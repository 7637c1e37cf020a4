"""From speech to utterances: one participant's speech between pauses, in the frames of the leg's grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.audio import HOPS_PER_SECOND, Float32Array
from callbeam.errors import UsageError
from callbeam.spans import SpanArray, clip, covered, subtract

if TYPE_CHECKING:
    from collections.abc import Iterator

UtteranceSpans = npt.NDArray[np.int64]
"""Spans [begin, end) of frames: int64, shape (k, 2), sorted, disjoint, none empty. Unlike those of a SpanArray they may
touch: where speech without any pause was cut."""

MARGIN_FRAMES = HOPS_PER_SECOND
"""Cuts keep 1 s from both ends of what they cut, so that none leaves a crumb."""

LEAD_FRAMES = 30 * HOPS_PER_SECOND
"""What a piece holds beyond its core."""

BORDER_FRAMES = 10 * HOPS_PER_SECOND
"""How far before the border of two pieces both are sure to have decided alike what is speech: of the 30 s that the
later piece has as lead-in, a detector may need the first to warm up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UtteranceConfig:
    """What ends an utterance.

    Attributes
    ----------
    min_pause_ms : int
        The shortest pause that does: 10 to 5000.
    max_duration_ms : int
        Longer ones are split at the deepest pause: 1000 to 30000, which is what neighbouring pieces share.

    Raises
    ------
    UsageError
        If one of them lies outside.
    """

    min_pause_ms: int = 500
    max_duration_ms: int = 30_000

    def __post_init__(self) -> None:
        if not (10 <= self.min_pause_ms <= 5000 and 1000 <= self.max_duration_ms <= 30_000):
            raise UsageError(
                f"utterances cannot be parted at pauses of {self.min_pause_ms} ms and split beyond "
                f"{self.max_duration_ms} ms; give a pause of 10 to 5000 ms and a length of 1000 to 30000 ms"
            )


def utterance_spans(
    speech: SpanArray,
    masked: SpanArray,
    level_dbfs: Float32Array,
    first: int,
    core: tuple[int, int],
    config: UtteranceConfig | None = None,
) -> UtteranceSpans:
    """Return the utterances that begin in a piece's core.

    A chain is speech without a pause of ``min_pause_ms`` and without masked audio in it. One that is longer than
    ``max_duration_ms`` is cut from left to right: within the longest that an utterance may be, at the deepest pause,
    that is the longest, of these the quietest, of these the last; without any pause, before the quietest frame. Each
    cut depends on ``max_duration_ms`` from the utterance's begin only.

    Neighbouring pieces agree: where a chain runs over their border and has begun more than 10 s before it, both cut it
    at the deepest pause of these 10 s, whatever its length; all others they see alike, and each utterance is that
    piece's in whose core it begins. What begins less than ``min_pause_ms`` before the border may be so much shorter
    only, for the earlier piece does not see whether it ends with what it sees. Cores are at least 40 s long, but for a
    leg's last.

    Parameters
    ----------
    speech : SpanArray
        Frames that are decided to be speech.
    masked : SpanArray
        Frames that are neither speech nor silence; speech in them does not count.
    level_dbfs : float32 array, shape (n,)
        RMS level of the frames from ``first`` on; NaN where masked.
    first : int
        Index of the first frame.
    core : (int, int)
        The frames that the piece answers for.
    config : UtteranceConfig, optional

    Returns
    -------
    int64 array, shape (k, 2)
        In frames of the leg's grid; sorted, disjoint; those of a cut chain may touch.

    Examples
    --------
    >>> from callbeam.spans import as_spans
    >>> speech = as_spans([(0, 100), (120, 180), (260, 300)])
    >>> level = np.full(300, -30.0, np.float32)
    >>> utterance_spans(speech, as_spans(()), level, first=0, core=(0, 300)).tolist()
    [[0, 180], [260, 300]]
    """
    config = config or UtteranceConfig()
    min_pause = -(-config.min_pause_ms * HOPS_PER_SECOND // 1000)
    piece = _Piece(level_dbfs, first, core, min_pause, config.max_duration_ms * HOPS_PER_SECOND // 1000)
    found = [
        utterance
        for chain in _chains(subtract(speech, masked), masked, min_pause)
        for part in _cut_at_borders(chain, piece)
        for utterance in _cut_to_length(part, piece)
    ]
    spans = np.array(found, dtype=np.int64).reshape(-1, 2)
    return spans[(core[0] <= spans[:, 0]) & (spans[:, 0] < core[1])]


@dataclass(frozen=True, slots=True)
class _Piece:
    """What cuts rest on; lengths in frames."""

    level_dbfs: Float32Array
    first: int
    core: tuple[int, int]
    min_pause: int
    longest: int

    def levels(self, begin: int, end: int) -> Float32Array:
        """Return the levels of [begin, end), what is masked as loud as can be."""
        levels = self.level_dbfs[begin - self.first : end - self.first]
        return np.where(np.isnan(levels), np.float32(np.inf), levels)

    def longest_from(self, begin: int) -> int:
        """Return how long an utterance may be: its end must be known wherever its begin is in the core."""
        if any(border - self.min_pause <= begin < border for border in self.core):
            return min(self.longest, LEAD_FRAMES - self.min_pause)
        return self.longest


def _chains(speech: SpanArray, masked: SpanArray, min_pause: int) -> list[SpanArray]:
    """Part speech at long pauses and at masked audio."""
    if not len(speech):
        return []
    pauses = np.stack((speech[:-1, 1], speech[1:, 0]), axis=1)
    apart = (pauses[:, 1] - pauses[:, 0] >= min_pause) | (covered(masked, pauses) > 0)
    return np.split(speech, np.flatnonzero(apart) + 1)


def _cut_at_borders(chain: SpanArray, piece: _Piece) -> Iterator[SpanArray]:
    """Cut a chain where a neighbouring piece could not know when it began."""
    for border in piece.core:
        begin, end = int(chain[0, 0]), int(chain[-1, 1])
        if begin < border - BORDER_FRAMES and border < end:
            pause = _deepest_pause(chain, border - BORDER_FRAMES, border, piece)
            yield clip(chain, begin, pause[0])
            chain = clip(chain, pause[1], end)
    yield chain


def _cut_to_length(chain: SpanArray, piece: _Piece) -> Iterator[tuple[int, int]]:
    """Yield utterances that are not too long."""
    begin, end = int(chain[0, 0]), int(chain[-1, 1])
    while end - begin > (longest := piece.longest_from(begin)):
        margin = min(MARGIN_FRAMES, longest // 4)
        pause = _deepest_pause(chain, begin + margin, begin + longest - margin, piece)
        yield begin, pause[0]
        begin = pause[1]
    yield begin, end


def _deepest_pause(chain: SpanArray, begin: int, end: int, piece: _Piece) -> tuple[int, int]:
    """Return the longest pause that lies within [begin, end), of these the quietest, of these the last.

    Without any: nothing, before the quietest frame.
    """
    within = (chain[:-1, 1] >= begin) & (chain[1:, 0] <= end)
    pauses = np.stack((chain[:-1, 1][within], chain[1:, 0][within]), axis=1)
    if not len(pauses):
        quietest = end - 1 - int(np.argmin(piece.levels(begin, end)[::-1]))
        return quietest, quietest
    lengths = pauses[:, 1] - pauses[:, 0]
    longest = pauses[lengths == lengths.max()][::-1].tolist()
    deepest = min(longest, key=lambda pause: float(piece.levels(*pause).mean(dtype=np.float64)))
    return deepest[0], deepest[1]
