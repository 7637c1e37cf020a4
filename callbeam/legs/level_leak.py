"""How much of one leg is heard on another, told from their levels alone.

An echo rises and falls as the voice that it is of. So the levels of a source's active blocks are correlated with the
target's, each block by itself, at every delay that an echo may have, and at delays that none has: what is found must
stand out from these. Levels in dB of single blocks, their means taken off, know nothing of gains; that one participant
is silent while the other speaks does not count either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from callbeam.audio import HOP_MS, HOPS_PER_SECOND
from callbeam.line import Comparison, Leak

if TYPE_CHECKING:
    from callbeam.audio import BoolArray, Float32Array
    from callbeam.legs.level_track import LevelTrack

    Float64Array = npt.NDArray[np.float64]

EARLIEST_MS, LATEST_MS = -50, 400
"""Delays of leaks, as ``callbeam.line.leak`` looks for them; how unsure the legs' clocks are of each other is added on
either side."""

LONGEST_UNSURE_MS = 2_000
"""Clocks that may differ by more are not searched any further."""

CHANCE_MS = 5_000
"""Delays so far beyond either end tell what chance gives."""

APART_MS = 500
"""Levels rise and fall with syllables and words: delays less far from those of a leak still know of it."""

MIRRORED_MS, BESIDE_MS = 20, 100
"""Leaks both ways whose delays cancel out so nearly are one: a way there and back takes longer. Another one stands
out from its slopes where it lies so far beside it."""

BLOCK_FRAMES = 64
"""About as long as ``leak.BLOCK_MS``: three syllables, so that rises and falls make a pattern."""

CHUNK_FRAMES, BLOCKS_OF_A_CHUNK = 30 * HOPS_PER_SECOND, 8
"""Of each 30 s as many blocks count: those in which the source is loudest relative to the target."""

FEWEST_BLOCKS = 8
"""Fewer blocks, 5 s of speech, are no evidence."""

HEARD_SHARE = 0.9
"""So much of a block must be there on both legs; single lost packets may lie in it."""

ACTIVE_DBFS, ACTIVE_RANGE_DB = -50.0, 10.0
SILENT_DBFS = -80.0
"""As in ``callbeam.line.leak``: quieter sources, and lines that are shut, are no evidence."""

FAINTEST_DB = -60.0
"""As in ``callbeam.line.leak``: nothing fainter is heard on a telephone line."""

SPREADS, TIMES_CHANCE = 5.0, 1.25
"""A leak stands out by so many standard deviations of what chance gives, and by a quarter from its largest. On made-up
legs without echo the largest reached 3.5; echoes above the noise began at 5.8."""

SAME_BLOCK, SAME_GAIN_DB = 0.9, 3.0
"""A block is the same sound on both legs from this correlation on, and if it is amplified as the others are."""

MOST_WEIGHT = 2.0
"""Of a block among those that tell a leak's gain, relative to the median: one alone decides nothing."""

_LEAST_SPREAD_DB = 0.7
"""Of steady noise; levels that move less are rounded to nothing."""


@dataclass(frozen=True, slots=True)
class _Levels:
    """Two tracks on the target's frames.

    Attributes
    ----------
    source, target : float32 array, shape (n,)
        Levels in dB, what is masked or below the noise raised to it.
    known : bool array, shape (n,)
        Frames in which both are there.
    through : bool array, shape (n,)
        Frames in which the target's line is not shut.
    """

    source: Float32Array
    target: Float32Array
    known: BoolArray
    through: BoolArray


def compare_tracks(first: LevelTrack, second: LevelTrack, *, shift_ms: int, unsure_ms: int) -> Comparison:
    """Compare two legs.

    Parameters
    ----------
    first, second : LevelTrack
    shift_ms : int
        How much later the second's clock zero lies than the first's.
    unsure_ms : int
        By how much these may be wrong.

    Returns
    -------
    Comparison
        As that of a piece's channels, ``by_levels``: its correlations are those of levels in dB, and the delays hold
        what the clocks differ by.
    """
    unsure = min(unsure_ms, LONGEST_UNSURE_MS)
    shift = round(shift_ms / HOP_MS)
    # Of the frame grids' offset against each other, what is rounded off belongs to the delay.
    rest_ms = float(shift_ms - shift * HOP_MS)
    forward, height = _measure(first, second, -shift, unsure, rest_ms)
    backward, height_back = _measure(second, first, shift, unsure, -rest_ms)
    if _is_mirrored(forward, backward):
        # One is what leaks the other way, met where it comes from: louder there, or it stands out less.
        loudness, loudness_back = (max(leak.echo_db or 0.0, 0.0) for leak in (forward, backward))
        if (loudness, -height) > (loudness_back, -height_back):
            forward, _ = _measure(first, second, -shift, unsure, rest_ms, but=backward)
        else:
            backward, _ = _measure(second, first, shift, unsure, -rest_ms, but=forward)
    return Comparison(False, forward, backward, by_levels=True)


def _is_mirrored(forward: Leak, backward: Leak) -> bool:
    """Tell whether two leaks are one and the same: an echo comes later, however the clocks differ, both ways."""
    if forward.delay_ms is None or backward.delay_ms is None:
        return False
    return abs(forward.delay_ms + backward.delay_ms) <= MIRRORED_MS


def _measure(
    source: LevelTrack, target: LevelTrack, shift: int, unsure_ms: int, rest_ms: float, *, but: Leak | None = None
) -> tuple[Leak, float]:
    """Measure one way, and how alike levels are at the delay that is found.

    The target's frame ``f + shift`` lies at the instant of the source's frame ``f``. ``but`` is a leak the other way:
    it is not looked for where it comes from.
    """
    levels = _side_by_side(source, target, shift)
    begins = _blocks(levels)
    near = np.arange((EARLIEST_MS - unsure_ms) // HOP_MS, (LATEST_MS + unsure_ms) // HOP_MS + 1)
    far = (CHANCE_MS + APART_MS) // HOP_MS
    delays = np.arange(near[0] - far, near[-1] + far + 1)
    evidence_s = len(begins) * BLOCK_FRAMES / HOPS_PER_SECOND
    correlations = _mean_correlations(levels, begins, delays)
    if but is not None and but.delay_ms is not None:
        correlations[np.abs(delays * HOP_MS + rest_ms + but.delay_ms) <= BESIDE_MS] = np.nan
    found = _likeliest(correlations, delays, near) if len(begins) else None
    delay, stands_out = found or (0, False)
    correlation, alike_share = _likeness(levels, delay)
    echo_db = _gain(levels, begins, delay) if stands_out and len(begins) >= FEWEST_BLOCKS else None
    if echo_db is None or echo_db < FAINTEST_DB:
        return Leak(correlation=correlation, alike_share=alike_share, evidence_s=evidence_s), 0.0
    height = float(correlations[delay - int(delays[0])])
    return Leak(echo_db, delay * HOP_MS + rest_ms, correlation, alike_share, False, evidence_s), height


def _side_by_side(source: LevelTrack, target: LevelTrack, shift: int) -> _Levels:
    count = len(target.level_dbfs)
    moved = np.full(count, np.nan, np.float32)
    to, at = max(shift, 0), max(-shift, 0)
    both = max(min(count - to, len(source.level_dbfs) - at), 0)
    moved[to : to + both] = source.level_dbfs[at : at + both]
    known = np.isfinite(moved) & np.isfinite(target.level_dbfs)
    through = np.nan_to_num(target.level_dbfs, nan=-200.0) > SILENT_DBFS
    return _Levels(_raised(moved), _raised(target.level_dbfs), known, through)


def _raised(level_dbfs: Float32Array) -> Float32Array:
    """Raise what lies below the noise to it: lost packets, roundings, and what is masked."""
    noise = noise_dbfs(level_dbfs)
    raised: Float32Array = np.maximum(np.nan_to_num(level_dbfs, nan=noise), np.float32(noise))
    return raised


def noise_dbfs(level_dbfs: Float32Array) -> float:
    """Return the level that a tenth of the frames with any sound stay below; ``SILENT_DBFS`` without any."""
    sounding = level_dbfs[level_dbfs > SILENT_DBFS]
    return float(np.percentile(sounding, 10)) if len(sounding) else SILENT_DBFS


def _blocks(levels: _Levels) -> npt.NDArray[np.int64]:
    """Choose blocks in which the source speaks and the target hardly does; return where they begin, in order.

    They lie on a grid from the target's frame 0, as do the stretches of which each gives the same number.
    """
    count = len(levels.known) // BLOCK_FRAMES
    if not count:
        return np.zeros(0, np.int64)
    loud, other = (_block_levels(level, count) for level in (levels.source, levels.target))
    heard = _blocked(levels.known & levels.through, count).mean(axis=1) >= HEARD_SHARE
    after = np.append(other[1:], other[-1:])
    if not heard.any():
        return np.zeros(0, np.int64)
    least = max(float(np.percentile(loud[heard], 95)) - ACTIVE_RANGE_DB, ACTIVE_DBFS)
    active = np.flatnonzero(heard & np.append(heard[1:], False) & (loud > least))
    above = loud[active] - np.maximum(other[active], after[active])
    chunk = active * BLOCK_FRAMES // CHUNK_FRAMES
    order = np.lexsort((-above, chunk))
    place = np.arange(len(order)) - np.searchsorted(chunk[order], chunk[order])
    chosen: npt.NDArray[np.int64] = np.sort(active[order[place < BLOCKS_OF_A_CHUNK]]).astype(np.int64) * BLOCK_FRAMES
    return chosen


def _blocked(values: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    """Part frames into blocks, shape (count, BLOCK_FRAMES)."""
    return values[: count * BLOCK_FRAMES].reshape(count, BLOCK_FRAMES)


def _block_levels(level: Float32Array, count: int) -> Float64Array:
    power = 10 ** (_blocked(level, count).astype(np.float64) / 10)
    return np.asarray(10 * np.log10(power.mean(axis=1)))


def _mean_correlations(levels: _Levels, begins: npt.NDArray[np.int64], delays: npt.NDArray[np.int64]) -> Float64Array:
    """Return the mean over blocks of their correlation with the target at each delay; NaN where half are not there."""
    total, counted = np.zeros(len(delays)), np.zeros(len(delays), np.int64)
    if not len(begins):
        return np.full(len(delays), np.nan)
    target = levels.target.astype(np.float64)
    spread = _spreads(target)
    for begin in begins.tolist():
        own = levels.source[begin : begin + BLOCK_FRAMES].astype(np.float64)
        own -= own.mean()
        low = max(begin + int(delays[0]), 0)
        high = min(begin + int(delays[-1]) + BLOCK_FRAMES, len(target))
        places = np.arange(low, high - BLOCK_FRAMES + 1)
        products = np.correlate(target[low:high], own, "valid") / BLOCK_FRAMES
        scale = max(float(own.std()), _LEAST_SPREAD_DB) * spread[places]
        at = places - begin - int(delays[0])
        total[at] += products / scale
        counted[at] += 1
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(2 * counted >= len(begins), total / counted, np.nan)


def _spreads(level: Float64Array) -> Float64Array:
    """Return the standard deviation of the block that begins at each frame."""
    shifted = level - level.mean()
    sums, squares = (np.concatenate(([0.0], np.cumsum(values))) for values in (shifted, shifted**2))
    mean = (sums[BLOCK_FRAMES:] - sums[:-BLOCK_FRAMES]) / BLOCK_FRAMES
    variance = (squares[BLOCK_FRAMES:] - squares[:-BLOCK_FRAMES]) / BLOCK_FRAMES - mean**2
    return np.sqrt(np.maximum(variance, _LEAST_SPREAD_DB**2))


def _likeliest(
    correlations: Float64Array, delays: npt.NDArray[np.int64], near: npt.NDArray[np.int64]
) -> tuple[int, bool] | None:
    """Return the delay at which the levels are most alike, in frames, and whether it stands out from chance."""
    apart = APART_MS // HOP_MS
    inside = (delays >= near[0]) & (delays <= near[-1])
    chance = correlations[((delays < near[0] - apart) | (delays > near[-1] + apart)) & np.isfinite(correlations)]
    if not np.isfinite(correlations[inside]).any():
        return None
    top = int(np.nanargmax(np.where(inside, correlations, np.nan)))
    if not len(chance):
        return int(delays[top]), False
    height = float(correlations[top])
    needed = max(float(chance.mean()) + SPREADS * float(chance.std()), TIMES_CHANCE * float(chance.max()))
    # At the edge of the delays looked at lies no peak but the slope of one that is beyond.
    beside = correlations[[top - 1, top + 1]]
    peaks = near[0] < delays[top] < near[-1] and bool(np.all(beside <= height))
    return int(delays[top]), peaks and height >= needed


def _gain(levels: _Levels, begins: npt.NDArray[np.int64], delay: int) -> float | None:
    """Return the leak's level relative to the source's, in dB.

    Of each block the least-squares slope of the target's power over the source's, their means taken off, so that noise
    adds nothing; of all blocks the median, weighted as in ``callbeam.line.leak`` by the inverse of the target's power,
    squared. A block in which the source is itself but an echo, and the target is silent already, would weigh most; so
    none weighs more than ``MOST_WEIGHT`` times what half of them do.
    """
    slopes, weights = [], []
    for begin in begins.tolist():
        low, high = begin + delay, begin + delay + BLOCK_FRAMES
        if low < 0 or high > len(levels.target):
            continue
        own, other = (
            10 ** (level.astype(np.float64) / 10)
            for level in (levels.source[begin:][:BLOCK_FRAMES], levels.target[low:high])
        )
        weight = 1 / float(other.mean()) ** 2
        own -= own.mean()
        own_power = float(np.dot(own, own))
        if own_power > 0:
            slopes.append(float(np.dot(own, other)) / own_power)
            weights.append(weight * own_power)
    if not slopes:
        return None
    order = np.argsort(slopes, kind="stable")
    reached = np.cumsum(np.minimum(weights, MOST_WEIGHT * np.median(weights))[order])
    slope = slopes[order[int(np.searchsorted(reached, reached[-1] / 2))]]
    return 10 * float(np.log10(slope)) if slope > 0 else None


def correlation_of(one: npt.NDArray[np.floating], other: npt.NDArray[np.floating]) -> float:
    """Return the normalised correlation of two stretches of levels; 0 where either hardly moves."""
    first, second = (level.astype(np.float64) - level.mean(dtype=np.float64) for level in (one, other))
    scale = max(float(first.std()), _LEAST_SPREAD_DB) * max(float(second.std()), _LEAST_SPREAD_DB)
    return float((first * second).mean()) / scale


def _likeness(levels: _Levels, delay: int) -> tuple[float | None, float | None]:
    """Return how alike two legs' levels are at a delay: over all that sounds on either, and the share of such blocks.

    A block is the same sound if it rises and falls alike, and is amplified as most are. What is faint enough to be
    noise on one leg does not tell them apart.
    """
    own, other, known = _delayed(levels, delay)
    count = len(own) // BLOCK_FRAMES
    if not count:
        return None, None
    loudest = np.maximum(own, other)
    whole = _blocked(known, count).all(axis=1)
    sounding = whole & (_block_levels(loudest, count) > max(noise_dbfs(loudest) + ACTIVE_RANGE_DB, ACTIVE_DBFS))
    if not sounding.any():
        return None, None
    gain = float(np.median((other - own)[np.repeat(sounding, BLOCK_FRAMES).nonzero()[0]]))
    floor = max(noise_dbfs(levels.target), noise_dbfs(levels.source) + gain)
    sources = np.maximum(_blocked(own, count)[sounding] + gain, floor)
    targets = np.maximum(_blocked(other, count)[sounding], floor)
    same = np.array([correlation_of(*block) >= SAME_BLOCK for block in zip(sources, targets, strict=True)])
    same &= np.abs((targets - sources).mean(axis=1)) <= SAME_GAIN_DB
    alike = correlation_of(sources.ravel(), targets.ravel())
    return min(max(alike, 0.0), 1.0), float(same.mean())


def _delayed(levels: _Levels, delay: int) -> tuple[Float32Array, Float32Array, BoolArray]:
    """Return source and target where both are, the target's taken so much later, and whether both are known there."""
    count = max(len(levels.known) - abs(delay), 0)
    at, to = (slice(max(by, 0), max(by, 0) + count) for by in (-delay, delay))
    return levels.source[at], levels.target[to], levels.known[at] & levels.known[to]
