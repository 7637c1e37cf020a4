"""Sets of integers as arrays of sorted, disjoint, non-touching half-open spans, shape (k, 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

SpanArray = npt.NDArray[np.int64]
"""Spans [begin, end): int64, shape (k, 2), sorted, disjoint, non-touching, none empty."""


def as_spans(pairs: Iterable[Iterable[int]]) -> SpanArray:
    """Bring pairs in any order, overlapping or empty ones included, into the form of a SpanArray.

    Examples
    --------
    >>> as_spans([(5, 9), (0, 2), (2, 3), (7, 7)]).tolist()
    [[0, 3], [5, 9]]
    """
    rows = pairs if isinstance(pairs, np.ndarray) else [tuple(pair) for pair in pairs]
    spans = np.array(rows, dtype=np.int64).reshape(-1, 2)
    spans = spans[spans[:, 0] < spans[:, 1]]
    if len(spans) < 2:
        return spans
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(spans[:, 1])
    apart = np.flatnonzero(spans[1:, 0] > reach[:-1])
    begins = spans[np.concatenate(([0], apart + 1)), 0]
    ends = reach[np.concatenate((apart, [len(spans) - 1]))]
    return np.stack((begins, ends), axis=1)


def spans_of_mask(mask: npt.NDArray[np.bool_], first: int = 0) -> SpanArray:
    """Return where a mask is True; its item 0 stands for ``first``.

    Examples
    --------
    >>> spans_of_mask(np.array([True, True, False, True]), first=10).tolist()
    [[10, 12], [13, 14]]
    """
    bordered = np.concatenate(([False], mask, [False]))
    return np.flatnonzero(bordered[1:] != bordered[:-1]).reshape(-1, 2).astype(np.int64) + first


def mask_of_spans(spans: SpanArray, first: int, count: int) -> npt.NDArray[np.bool_]:
    """Return which of the integers from ``first`` on, ``count`` of them, lie in the spans."""
    steps = np.zeros(count + 1, dtype=np.int32)
    inside = np.clip(spans - first, 0, count)
    np.add.at(steps, inside[:, 0], 1)
    np.add.at(steps, inside[:, 1], -1)
    return np.asarray(np.cumsum(steps[:-1]) > 0)


def union(*sets: SpanArray) -> SpanArray:
    """Return what lies in any of the sets."""
    return as_spans(np.concatenate([spans.reshape(-1, 2) for spans in sets])) if sets else as_spans(())


def intersect(left: SpanArray, right: SpanArray) -> SpanArray:
    """Return what lies in both sets.

    Examples
    --------
    >>> intersect(as_spans([(0, 5), (8, 12)]), as_spans([(3, 9)])).tolist()
    [[3, 5], [8, 9]]
    """
    if not len(left) or not len(right):
        return as_spans(())
    begins = np.concatenate((left[:, 0], right[:, 0]))
    ends = np.concatenate((left[:, 1], right[:, 1]))
    instants = np.concatenate((begins, ends))
    steps = np.concatenate((np.ones(len(begins), np.int64), -np.ones(len(ends), np.int64)))
    order = np.lexsort((steps, instants))
    depth = np.cumsum(steps[order])
    at = np.flatnonzero(depth[:-1] == 2)
    instants = instants[order]
    return as_spans(np.stack((instants[at], instants[at + 1]), axis=1))


def subtract(spans: SpanArray, removed: SpanArray) -> SpanArray:
    """Return what lies in ``spans`` and not in ``removed``.

    Examples
    --------
    >>> subtract(as_spans([(0, 10)]), as_spans([(2, 4), (9, 20)])).tolist()
    [[0, 2], [4, 9]]
    """
    if not len(spans):
        return spans
    low, high = int(spans[0, 0]), int(spans[-1, 1])
    inside = removed[(removed[:, 1] > low) & (removed[:, 0] < high)]
    edges = np.concatenate(([low], np.clip(inside, low, high).ravel(), [high]))
    return intersect(spans, as_spans(edges.reshape(-1, 2)))


def bridge(spans: SpanArray, shortest: int) -> SpanArray:
    """Join spans with less than ``shortest`` between them.

    Examples
    --------
    >>> bridge(as_spans([(0, 5), (8, 12), (20, 22)]), 5).tolist()
    [[0, 12], [20, 22]]
    """
    if len(spans) < 2:
        return spans
    apart = spans[1:, 0] - spans[:-1, 1] >= shortest
    return np.stack((spans[np.concatenate(([True], apart)), 0], spans[np.concatenate((apart, [True])), 1]), axis=1)


def clip(spans: SpanArray, begin: int, end: int) -> SpanArray:
    """Return the parts of the spans within [begin, end)."""
    inside = np.clip(spans, begin, end)
    return inside[inside[:, 0] < inside[:, 1]]


def length(spans: SpanArray) -> int:
    """Return how many integers lie in the spans."""
    return int((spans[:, 1] - spans[:, 0]).sum())


def covered(spans: SpanArray, within: SpanArray) -> npt.NDArray[np.int64]:
    """Return how much of each of ``within`` (any pairs, shape (k, 2), also overlapping ones) lies in the spans.

    Examples
    --------
    >>> covered(as_spans([(0, 5), (8, 12)]), np.array([[3, 9], [5, 8]])).tolist()
    [3, 0]
    """
    if not len(spans) or not len(within):
        return np.zeros(len(within), dtype=np.int64)
    counts = np.zeros(2 * len(spans))
    counts[1::2] = np.cumsum(spans[:, 1] - spans[:, 0])
    counts[2::2] = counts[1:-1:2]
    # How much lies before an instant is piecewise linear with slopes 0 and 1: interpolation is exact.
    before = np.interp(within, spans.ravel(), counts)
    return np.asarray(np.rint(before[:, 1] - before[:, 0]), dtype=np.int64)
