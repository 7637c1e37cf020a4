"""What lanes come to."""

from __future__ import annotations

from typing import Any

import pytest
from builders.jobs import make_stream

from callbeam.estimate import summarise
from callbeam.kvs import HOUR_MS, Lane, Unit


def test_a_plan_sums_up_hours_calls_and_dollars() -> None:
    a = Lane(
        make_stream("a"),
        (Unit(0, HOUR_MS, 3600, 126_000_000, 3_600_000), Unit(HOUR_MS, 2 * HOUR_MS, 10, 100, 10_000)),
        0,
    )
    b = Lane(make_stream("b"), (Unit(0, HOUR_MS, 1000, 874_000_000 - 100, 900_000),), 0)
    margin = Lane(make_stream("c"), (), 0)
    plan = summarise([a, b, margin])
    assert (plan.streams, plan.units, plan.fragments, plan.bytes) == (2, 3, 4610, 1_000_000_000)
    assert plan.hours == pytest.approx(4510 / 3600)
    assert plan.dollars == pytest.approx(0.0085)
    calls: dict[str, Any] = plan.api_calls
    assert calls["GetMediaForFragmentList"] == 32 + 1 + 219
    assert calls["ListFragments"] == 2 * (4 + 1 + 1) + 2 * 3
    assert (calls["DescribeStream"], calls["GetDataEndpoint"]) == (3, 5)


def test_an_empty_plan_costs_nothing() -> None:
    plan = summarise([])
    assert (plan.streams, plan.hours, plan.dollars) == (0, 0, 0)
