"""How far clocks are apart is found from who speaks when, and told to be uncertain where it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.enrichment import LEAST_CONFIDENCE, find_shift
from callbeam.enrichment.clock_shift import NEAR_MS, window_of_clock, window_of_writing
from callbeam.spans import SpanArray, as_spans


def talk(seed: int, minutes: float = 3) -> dict[str, SpanArray]:
    """Two people who take turns, at times of no rhythm."""
    random = np.random.default_rng(seed)
    spans: dict[str, list[tuple[int, int]]] = {"AGENT": [], "CUSTOMER": []}
    at, role = 2_000.0, "AGENT"
    while at < minutes * 60_000:
        length = random.gamma(2.0, 1_200.0) + 300
        spans[role].append((round(at), round(at + length)))
        at += length + random.gamma(1.5, 400.0)
        role = role if random.random() < 0.25 else {"AGENT": "CUSTOMER", "CUSTOMER": "AGENT"}[role]
    return {role: as_spans(some) for role, some in spans.items()}


def moved(talk: dict[str, SpanArray], by_ms: int) -> dict[str, SpanArray]:
    return {role: spans + by_ms for role, spans in talk.items()}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), by_ms=st.integers(-5_000, 5_000))
def test_a_shift_within_the_window_is_found_to_a_frame(seed: int, by_ms: int) -> None:
    heard = talk(seed)
    found = find_shift(heard, moved(heard, by_ms), window_of_clock(0))
    assert found.certain
    assert abs(found.ms + by_ms) <= 20


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), by_ms=st.integers(-60_000, 0))
def test_without_any_told_clock_the_whole_call_is_searched(seed: int, by_ms: int) -> None:
    heard = talk(seed)
    late = {role: spans[spans[:, 0] >= 60_000] for role, spans in heard.items()}  # a recording that began later
    found = find_shift(heard, moved(late, by_ms))
    assert found.certain
    assert abs(found.ms + by_ms) <= 20


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_jitter_missing_words_and_other_cuts_do_not_matter(seed: int) -> None:
    heard = talk(seed)
    random = np.random.default_rng(seed + 1)
    said = {}
    for role, spans in heard.items():
        kept = spans[random.random(len(spans)) > 0.25]
        said[role] = as_spans(kept + random.integers(-150, 150, kept.shape))
    found = find_shift(heard, moved(said, -3_000), window_of_clock(0))
    assert found.certain
    assert abs(found.ms - 3_000) <= 120


@pytest.mark.parametrize("seed", range(30))
def test_another_calls_account_is_not_believed(seed: int) -> None:
    assert not find_shift(talk(seed), talk(seed + 1_000)).certain
    assert not find_shift(talk(seed), talk(seed + 1_000), window_of_clock(0)).certain
    assert not find_shift(talk(seed), talk(seed + 1_000), window_of_writing(0)).certain


def test_what_is_said_again_and_again_is_not_believed_in_part() -> None:
    """A service that misses the first and the last of equal announcements may mean any of them."""
    heard = {"AGENT": as_spans([(at, at + 3_000) for at in range(2_000, 66_000, 8_000)])}
    said = {"AGENT": heard["AGENT"][1:-1]}
    for window in (None, window_of_clock(0), window_of_writing(5_000)):
        assert not find_shift(heard, said, window).certain
    # With all of them there is one shift at which none is left over.
    assert find_shift(heard, moved(heard, -2_000), window_of_clock(0)).certain


@pytest.mark.parametrize("by_ms", [-4_000, 0, 2_500])
def test_a_monologue_that_one_segment_holds_is_found(by_ms: int) -> None:
    """Its correlation falls slowly to both sides, and nothing else is as good."""
    heard = {"AGENT": as_spans([(5_000, 90_000), (91_000, 150_000)]), "CUSTOMER": as_spans([(40_000, 40_600)])}
    said = {"AGENT": as_spans([(5_050, 149_900)]), "CUSTOMER": as_spans([(40_020, 40_560)])}
    found = find_shift(heard, moved(said, by_ms))
    assert found.certain
    assert abs(found.ms + by_ms) <= 120
    assert not find_shift(heard, moved(said, by_ms), window_of_clock(NEAR_MS + 1_500 - by_ms)).certain  # it lies beyond


def test_a_short_segment_within_long_speech_is_not_believed() -> None:
    """It may lie anywhere in it."""
    heard = {"AGENT": as_spans([(2_000, 30_000)])}
    assert not find_shift(heard, {"AGENT": as_spans([(4_000, 24_000)])}).certain


def test_swapped_roles_are_not_believed() -> None:
    heard = talk(3)
    swapped = {"AGENT": heard["CUSTOMER"], "CUSTOMER": heard["AGENT"]}
    assert not find_shift(heard, swapped, window_of_clock(0)).certain


def test_nothing_to_compare() -> None:
    found = find_shift(talk(1), {}, window_of_clock(500))
    assert (found.ms, found.confidence, found.certain) == (500, 0.0, False)
    assert not find_shift({}, talk(1)).certain


def test_the_window_holds_what_is_told() -> None:
    window = window_of_clock(1_000)
    assert (window.least_ms, window.most_ms) == (1_000 - NEAR_MS, 1_000 + NEAR_MS)
    assert 0 < LEAST_CONFIDENCE < 1
