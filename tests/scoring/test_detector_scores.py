"""Scores on cases that can be counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.scoring import SpeechScore, add_up
from callbeam.scoring.detector_scores import (
    BorderScore,
    MatchScore,
    PitchScore,
    border_score,
    match_events,
    pitch_score,
    speech_score,
)
from callbeam.spans import as_spans

ALL = as_spans([(0, 10_000)])
TRUTH = as_spans([(1_000, 3_000), (5_000, 6_000)])


def test_speech_that_is_found_exactly_has_no_error() -> None:
    assert speech_score(TRUTH, TRUTH, ALL) == SpeechScore(3_000, 0, 0)


def test_speech_is_missed_and_made_up() -> None:
    found = as_spans([(1_400, 3_100), (8_000, 8_500)])
    score = speech_score(TRUTH, found, ALL)
    assert score == SpeechScore(speech_ms=3_000, missed_ms=400 + 1_000, false_ms=100 + 500)
    assert score.miss_rate == pytest.approx(1_400 / 3_000)
    assert score.false_alarm_rate == pytest.approx(0.2)
    assert score.error_rate == pytest.approx(2 / 3)


def test_a_collar_forgives_what_lies_at_borders() -> None:
    found = as_spans([(1_400, 3_100), (8_000, 8_500)])
    score = speech_score(TRUTH, found, ALL, collar_ms=250)
    # scored of the truth: 1250 to 2750 and 5250 to 5750
    assert score == SpeechScore(speech_ms=2_000, missed_ms=150 + 500, false_ms=500)


def test_what_holds_no_audio_is_not_scored() -> None:
    found = as_spans([(1_000, 2_000), (9_000, 9_500)])
    assert speech_score(TRUTH, found, as_spans([(0, 2_000)])) == SpeechScore(1_000, 0, 0)


def test_without_speech_there_is_no_rate() -> None:
    score = speech_score(as_spans(()), as_spans([(0, 5)]), ALL)
    assert score.false_ms == 5
    assert math.isnan(score.error_rate)


def test_borders_count_by_kind_and_distance() -> None:
    found = as_spans([(1_100, 2_899), (4_899, 6_100)])
    assert border_score(TRUTH, found) == BorderScore(borders=4, near=2)
    assert border_score(TRUTH, as_spans(())) == BorderScore(4, 0)
    # a begin where an end should be is none
    assert border_score(as_spans([(1_000, 3_000)]), as_spans([(3_000, 4_000)])).near == 0
    assert border_score(TRUTH, TRUTH).rate == 1


@pytest.mark.parametrize(
    ("truth", "found", "score"),
    [
        ([], [], MatchScore(0, 0, 0)),
        ([[0, 10]], [], MatchScore(0, 1, 0)),
        ([], [[0, 10]], MatchScore(0, 0, 1)),
        ([[0, 10]], [[10, 20]], MatchScore(0, 1, 1)),
        ([[0, 10]], [[9, 20]], MatchScore(1, 0, 0)),
        ([[0, 10]], [[0, 4], [5, 10]], MatchScore(1, 0, 1)),
        ([[0, 4], [5, 10]], [[0, 10]], MatchScore(1, 1, 0)),
        ([[5, 10], [0, 4]], [[0, 6], [6, 11]], MatchScore(2, 0, 0)),
    ],
)
def test_events_match_by_overlap(truth: list[list[int]], found: list[list[int]], score: MatchScore) -> None:
    assert match_events(truth, found) == score


def test_f1_is_the_mean_of_precision_and_recall() -> None:
    score = MatchScore(hits=6, misses=2, extras=4)
    assert score.precision == 0.6
    assert score.recall == 0.75
    assert score.f1 == pytest.approx(2 * 0.6 * 0.75 / 1.35)
    assert math.isnan(MatchScore(0, 0, 0).f1)


def test_gross_pitch_errors_are_over_20_percent() -> None:
    nan = float("nan")
    truth = np.array([100, 100, 100, 100, nan, nan])
    found = np.array([119, 121, 50, nan, 100, nan])
    score = pitch_score(truth, found)
    assert score == PitchScore(voiced=4, compared=3, gross=2)
    assert score.gross_error_rate == pytest.approx(2 / 3)
    assert score.voiced_found == 0.75


def test_scores_add_up() -> None:
    assert add_up([SpeechScore(10, 1, 2), SpeechScore(20, 3, 4)]) == SpeechScore(30, 4, 6)
    assert add_up([MatchScore(1, 2, 3)]) == MatchScore(1, 2, 3)


SPANS = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 30)), max_size=8).map(
    lambda pairs: as_spans((begin, begin + size) for begin, size in pairs)
)


@settings(deadline=None, max_examples=60)
@given(SPANS, SPANS, SPANS, st.integers(0, 5))
def test_speech_scores_equal_a_count_of_milliseconds(truth, found, audio, collar) -> None:
    borders = truth.reshape(-1).tolist()
    counted = [0, 0, 0]
    for at in range(260):
        if not _inside(at, audio) or any(border - collar <= at < border + collar for border in borders):
            continue
        true, mine = _inside(at, truth), _inside(at, found)
        counted = [n + more for n, more in zip(counted, (true, true and not mine, mine and not true), strict=True)]
    assert speech_score(truth, found, audio, collar) == SpeechScore(*counted)


def _inside(at: int, spans) -> bool:
    return any(begin <= at < end for begin, end in spans.tolist())
