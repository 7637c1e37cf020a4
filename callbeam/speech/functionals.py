"""Functionals of many spans of frames at once: all spans' frames lie one after another in one array.

An hour of a channel has more than a thousand spans of which each has a hundred functionals: a numpy call for every one
of them would take longer than the analysis of the audio.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.audio import HOPS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.audio import BoolArray

Float64Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Values = npt.NDArray[np.floating]


class Groups:
    """Values in one array, group after group.

    Arrays of values have shape (..., n), n being the sum of the counts; results have shape (..., groups). Values that
    are NaN do not count.

    Parameters
    ----------
    counts : int64 array, shape (groups,)
        How many values each group has, which may be 0.

    Examples
    --------
    >>> groups = Groups(np.array([2, 0, 3]))
    >>> mean, deviation = groups.moments(np.array([1.0, 3.0, 5.0, 6.0, 7.0]))
    >>> mean.tolist()
    [2.0, nan, 6.0]
    """

    def __init__(self, counts: IntArray) -> None:
        self.counts = counts
        self.starts: IntArray = np.cumsum(counts) - counts
        self._some: npt.NDArray[np.intp] = np.flatnonzero(counts)

    @cached_property
    def owner(self) -> IntArray:
        """The group of each value, int64, shape (n,)."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @cached_property
    def first(self) -> BoolArray:
        """Whether a value is its group's first, shape (n,)."""
        first = np.zeros(int(self.counts.sum()), dtype=np.bool_)
        first[self.starts[self._some]] = True
        return first

    @cached_property
    def _inner(self) -> Float64Array:
        """1 where a value and the next belong to the same group, else 0; shape (n - 1,)."""
        return (~self.first[1:]).astype(np.float64)

    @cached_property
    def _near(self) -> Float64Array:
        """How many values there are among each and its two neighbours in the group, shape (n,)."""
        return self._with_neighbours(np.ones(len(self.first)))

    def where(self, mask: BoolArray) -> Groups:
        """Return the groups of those values that a mask, shape (n,), holds for."""
        return Groups(self.sums(mask).astype(np.int64))

    def sums(self, values: npt.NDArray[np.generic]) -> Float64Array:
        """Return each group's sum; 0 for an empty one."""
        sums = np.zeros((*values.shape[:-1], len(self.counts)))
        if len(self._some):
            # Between the starts of groups that are not empty lie the values of one: reduceat wants no empty ones.
            sums[..., self._some] = np.add.reduceat(values, self.starts[self._some], axis=-1, dtype=np.float64)
        return sums

    def moments(self, values: Values) -> tuple[Float64Array, Float64Array]:
        """Return mean and population standard deviation; NaN for none, and the deviation also for a single value."""
        if values.ndim > 1:  # one by one they stay in cache
            each = [self.moments(some) for some in values]
            return np.stack([mean for mean, _ in each]), np.stack([deviation for _, deviation in each])
        finite = np.isfinite(values)
        if not finite.all():
            return self.where(finite).moments(values[finite])
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = self.sums(values) / self.counts
            offset = values - np.repeat(mean, self.counts)
            np.multiply(offset, offset, out=offset)
            deviation = np.sqrt(self.sums(offset) / self.counts)
        return mean, np.where(self.counts < 2, np.nan, deviation)

    def mean(self, values: Values) -> Float64Array:
        """Return the mean; NaN for a group without."""
        finite = np.isfinite(values)
        with np.errstate(invalid="ignore", divide="ignore"):
            if finite.all():
                return np.asarray(self.sums(values) / self.counts)
            return np.asarray(self.sums(np.where(finite, values, 0)) / self.sums(finite))

    def percentiles(self, values: npt.NDArray[np.float32], shares: Sequence[float]) -> list[Float64Array]:
        """Return percentiles of values of shape (n,), shares from 0 to 1, as ``numpy.percentile`` interpolates them."""
        finite = np.isfinite(values)
        if not finite.all():
            return self.where(finite).percentiles(values[finite], shares)
        if not len(values):
            return [np.full(len(self.counts), np.nan) for _ in shares]
        ordered = _ordered(values, self.owner)
        results = []
        for share in shares:
            place = share * np.maximum(self.counts - 1, 0)
            below = place.astype(np.int64)
            low = np.minimum(self.starts + below, len(ordered) - 1)
            high = np.minimum(low + 1, self.starts + np.maximum(self.counts - 1, 0))
            high = np.minimum(high, len(ordered) - 1)
            between = ordered[low] + (ordered[high] - ordered[low]) * (place - below)
            results.append(np.where(self.counts > 0, between, np.nan))
        return results

    def slopes(self, values: Values, frames: IntArray, fewest: int) -> Float64Array:
        """Return least-squares slopes per second of values of shape (n,) at frames; NaN for fewer than ``fewest``."""
        finite = np.isfinite(values)
        if not finite.all():
            return self.where(finite).slopes(values[finite], frames[finite], fewest)
        time = frames / HOPS_PER_SECOND
        with np.errstate(invalid="ignore", divide="ignore"):
            time -= (self.sums(time) / self.counts)[self.owner]
            level = values - (self.sums(values) / self.counts)[self.owner]
            slopes = self.sums(time * level) / self.sums(time * time)
        return np.where(self.counts >= fewest, slopes, np.nan)

    def smooth(self, values: Values) -> Float64Array:
        """Return the mean of each value and its two neighbours in the group, as far as they are known; NaN stay NaN."""
        if values.ndim > 1:
            return np.stack([self.smooth(some) for some in values])
        finite = np.isfinite(values)
        if finite.all():
            return self._with_neighbours(values.astype(np.float64)) / self._near
        total = self._with_neighbours(np.where(finite, values, 0).astype(np.float64))
        with np.errstate(invalid="ignore", divide="ignore"):
            total /= self._with_neighbours(finite.astype(np.float64))
        total[~finite] = np.nan
        return total

    def _with_neighbours(self, values: Float64Array) -> Float64Array:
        """Return the sum of each value and its two neighbours in the group."""
        total = values.copy()
        total[1:] += values[:-1] * self._inner
        total[:-1] += values[1:] * self._inner
        return total


@dataclass(frozen=True, slots=True)
class SpanFrames:
    """The frames of spans, span after span.

    Attributes
    ----------
    rows : int64 array, shape (n,)
        Which of the channel's frames.
    groups : Groups
        Of which span.
    """

    rows: IntArray
    groups: Groups

    @classmethod
    def of(cls, spans: IntArray, first: int, count: int) -> SpanFrames:
        """Return all frames of spans, shape (k, 2), as far as they lie among ``count`` frames from ``first`` on."""
        inside = np.clip(spans.reshape(-1, 2) - first, 0, count)
        groups = Groups(np.maximum(inside[:, 1] - inside[:, 0], 0))
        rows = np.arange(int(groups.counts.sum())) + (inside[:, 0] - groups.starts)[groups.owner]
        return cls(rows, groups)

    def where(self, mask: BoolArray) -> SpanFrames:
        """Return the frames for which a mask over the channel's frames holds."""
        held = mask[self.rows]
        return SpanFrames(self.rows[held], self.groups.where(held))


@dataclass(frozen=True, slots=True)
class Runs:
    """Values in a row, shape (runs,) each.

    Attributes
    ----------
    start : int64 array
        Where a run begins among the values.
    length : int64 array
    owner : int64 array
        Its group.
    """

    start: IntArray
    length: IntArray
    owner: IntArray


def runs_of(state: npt.NDArray[np.generic], groups: Groups) -> Runs:
    """Cut values, shape (n,), into the longest runs of the same value in the same group."""
    new = groups.first.copy()
    new[1:] |= state[1:] != state[:-1]
    start = np.flatnonzero(new)
    return Runs(start, np.diff(start, append=len(state)), groups.owner[start])


def _ordered(values: npt.NDArray[np.float32], owner: IntArray) -> Float64Array:
    """Sort values within their groups.

    The bits of a float32 order as it does once those of negative ones are turned round, so that group and value make
    one integer: sorting these is several times as fast as an indirect sort.
    """
    sign = np.uint32(0x80000000)
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    keys = (owner.astype(np.uint64) << np.uint64(32)) | np.where(bits & sign, ~bits, bits | sign)
    keys.sort()
    low = keys.astype(np.uint32)
    return np.asarray(np.where(low & sign, low ^ sign, ~low).view(np.float32), dtype=np.float64)
