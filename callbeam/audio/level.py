"""Levels: dBFS, and the sums over a channel's samples that pieces can be joined from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.audio.frames import FULL_SCALE, covered_between

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.audio.channel import Channel

LEVEL_FLOOR_DBFS = -100.0
"""Digital silence, and whatever is weaker than this."""

LIMITS = (-32768, 32767, -32256, 32256, -32124, 32124)
"""Outermost values of 16-bit PCM, and of what G.711 A-law and mu-law decode to."""

LEAST_LIMIT = min(abs(limit) for limit in LIMITS)

_SECONDS_AT_ONCE = 8


def power_to_dbfs(power: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Turn mean squares of samples in [-1, 1) into dBFS, not below ``LEVEL_FLOOR_DBFS``.

    0 dBFS is a square wave at full scale; a full-scale sine has -3.01.
    """
    floor = 10 ** (LEVEL_FLOOR_DBFS / 10)
    return np.asarray(10 * np.log10(np.maximum(np.asarray(power, dtype=np.float64), floor)))


@dataclass(frozen=True, slots=True)
class LevelSums:
    """Exact integer sums over the covered samples of a piece's core, as 16-bit values.

    Attributes
    ----------
    samples : int
        Covered samples.
    total, squares : int
        Sum of the samples, and of their squares.
    peak : int
        Largest absolute sample, 0 to 32768.
    clipped : int
        Samples at the limits of 16-bit PCM or of G.711, see ``LIMITS``.
    zeros : int
        Samples that are exactly 0.
    """

    samples: int = 0
    total: int = 0
    squares: int = 0
    peak: int = 0
    clipped: int = 0
    zeros: int = 0


@dataclass(frozen=True, slots=True)
class SecondLevels:
    """The seconds that begin in a piece's core, on the grid from the leg's sample 0.

    Attributes
    ----------
    first : int
        Index of the first second on the leg's clock.
    covered : int64 array, shape (n,)
        Covered samples of each second.
    level_dbfs : float64 array, shape (n,)
        RMS level of those; NaN where there are none.
    """

    first: int
    covered: npt.NDArray[np.int64]
    level_dbfs: npt.NDArray[np.float64]


def measure_levels(channel: Channel) -> tuple[SecondLevels, LevelSums]:
    """Measure the level of each second of a channel's core, and the sums over all of the core.

    Notes
    -----
    Every sum is a whole number below 2**53, so that float64 holds it exactly and the order of summation is free.
    """
    rate = channel.sample_rate_hz
    end = min(channel.core_end, channel.first_sample + len(channel.samples))
    first = max(channel.core_start, channel.first_sample) // rate
    last = max(first, -(-end // rate))
    edges = np.arange(first, last + 1, dtype=np.int64) * rate
    covered = covered_between(channel.covered, edges)
    squares = np.zeros(last - first)
    sums = []
    for at in range(first, last, _SECONDS_AT_ONCE):
        until = min(at + _SECONDS_AT_ONCE, last)
        if not covered[at - first : until - first].any():
            continue
        samples = _seconds_of(channel, at, until)
        exact = samples.astype(np.float64)
        squares[at - first : until - first] = np.einsum("ij,ij->i", exact, exact)
        start, stop = max(at * rate, channel.core_start), min(until * rate, end)
        core = slice(start - at * rate, stop - at * rate)
        count = int(covered_between(channel.covered, np.array([start, stop], dtype=np.int64))[0])
        sums.append(_sums_of(samples.reshape(-1)[core], exact.reshape(-1)[core], count))
    with np.errstate(invalid="ignore", divide="ignore"):
        power = squares / covered / FULL_SCALE**2
    return SecondLevels(first, covered, power_to_dbfs(power)), join_sums(sums)


def _seconds_of(channel: Channel, first: int, last: int) -> npt.NDArray[np.int16]:
    """Cut whole seconds [first, last) of the leg's clock from a channel, with zeros where it has no samples."""
    rate = channel.sample_rate_hz
    begin = first * rate - channel.first_sample
    end = last * rate - channel.first_sample
    samples = channel.samples[max(begin, 0) : max(end, 0)]
    if len(samples) < end - begin:
        before = max(-begin, 0)
        samples = np.pad(samples, (before, end - begin - before - len(samples)))
    return samples.reshape(last - first, rate)


def _sums_of(samples: npt.NDArray[np.int16], exact: npt.NDArray[np.float64], count: int) -> LevelSums:
    """Sum samples, given as both types, of which ``count`` are covered and the others 0."""
    if not count:
        return LevelSums()
    highest, lowest = int(samples.max()), int(samples.min())
    clipped = 0
    if max(highest, -lowest) >= LEAST_LIMIT:
        clipped = int(np.count_nonzero(at_limits(samples)))
    return LevelSums(
        samples=count,
        total=int(exact.sum()),
        squares=int(exact @ exact),
        peak=max(highest, -lowest),
        clipped=clipped,
        zeros=count - int(np.count_nonzero(samples)),
    )


def join_sums(parts: Iterable[LevelSums]) -> LevelSums:
    """Add up the sums of several stretches or pieces of a channel."""
    joined = LevelSums()
    for part in parts:
        joined = LevelSums(
            samples=joined.samples + part.samples,
            total=joined.total + part.total,
            squares=joined.squares + part.squares,
            peak=max(joined.peak, part.peak),
            clipped=joined.clipped + part.clipped,
            zeros=joined.zeros + part.zeros,
        )
    return joined


def join_levels(parts: Iterable[LevelSums]) -> dict[str, float | None]:
    """Turn the sums of a channel's pieces into the level columns of table ``channels``.

    Returns
    -------
    dict
        ``level_dbfs``, ``peak_dbfs``, ``clipping_ratio``, ``digital_zero_ratio`` and ``dc_offset``; all None for a
        channel without samples.
    """
    sums = join_sums(parts)
    if not sums.samples:
        names = ("level_dbfs", "peak_dbfs", "clipping_ratio", "digital_zero_ratio", "dc_offset")
        return dict.fromkeys(names)
    return {
        "level_dbfs": float(power_to_dbfs(sums.squares / sums.samples / FULL_SCALE**2)),
        "peak_dbfs": float(power_to_dbfs((sums.peak / FULL_SCALE) ** 2)),
        "clipping_ratio": sums.clipped / sums.samples,
        "digital_zero_ratio": sums.zeros / sums.samples,
        "dc_offset": sums.total / sums.samples / FULL_SCALE,
    }


def at_limits(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Tell which samples stand at a format's limits, see ``LIMITS``."""
    inside: npt.NDArray[np.bool_] = (samples > -LEAST_LIMIT) & (samples < LEAST_LIMIT)
    outer = np.flatnonzero(~inside)
    result = np.zeros(len(samples), dtype=np.bool_)
    result[outer] = np.isin(samples[outer], LIMITS)
    return result
