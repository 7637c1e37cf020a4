"""Splits: no group in two, shares as told, another deal for another salt; and the turns before a unit."""

from __future__ import annotations

import hashlib
from collections import Counter

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.schemas.sentiment_inputs import CONTEXT
from callbeam.sentiment import Turn
from callbeam.sentiment.context import previous_turns
from callbeam.sentiment.split import split, split_group

GROUPS = [hashlib.md5(str(number).encode()).hexdigest() for number in range(20_000)]

PUBLISHED = ["train", "train", "train", "train", "validation", "test", "train", "train"]


def test_the_group_is_the_person_else_the_chain_else_the_call():
    assert split_group("s", "f", "c") == "s"
    assert split_group(None, "f", "c") == "f"
    assert split_group("", None, "c") == "c"


def test_no_group_lies_in_two_splits():
    calls = [(None, f"first-{number % 50}", f"call-{number}") for number in range(500)]
    calls += [(f"subject-{number % 30}", None, f"other-{number}") for number in range(500)]
    splits: dict[str, set[str]] = {}
    for call in calls:
        group = split_group(*call)
        splits.setdefault(group, set()).add(split(group, "salt"))
    assert len(splits) == 80
    assert all(len(some) == 1 for some in splits.values())


def test_shares():
    counts = Counter(split(group) for group in GROUPS)
    for name, share in (("train", 0.8), ("validation", 0.1), ("test", 0.1)):
        assert abs(counts[name] / len(GROUPS) - share) < 0.01


def test_another_salt_deals_anew():
    moved = sum(split(group, "a") != split(group, "b") for group in GROUPS)
    assert abs(moved / len(GROUPS) - (1 - 0.8**2 - 2 * 0.1**2)) < 0.02


def test_splits_never_change():
    # These groups have been published in these splits: whoever trained on them relies on it.
    assert [split(group) for group in GROUPS[:8]] == PUBLISHED
    assert split("0f5cbb4b-9c5c-4d0a-8e1e-2b4a1d6f7c11") == "train"


def turn(begin: int, end: int, role: str = "AGENT") -> Turn:
    return Turn(f"t{begin}", role, begin, end)


def test_context_is_what_began_before_oldest_first():
    turns = [turn(begin, begin + 900) for begin in range(0, 10_000, 1000)]
    assert [one.begin_offset_ms for one in previous_turns(5000, {"t5000"}, turns)] == [2000, 3000, 4000]
    assert [one.begin_offset_ms for one in previous_turns(5500, {"t4000", "t5000"}, turns)] == [1000, 2000, 3000]
    assert previous_turns(0, {"t0"}, turns) == []


def test_context_fits_the_table():
    (row,) = pa.array([[one._asdict() for one in previous_turns(9, {"t9"}, [turn(0, 5), turn(9, 12)])]], CONTEXT)
    assert row.as_py() == [
        {"utterance_id": "t0", "participant_role": "AGENT", "begin_offset_ms": 0, "end_offset_ms": 5, "text": None}
    ]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 500), max_size=20).map(sorted), st.integers(0, 500), st.sets(st.integers(0, 500)))
def test_context_against_a_plain_filter(begins, begin, own):
    turns = [turn(one, one + 7) for one in begins]
    names = {f"t{one}" for one in own}
    plain = [one for one in turns if one.begin_offset_ms < begin and one.utterance_id not in names]
    assert previous_turns(begin, names, turns) == plain[-3:]
