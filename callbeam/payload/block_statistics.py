"""What a track's blocks tell of their payload, whatever is declared: bytes against timecodes, and the samples.

Three questions, each answered by a plain function: how many bytes a second the blocks hold (``byte_rate``), whether
they are packets of a codec (``packet_period_ns``), and how predictable their samples are as some encoding has them
(``predictability``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.mkv import Block

FloatArray = npt.NDArray[np.float64]

MIN_PAIRS = 8
"""Fewer distances between blocks tell nothing."""

MIN_PACKETS = 4
"""The same for packets: sizes that all differ at equal distances are none of PCM's."""

MAX_PACKET_NS = 150_000_000
"""Packets last less: AAC's 139 ms at its lowest rate, Opus' 120. Blocks of PCM written on a timer vary in size, too, by
what the network brought in time; and gaps between blocks may be of one length."""

NEAR = 1.4
"""Distances within this factor of the middle one are a block's length and jitter; others hold a gap or an overlap."""

COARSE_NS = 250_000_000
"""Where timecodes jitter by more than that, they are compared over stretches of this length."""

COARSE_NEAR = 1.08

FRAME = 256
"""Samples of a stretch that is predicted: 32 ms of telephone audio."""

ORDER = 8
"""Samples that each is predicted from."""

MAX_FRAMES = 400

LOUD = 4_096
"""Clipped sound goes that far, whatever it was clipped by."""


@dataclass(frozen=True, slots=True)
class ByteRate:
    """How fast a track's bytes come by its timecodes.

    Attributes
    ----------
    bytes_per_s : float
        Gaps left out.
    agreement : float
        Share of the distances between blocks that agree with it, but for jitter.
    exactness : float
        Share of them, or of longer stretches, that agree within 8 %: few do where blocks are missing at random.
    pairs : int
        Distances.
    """

    bytes_per_s: float
    agreement: float
    exactness: float
    pairs: int


class Pair(NamedTuple):
    """Blocks of one timecode: their bytes, the distance to the next in ns, and how many they are."""

    size: int
    distance_ns: int
    blocks: int = 1


def block_pairs(blocks: Sequence[Block], tick_ns: int) -> list[Pair]:
    """Return what one document's blocks of a track hold, and how far each is from the next.

    Blocks of one timecode count as one (laced frames; a producer that stamps bursts); the last has no distance, nor has
    one that is followed by an earlier one.
    """
    pairs = []
    at: int | None = None
    held = count = 0
    for _, timecode, start, end in blocks:
        if at is not None and timecode == at:
            held += end - start
            count += 1
            continue
        if at is not None and timecode > at:
            pairs.append(Pair(held, (timecode - at) * tick_ns, count))
        at, held, count = timecode, end - start, 1
    return pairs


def byte_rate(pairs: Sequence[Pair]) -> ByteRate | None:
    """Tell how many bytes a second blocks hold.

    Parameters
    ----------
    pairs : sequence of Pair
        As ``block_pairs`` gives them, in order.

    Returns
    -------
    ByteRate or None
        None if there are too few.

    Notes
    -----
    The middle of all ratios ignores gaps, short blocks and overlaps as long as most blocks have none; the sums over
    what lies near it cancel jitter and the rounding of timecodes. Where too few lie near, jitter is larger than blocks
    are long, and ratios are taken over longer stretches.
    """
    table = np.array([pair[:2] for pair in pairs if min(pair) > 0], np.float64).reshape(-1, 2)
    if len(table) < MIN_PAIRS:
        return None
    fine = _consistent(table, NEAR)
    if min(fine.agreement, fine.exactness) >= 0.8:
        return fine
    ends = np.searchsorted(np.cumsum(table[:, 1]), np.arange(COARSE_NS, table[:, 1].sum(), COARSE_NS))
    starts = np.unique(np.concatenate(([0], ends)))
    coarse = np.stack([np.add.reduceat(table[:, column], starts) for column in (0, 1)], axis=1)[:-1]
    if len(coarse) < MIN_PAIRS:
        return fine
    found = _consistent(coarse, COARSE_NEAR)
    better = fine if fine.agreement >= 0.8 else max(fine, found, key=lambda rate: rate.agreement)
    return replace(better, exactness=max(fine.exactness, found.exactness))


def _consistent(table: FloatArray, factor: float) -> ByteRate:
    ratios = table[:, 0] / table[:, 1]
    middle = float(np.median(ratios))
    near = (ratios >= middle / factor) & (ratios <= middle * factor)
    if not near.any():  # the middle of an even number lies between two that are far apart
        return ByteRate(middle, 0.0, 0.0, len(table))
    size, time = table[near].sum(axis=0)
    exact = np.abs(ratios / (size / time) - 1) <= COARSE_NEAR - 1
    return ByteRate(float(size / time * 1e9), float(near.mean()), float(exact.mean()), len(table))


def packet_period_ns(sizes: Sequence[int], pairs: Sequence[Pair], *, told: bool = False) -> float | None:
    """Tell the time between packets, if sizes vary and times do not, as a codec's do; None if they are no packets.

    Parameters
    ----------
    sizes : sequence of int
        Bytes of each block.
    pairs : sequence of Pair
        Of the same blocks.
    told : bool
        That they are packets is declared: their sizes need not vary.
    """
    if len(pairs) < MIN_PACKETS:
        return None
    low, middle, high = np.percentile(sizes, (10, 50, 90))
    common = Counter(sizes).most_common(1)[0][1] / len(sizes)
    if not told and (common > 0.5 or len(set(sizes)) < MIN_PACKETS or high - low < 0.08 * middle):
        return None
    distances = np.array([pair.distance_ns / pair.blocks for pair in pairs], np.float64)
    typical = float(np.median(distances))
    if not told and typical > MAX_PACKET_NS:
        return None
    near = np.abs(distances - typical) <= max(1_500_000.0, 0.05 * typical)
    return float(distances[near].mean()) if near.mean() >= 0.85 else None


@dataclass(frozen=True, slots=True)
class Predictability:
    """How far samples follow from the ones before, over stretches that are not constant.

    Attributes
    ----------
    bits : float64 array, shape (n,)
        Of each stretch: log2 of what remains of its RMS once each sample is predicted from the 8 before it.
    gain : float64 array, shape (n,)
        By how many bits that is less than its RMS: 0 for white noise, 2 to 5 for voiced speech and tones.
    clipped : float64 array, shape (n,)
        Share of its samples that are its largest or its smallest, of loud stretches: clipped sound, or a square wave.
    """

    bits: FloatArray
    gain: FloatArray
    clipped: FloatArray


def predictability(samples: npt.NDArray[np.int16]) -> Predictability:
    """Measure how predictable samples are.

    Parameters
    ----------
    samples : int16 array, shape (n,)
        Of one channel.

    Returns
    -------
    Predictability
        Of at most ``MAX_FRAMES`` stretches, evenly taken; of none if there are only constant ones.
    """
    frames = _stretches(samples)
    if not len(frames):
        return Predictability(np.zeros(0), np.zeros(0), np.zeros(0))
    values = frames.astype(np.float64)
    values -= values.mean(axis=1, keepdims=True)
    window = np.hanning(FRAME)
    shaped = values * window
    products = (np.einsum("ij,ij->i", shaped[:, k:], shaped[:, : FRAME - k]) for k in range(ORDER + 1))
    lags = np.stack(list(products), axis=1)
    lags /= (window**2).sum()
    lags[:, 0] = lags[:, 0] * (1 + 1e-9) + 1e-3
    toeplitz = lags[:, np.abs(np.subtract.outer(np.arange(ORDER), np.arange(ORDER)))]
    weights = np.linalg.solve(toeplitz, lags[:, 1:, None])[:, :, 0]
    remaining = np.maximum(lags[:, 0] - (weights * lags[:, 1:]).sum(axis=1), 0)
    bits = np.log2(1 + np.sqrt(remaining))
    gain = np.log2(1 + np.sqrt(lags[:, 0])) - bits
    high, low = frames.max(axis=1, keepdims=True), frames.min(axis=1, keepdims=True)
    loud = np.maximum(high.astype(np.int32), -low.astype(np.int32))[:, 0] >= LOUD
    clipped = ((frames == high) | (frames == low)).mean(axis=1) * loud
    return Predictability(bits, gain, clipped)


def unevenness(samples: npt.NDArray[np.int16]) -> float:
    """Return how far the same stretches' values lie from being spread evenly, 0 to 1: of compressed data about 0."""
    frames = _stretches(samples)
    counts = np.bincount((frames.reshape(-1) >> 12) + 8, minlength=16) / max(frames.size, 1)
    return float(np.abs(counts - 1 / 16).sum() / 2)


def _stretches(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Return stretches that are not constant, shape (n, FRAME), n at most ``MAX_FRAMES``, evenly taken."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    frames = frames[frames.max(axis=1) > frames.min(axis=1)] if len(frames) else frames
    if len(frames) > MAX_FRAMES:
        frames = frames[np.arange(MAX_FRAMES) * len(frames) // MAX_FRAMES]
    return frames
