"""Units that a sentiment model scores: utterances of a length that models take, and windows of 30 s."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.audio import HOP_MS
from callbeam.spans import SpanArray, as_spans, clip, covered, subtract

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UTTERANCE = "utterance"
WINDOW = "window"

SHORTEST = 100
"""Frames of an utterance unit at least, 1 s: a shorter one is joined with a neighbour."""

LONGEST = 1500
"""Frames of an utterance unit at most, 15 s: a longer one is split."""

JOINED_GAP = 100
"""Utterances are joined with less than so many frames between them, 1 s."""

WINDOW_FRAMES = 3000
"""30 s; pieces are whole multiples of it."""

WINDOW_SPEECH = 1000
"""Frames of speech that a window holds at least, 10 s."""

_SMOOTHED = 11
"""Frames over which the level is averaged before its lowest place is looked for."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A candidate: whether a model may score it is decided later.

    Attributes
    ----------
    unit_id : str
        ``<channel_id>-u<begin in ms, 8 digits>`` of an utterance, ``-w`` of a window; on the leg's clock.
    unit_type : str
        ``utterance`` or ``window``.
    begin, end : int
        Frames on the leg's grid, half-open.
    utterance_ids : tuple of str
        The utterances that it holds or cuts, in order.
    """

    unit_id: str
    unit_type: str
    begin: int
    end: int
    utterance_ids: tuple[str, ...]


def candidate_units(
    channel_id: str,
    utterances: npt.NDArray[np.int64],
    utterance_ids: Sequence[str],
    speech: SpanArray,
    masked: SpanArray,
    level_dbfs: npt.NDArray[np.float32],
    first: int,
    core: tuple[int, int],
    changes: Sequence[int] = (),
) -> list[Unit]:
    """Find the units of one channel of a piece.

    An utterance of more than 15 s is split at its deepest pause, and the parts again, into parts of at least 1 s. What
    is shorter than 1 s is then joined with its nearest neighbour, less than 1 s away, that masked audio does not part
    from it and that stays within 15 s; without one it stays a unit of its own, too short to be scored. Windows lie on
    the leg's grid of 30 s; the core's begin and end cut the first and the last.

    Parameters
    ----------
    channel_id : str
    utterances : int64 array, shape (k, 2)
        Frames [begin, end) on the leg's grid, sorted, disjoint; none crosses masked audio. Those that begin outside of
        the core are another piece's.
    utterance_ids : sequence of str
        Their names.
    speech : SpanArray
        Frames decided to be speech, pauses left out.
    masked : SpanArray
        Frames that are neither speech nor silence.
    level_dbfs : float32 array, shape (n,)
        RMS level of each frame from ``first`` on; NaN where masked.
    first : int
    core : tuple of int
        Frames [begin, end) that the piece answers for.
    changes : sequence of int
        Frames at which another voice may begin: no unit but a window holds speech on both sides.

    Returns
    -------
    list of Unit
        Utterances, then windows, each in order of time. No two of a type overlap.

    Examples
    --------
    >>> units = candidate_units("0123456789ab", np.array([[100, 480]]), ["0123456789ab-00001000"],
    ...                         as_spans([(100, 480)]), as_spans(()), np.full(600, -20, np.float32), 0, (0, 600))
    >>> units[0].unit_id, units[0].begin, units[0].end
    ('0123456789ab-u00001000', 100, 480)
    """
    smooth = _smoothed(level_dbfs)
    heard = subtract(speech, masked)
    mine = [number for number, (begin, _) in enumerate(utterances.tolist()) if core[0] <= begin < core[1]]
    parts, owners = [], []
    for number in mine:
        begin, end = utterances[number].tolist()
        for voice in _parted(begin, end, heard, changes):
            for part in _split(*voice, heard, smooth, first):
                parts.append(part)
                owners.append(utterance_ids[number])
    units = []
    for low, high in _joined(parts, masked, changes):
        begin, end = parts[low][0], parts[high - 1][1]
        ids = tuple(dict.fromkeys(owners[low:high]))
        units.append(Unit(_unit_id(channel_id, "u", begin), UTTERANCE, begin, end, ids))
    mine_ids = [utterance_ids[number] for number in mine]
    return [*units, *_windows(channel_id, utterances[mine], mine_ids, heard, core)]


def _unit_id(channel_id: str, letter: str, begin: int) -> str:
    return f"{channel_id}-{letter}{begin * HOP_MS:08d}"


def _windows(
    channel_id: str,
    utterances: npt.NDArray[np.int64],
    utterance_ids: Sequence[str],
    heard: SpanArray,
    core: tuple[int, int],
) -> Iterator[Unit]:
    """Give the core's windows that hold enough speech."""
    begins = np.arange(core[0] // WINDOW_FRAMES * WINDOW_FRAMES, core[1], WINDOW_FRAMES, dtype=np.int64)
    spans = np.clip(np.stack((begins, begins + WINDOW_FRAMES), axis=1), *core)
    for (begin, end), frames in zip(spans.tolist(), covered(heard, spans).tolist(), strict=True):
        if frames >= WINDOW_SPEECH:
            inside = np.flatnonzero((utterances[:, 0] < end) & (utterances[:, 1] > begin))
            ids = tuple(utterance_ids[number] for number in inside.tolist())
            yield Unit(_unit_id(channel_id, "w", begin), WINDOW, begin, end, ids)


def _parted(begin: int, end: int, heard: SpanArray, changes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Part an utterance where the voice may change, into parts that begin and end with speech."""
    inside = [at for at in changes if begin < at < end]
    if not inside:
        yield begin, end
        return
    for low, high in pairwise([begin, *inside, end]):
        spoken = clip(heard, low, high)
        if len(spoken):
            yield int(spoken[0, 0]), int(spoken[-1, 1])


def _joined(parts: Sequence[tuple[int, int]], masked: SpanArray, changes: Sequence[int] = ()) -> list[tuple[int, int]]:
    """Join parts that are too short with a neighbour, the smallest gaps first; ranges [low, high) of parts.

    One pass is enough: groups only grow, so what was refused once, for its length or because neither was short, would
    be refused again.
    """
    low, high = list(range(len(parts))), list(range(1, len(parts) + 1))  # each part's group, kept at both its ends
    between = np.array([(one[1], other[0]) for one, other in pairwise(parts)], dtype=np.int64)
    between = between.reshape(-1, 2)
    apart = covered(masked, between) > 0
    apart |= np.searchsorted(changes, between[:, 0]) < np.searchsorted(changes, between[:, 1], "right")
    gaps = between[:, 1] - between[:, 0]
    for number in np.argsort(gaps, kind="stable").tolist():
        if gaps[number] >= JOINED_GAP or apart[number]:
            continue
        left, right = low[number], high[number + 1]
        short = min(parts[number][1] - parts[left][0], parts[right - 1][1] - parts[number + 1][0])
        if short < SHORTEST and parts[right - 1][1] - parts[left][0] <= LONGEST:
            low[right - 1], high[left] = left, right
    groups, at = [], 0
    while at < len(parts):
        groups.append((at, high[at]))
        at = high[at]
    return groups


def _split(
    begin: int, end: int, heard: SpanArray, smooth: npt.NDArray[np.float64], first: int
) -> list[tuple[int, int]]:
    """Split an utterance into parts of 1 to 15 s, each ending where its speech does."""
    if end - begin <= LONGEST:
        return [(begin, end)]
    stop, resume = _cut(begin, end, heard, smooth, first)
    return [*_split(begin, stop, heard, smooth, first), *_split(resume, end, heard, smooth, first)]


def _cut(begin: int, end: int, heard: SpanArray, smooth: npt.NDArray[np.float64], first: int) -> tuple[int, int]:
    """Find the deepest pause: in the middle half, else anywhere; without a pause the quietest frame of that half.

    The middle half comes first, so that an utterance does not lose one second after the other.
    """
    quarter = (end - begin) // 4
    pauses = subtract(as_spans([(begin, end)]), heard)
    # A pause so near to an end that it would leave less than 1 s is none.
    for low, high in ((begin + quarter, end - quarter), (begin + SHORTEST, end - SHORTEST)):
        inside = [pause for pause in pauses.tolist() if pause[0] >= low and pause[1] <= high]
        if inside:
            stop, resume = min(inside, key=lambda pause: _depth(pause[0], pause[1], smooth, first))
            return stop, resume
    middle = smooth[begin + quarter - first : end - quarter - first]
    quietest = np.flatnonzero(middle == middle.min()) + begin + quarter
    frame = int(quietest[len(quietest) // 2])
    return frame, frame


def _depth(stop: int, resume: int, smooth: npt.NDArray[np.float64], first: int) -> tuple[float, int, int]:
    """Rank a pause: by its lowest level, then the longer, then the earlier one."""
    return float(smooth[stop - first : resume - first].min()), stop - resume, stop


def _smoothed(level_dbfs: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Average levels over neighbouring frames; masked ones count as loud, for nothing is split at them."""
    levels = np.nan_to_num(level_dbfs.astype(np.float64), nan=0.0)
    if not len(levels):
        return levels
    around = np.pad(levels, _SMOOTHED // 2, mode="edge")
    return np.convolve(around, np.full(_SMOOTHED, 1 / _SMOOTHED), mode="valid")
