"""Where a call begins that runs into a range: from any range inside it, at a few single reads."""

from __future__ import annotations

from builders.made_streams import MINUTE_MS, T0, MemorySource, run_of, without_tags
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.calls.calls_under_way import begin_of_call_at
from callbeam.kvs import HOUR_MS


@settings(deadline=None)
@given(
    length=st.integers(2, 9_000), other=st.integers(0, 4_000), pause_ms=st.integers(1_000, 2 * HOUR_MS), data=st.data()
)
def test_the_beginning_is_found_at_a_few_reads(length, other, pause_ms, data):
    sent = run_of("before", T0, other, first_number=1) + run_of(
        "c-1", T0 + other * 1000 + pause_ms, length, first_number=10_000
    )
    mine = [one for one in sent if one.call == "c-1"]
    untagged = data.draw(st.sets(st.integers(10_001, 10_000 + length), max_size=8))
    at_ms = mine[data.draw(st.integers(1, length - 1))].at_ms
    source = MemorySource(without_tags(sent, untagged))
    assert begin_of_call_at(source, at_ms, at_ms + 5 * MINUTE_MS) == mine[0].at_ms
    assert sum(source.asked) <= 45


def test_nothing_before_and_nothing_there():
    sent = run_of("c-1", T0, 10, first_number=1) + run_of("c-2", T0 + 10_000, 10, first_number=11)
    assert begin_of_call_at(MemorySource(sent), T0, T0 + MINUTE_MS) is None
    assert begin_of_call_at(MemorySource(sent), T0 + 10_000, T0 + MINUTE_MS) is None
    assert begin_of_call_at(MemorySource(sent), T0 - MINUTE_MS, T0) is None
    assert begin_of_call_at(MemorySource(sent), T0 + 15_000, T0 + MINUTE_MS) == T0 + 10_000


def test_a_pause_within_the_call_is_passed_and_a_longer_one_is_not():
    parts = [run_of("c-1", T0 + i * 99 * MINUTE_MS, 40 * 60, first_number=1 + i * 10_000) for i in range(2)]
    source = MemorySource([*parts[0], *parts[1]])
    assert begin_of_call_at(source, T0 + 120 * MINUTE_MS, T0 + 130 * MINUTE_MS) == T0
    later = [run_of("c-1", T0 + i * 100 * MINUTE_MS, 40 * 60, first_number=1 + i * 10_000) for i in range(2)]
    source = MemorySource([*later[0], *later[1]])
    assert begin_of_call_at(source, T0 + 120 * MINUTE_MS, T0 + 130 * MINUTE_MS) == T0 + 100 * MINUTE_MS


def test_a_call_that_was_named_once():
    sent = run_of("b", T0, 500, first_number=1)
    sent += without_tags(run_of("c-1", T0 + 500_000, 5_000, first_number=1_000), set(range(1_001, 9_000)))
    assert begin_of_call_at(MemorySource(sent), T0 + 90 * MINUTE_MS, T0 + 91 * MINUTE_MS) == T0 + 500_000


def test_untagged_audio_begins_after_a_minutes_pause():
    sent = run_of(None, T0, 100, first_number=1) + run_of(None, T0 + 3 * MINUTE_MS, 100, first_number=200)
    assert begin_of_call_at(MemorySource(sent), T0 + 4 * MINUTE_MS, T0 + 5 * MINUTE_MS) == T0 + 3 * MINUTE_MS
