"""Speaker-relative scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.conversation import Baseline

numbers = st.one_of(st.floats(-1e4, 1e4, width=32), st.just(float("nan")))


def z_scores(values, speakers):
    """Score utterances against all utterances of the same speaker."""
    return Baseline.of(values, speakers).score(values, speakers)


rows = st.lists(st.tuples(st.sampled_from("abc"), numbers, numbers), max_size=40)


@given(rows)
@settings(max_examples=200, deadline=None)
def test_scores_are_deviations_from_the_speakers_mean(drawn):
    speakers = [speaker for speaker, *_ in drawn]
    values = {name: np.array([row[i] for row in drawn], np.float32) for i, name in ((1, "level"), (2, "rate"))}
    scores = z_scores(values, speakers)
    assert list(scores) == ["level_z", "rate_z"]
    for name, measured in values.items():
        for i, speaker in enumerate(speakers):
            same = measured[[other == speaker for other in speakers]].astype(np.float64)
            same = same[np.isfinite(same)]
            score = scores[f"{name}_z"][i]
            if len(same) < 3 or same.min() == same.max() or not np.isfinite(measured[i]):
                assert np.isnan(score)
            else:
                assert score == pytest.approx((float(measured[i]) - same.mean()) / same.std(), rel=1e-4, abs=1e-4)


def test_other_rows_are_scored_against_the_baseline():
    baseline = Baseline.of({"level": np.array([1.0, 2.0, 3.0, 7.0, 7.0])}, ["a", "a", "a", "b", "b"])
    scores = baseline.score({"level": np.array([2.0, 5.0, np.nan, 7.0, 1.0])}, ["a", "a", "a", "b", "nobody"])
    deviation = np.sqrt(2 / 3)
    np.testing.assert_allclose(scores["level_z"], [0, 3 / deviation, np.nan, np.nan, np.nan], rtol=1e-6)
    assert scores["level_z"].dtype == np.float32


def test_equal_values_have_no_deviation_whatever_rounding_leaves():
    values = np.full(7, 0.1, np.float32)
    assert np.isnan(z_scores({"ratio": values}, ["a"] * 7)["ratio_z"]).all()


def test_speakers_may_be_an_array():
    speakers = np.array(["a", "b", "a", "a"], dtype=object)
    values = {"x": np.array([0.0, 5.0, 1.0, 2.0])}
    np.testing.assert_allclose(z_scores(values, speakers)["x_z"], z_scores(values, list(speakers))["x_z"])


def test_no_utterances_at_all():
    baseline = Baseline.of({"x": np.zeros(0, np.float32)}, [])
    assert baseline.score({"x": np.zeros(0, np.float32)}, [])["x_z"].shape == (0,)
    assert np.isnan(baseline.score({"x": np.ones(2, np.float32)}, ["a", "b"])["x_z"]).all()
