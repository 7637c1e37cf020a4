"""Of several records of a segment one counts, whatever their order; two segments of one name are two."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.enrichment.segment_versions import final_segments


def row(begin: int, end: int, text: str = "x", **changed: Any) -> dict[str, Any]:
    return {
        "segment_id": "s", "role": "AGENT", "begin_ms": begin, "end_ms": end, "text": text, "is_partial": False,
        "said_ms": 0, "place": "f, line 1", "speaker": None, "redacted": None, **changed,
    }  # fmt: skip


def texts(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(one.row["text"], one.record_count) for one in final_segments(rows)]


def test_partial_results_give_way_to_the_final_one() -> None:
    rows = [row(0, 500, "he", is_partial=True), row(0, 900, "hello", is_partial=True), row(0, 1_000, "hello you")]
    assert texts(rows) == [("hello you", 3)]


def test_a_partial_result_counts_where_no_final_one_came() -> None:
    assert texts([row(0, 500, "he", is_partial=True), row(0, 900, "hello", is_partial=True)]) == [("hello", 2)]


def test_a_repeated_record_counts_once_and_the_last_version_wins() -> None:
    assert texts([row(0, 1_000, "a", said_ms=1), row(0, 1_000, "a", said_ms=1)]) == [("a", 2)]
    assert texts([row(0, 1_000, "new", said_ms=2), row(0, 1_000, "old", said_ms=1)]) == [("new", 2)]


def test_segments_of_one_name_that_do_not_overlap_are_two() -> None:
    assert texts([row(0, 900, "first"), row(2_000, 3_000, "second")]) == [("first", 1), ("second", 1)]
    assert texts([row(0, 900, "agent"), row(100, 800, "customer", role="CUSTOMER")]) == [
        ("agent", 1), ("customer", 1)
    ]  # fmt: skip


def test_of_a_redacted_file_and_the_other_one_the_fuller_counts() -> None:
    """Both lie below one prefix, and their turns may have names of their own."""
    for name, begin in (("s", 0), ("other", 5)):
        pair = [
            row(begin, 900, "I am [PII]", redacted=True),
            row(begin, 900, "I am Peter", segment_id=name, redacted=False),
        ]
        assert texts(pair) == [("I am Peter", 2)]
        assert texts([pair[0], {**pair[1], "text": None}]) == [("I am [PII]", 2)]
    longer = row(0, 950, None, redacted=False)  # type: ignore[arg-type]
    assert texts([row(0, 900, "I am [PII]", redacted=True), longer]) == [("I am [PII]", 2)]


@st.composite
def some_rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for number in range(draw(st.integers(1, 10))):
        begin = draw(st.integers(0, 50)) * 100
        found.append(
            row(begin, begin + draw(st.integers(0, 20)) * 100, f"t{draw(st.integers(0, 3))}",
                segment_id=draw(st.sampled_from("ab")), is_partial=draw(st.booleans()),
                said_ms=draw(st.integers(0, 2)), place=f"f, line {number}")
        )  # fmt: skip
    return found


@settings(max_examples=300, deadline=None)
@given(rows=some_rows(), seed=st.integers(0, 1_000))
def test_order_does_not_matter_and_every_record_counts(rows: list[dict[str, Any]], seed: int) -> None:
    found = final_segments(rows)
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    assert final_segments(shuffled) == found
    assert sum(one.record_count for one in found) == len(rows)
    keys = [(one.row["role"], one.row["begin_ms"], one.row["segment_id"]) for one in found]
    assert len(keys) == len(set(keys))
