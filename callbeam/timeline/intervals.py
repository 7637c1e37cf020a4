"""Sets of samples as sorted, disjoint, non-touching half-open intervals."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Intervals:
    """A growing set of integers, made for runs that mostly arrive in order.

    Attributes
    ----------
    starts, ends : list of int
        The intervals [start, end): sorted, disjoint, non-touching.
    """

    __slots__ = ("ends", "starts")

    def __init__(self, intervals: Iterable[tuple[int, int]] = ()) -> None:
        """Take over intervals that are sorted, disjoint and non-touching already."""
        pairs = list(intervals)
        self.starts = [start for start, _ in pairs]
        self.ends = [end for _, end in pairs]

    def add(self, start: int, end: int) -> None:
        """Add [start, end), merged with what it overlaps or touches."""
        if start >= end:
            return
        first = bisect_left(self.ends, start)
        after = bisect_right(self.starts, end)
        if first < after:
            start = min(start, self.starts[first])
            end = max(end, self.ends[after - 1])
        self.starts[first:after] = [start]
        self.ends[first:after] = [end]

    def uncovered(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the parts of [start, end) that are not in the set, in order."""
        parts = []
        for index in range(bisect_right(self.ends, start), len(self.starts)):
            if self.starts[index] >= end:
                break
            if start < self.starts[index]:
                parts.append((start, self.starts[index]))
            start = self.ends[index]
        if start < end:
            parts.append((start, end))
        return parts

    def end_of(self, member: int) -> int | None:
        """Return the end of the interval that holds ``member``; None if none does."""
        index = bisect_right(self.ends, member)
        return self.ends[index] if index < len(self.starts) and self.starts[index] <= member else None

    def end_near(self, position: int, distance: int) -> int:
        """Return the interval's end nearest to ``position``, the lower of two; ``position`` if none is that near."""
        index = bisect_left(self.ends, position)
        near = [end for end in self.ends[max(0, index - 1) : index + 1] if abs(end - position) <= distance]
        return min(near, key=lambda end: abs(end - position), default=position)

    def forget_before(self, limit: int) -> None:
        """Drop the intervals that end at ``limit`` or before."""
        count = bisect_right(self.ends, limit)
        del self.starts[:count]
        del self.ends[:count]

    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Return the intervals."""
        return tuple(zip(self.starts, self.ends, strict=True))
