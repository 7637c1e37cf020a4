from __future__ import annotations

import numpy as np
import pytest
from builders.made_output import MadeOutput
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.report.fleet import PERCENTILES, Fleet, load_fleet
from callbeam.report.measures import MEASURES, Measure
from callbeam.report.words import NONE
from callbeam.storage import StorageConfig
from callbeam.tables import open_output

BY_KEY = {measure.key: measure for measure in MEASURES}


def fleet_of(made: MadeOutput) -> Fleet:
    return load_fleet(open_output(StorageConfig(str(made.publish()))))


def bare_fleet(key: str, values: list[float]) -> tuple[Fleet, Measure]:
    every = {measure.key: np.full(len(values), np.nan) for measure in MEASURES}
    return Fleet(None, {**every, key: np.array(values, dtype=np.float64)}), BY_KEY[key]


def test_percentiles_are_of_the_known_values_only(made: MadeOutput) -> None:
    for seed, latency in enumerate([100.0, 200.0, 300.0, None, 500.0], start=1):
        made.add_call(f"call-{seed}", seed=seed, response_latency_agent_p50_ms=latency)
    fleet = fleet_of(made)
    measure = BY_KEY["response_latency_agent_p50_ms"]
    found = fleet.percentiles(measure)
    assert found is not None
    assert found.tolist() == np.percentile([100, 200, 300, 500], PERCENTILES).tolist()
    assert fleet.rank(measure, 300) == pytest.approx((2 + 0.5) / 4)
    assert fleet.percentiles(BY_KEY["first_speech_agent_ms"]) is None
    assert fleet.histogram(BY_KEY["first_speech_agent_ms"]) is None


def test_figures_of_roles_are_the_worst_of_their_legs(made: MadeOutput) -> None:
    made.add_call("a", seed=1)
    made.add_call("b", seed=2)
    for channel in made.rows["channels"]:
        channel["snr_db"] = 30.0 if channel["participant_role"] == "AGENT" else 20.0
    second = {**made.rows["channels"][0], "channel_id": "second-leg", "snr_db": 11.0}
    made.rows["channels"].append(second)
    fleet = fleet_of(made)
    assert fleet.values["CUSTOMER.snr_db"].tolist() == [11.0, 20.0]
    assert fleet.values["AGENT.snr_db"].tolist() == [30.0, 30.0]


def test_shares_of_nothing_are_not_computable(made: MadeOutput) -> None:
    made.add_call("a", non_talk_time_total_ms=0, total_conversation_duration_ms=0, fragment_count=0)
    fleet = fleet_of(made)
    assert np.isnan(fleet.values["non_talk_share"][0])
    assert np.isnan(fleet.values["lost_share"][0])


def test_an_outlier_is_named_by_its_most_unusual_figure_in_the_direction_of_concern() -> None:
    usual = [float(value) for value in range(400, 700, 10)]
    fleet, measure = bare_fleet("response_latency_agent_p50_ms", [*usual, 6000.0, -5000.0])
    [only] = fleet.outliers(10)
    assert np.median([*usual, 6000.0, -5000.0]) == 545
    assert (only.row, only.measure, only.value) == (len(usual), measure, 6000.0)
    distances = np.array([*usual, 6000.0, -5000.0]) - 545
    assert only.score == pytest.approx((6000 - 545) / (1.4826 * np.median(distances[distances > 0])))


def test_few_or_equal_calls_have_no_outliers_and_small_differences_are_none() -> None:
    assert bare_fleet("longest_non_talk_ms", [1000.0] * 5 + [90_000.0])[0].outliers(10) == []
    assert bare_fleet("longest_non_talk_ms", [1000.0] * 20)[0].outliers(10) == []
    assert bare_fleet("longest_non_talk_ms", [1000.0] * 20 + [1900.0])[0].outliers(10) == []
    assert [one.row for one in bare_fleet("longest_non_talk_ms", [1000.0] * 20 + [90_000.0])[0].outliers(10)] == [20]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(-2e6, 2e6))
def test_ranks_and_distributions_hold_together(values: list[float], value: float) -> None:
    fleet, measure = bare_fleet("duration_ms", values)
    below, equal = sum(each < value for each in values), sum(each == value for each in values)
    assert fleet.rank(measure, value) == pytest.approx((below + equal / 2) / len(values))
    histogram = fleet.histogram(measure)
    assert histogram is not None
    assert sum(histogram.counts) == len(values)
    assert histogram.low < histogram.high


def test_a_distribution_is_of_the_calls_between_the_outer_percentiles() -> None:
    fleet, measure = bare_fleet("longest_non_talk_ms", [*range(1000, 41_000, 1000), 14_400_000.0])
    histogram = fleet.histogram(measure)
    assert histogram is not None
    assert (histogram.low, histogram.high) == (3000, 39_000)
    assert sum(count > 0 for count in histogram.counts) == len(histogram.counts)


def test_each_measure_says_what_it_is() -> None:
    assert all(measure.meaning.endswith(".") for measure in MEASURES)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.0001, "<0.1 %"), (0.0051, "0.5 %"), (0.0998, "10 %"), (0.5, "50 %"), (1, "100 %"), (None, NONE)],
)
def test_a_share_reads_as_what_it_is(share: float | None, text: str) -> None:
    assert BY_KEY["overlap_ratio"].text(share) == text


def test_a_sample_does_not_move_when_calls_come(made: MadeOutput) -> None:
    for seed in range(1, 13):
        made.add_call(f"call-{seed}", seed=seed)
    before = fleet_of(made)
    drawn = {before.calls["call_id"][row].as_py() for row in before.sample(4)}
    assert len(drawn) == 4
    assert before.sample(4) == before.sample(4)
    assert before.sample(99) == list(range(12))
    made.add_call("another", seed=20)
    after = fleet_of(made)
    kept = {after.calls["call_id"][row].as_py() for row in after.sample(4)} - {"another"}
    assert kept <= drawn
    assert len(kept) >= 3
