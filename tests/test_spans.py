"""Span algebra against sets of integers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.spans import (
    SpanArray,
    as_spans,
    bridge,
    clip,
    covered,
    intersect,
    length,
    mask_of_spans,
    spans_of_mask,
    subtract,
    union,
)

pairs = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)


def members(spans: SpanArray) -> set[int]:
    assert spans.dtype == np.int64
    assert np.all(spans[:, 0] < spans[:, 1])
    assert np.all(spans[1:, 0] > spans[:-1, 1])
    return {item for begin, end in spans.tolist() for item in range(begin, end)}


def integers(some: list[tuple[int, int]]) -> set[int]:
    return {item for begin, end in some for item in range(begin, end)}


@settings(max_examples=300, deadline=None)
@given(pairs, pairs, st.integers(0, 40), st.integers(0, 40))
def test_spans_are_sets(left: list[tuple[int, int]], right: list[tuple[int, int]], low: int, high: int) -> None:
    a, b = as_spans(left), as_spans(right)
    one, two = integers(left), integers(right)
    assert members(a) == one
    assert members(union(a, b)) == one | two
    assert members(intersect(a, b)) == one & two
    assert members(subtract(a, b)) == one - two
    assert members(clip(a, low, high)) == one & set(range(low, high))
    assert length(a) == len(one)
    assert members(spans_of_mask(mask_of_spans(a, 5, 30), 5)) == one & set(range(5, 35))
    within = np.array([pair for pair in right if pair[0] <= pair[1]], np.int64).reshape(-1, 2)
    assert covered(a, within).tolist() == [len(one & set(range(*pair))) for pair in within.tolist()]


@settings(max_examples=200, deadline=None)
@given(pairs, st.integers(0, 10))
def test_bridging_fills_exactly_the_short_pauses(some: list[tuple[int, int]], shortest: int) -> None:
    spans = as_spans(some)
    added = members(bridge(spans, shortest)) - members(spans)
    pauses = [(before, after) for before, after in zip(spans[:-1, 1].tolist(), spans[1:, 0].tolist(), strict=True)]
    assert added == {item for begin, end in pauses if end - begin < shortest for item in range(begin, end)}
