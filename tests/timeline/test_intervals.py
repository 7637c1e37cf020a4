"""Covered samples as intervals, against a plain set."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.timeline.intervals import Intervals


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12)), max_size=30), st.integers(-5, 80), st.integers(0, 9))
def test_intervals_are_a_set_of_integers(added, position, length) -> None:
    intervals, model = Intervals(), set()
    for start, size in added:
        intervals.add(start, start + size)
        model |= set(range(start, start + size))
    pairs = intervals.pairs()
    assert {at for start, end in pairs for at in range(start, end)} == model
    assert all(before[1] < after[0] for before, after in pairwise(pairs))
    parts = intervals.uncovered(position, position + length)
    assert [at for a, b in parts for at in range(a, b)] == [
        at for at in range(position, position + length) if at not in model
    ]
    end = intervals.end_of(position)
    assert (end is not None) == (position in model)
    ends = [e for _, e in pairs if abs(e - position) <= 20]
    near = intervals.end_near(position, 20)
    assert near == min(ends, key=lambda e: (abs(e - position), e), default=position)
