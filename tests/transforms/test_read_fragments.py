"""The source: its restriction refuses splits and is claimed whole; on its own it works as its page shows it."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders.jobs import make_stream

from callbeam.callmaker import connect_fragments_from_pcm
from callbeam.emulator import Emulator
from callbeam.errors import UsageError
from callbeam.kvs import HOUR_MS, Lane, Unit
from callbeam.transforms import ReadFromKinesisVideo
from callbeam.transforms.read_fragments import LANE_UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "use-callbeam-in-a-beam-pipeline.md"
STREAM = make_stream()


def lane_of(*sizes: int) -> Lane:
    units = tuple(Unit(hour * HOUR_MS, (hour + 1) * HOUR_MS, 1, size) for hour, size in enumerate(sizes))
    return Lane(STREAM, units, expires_ms=0)


def test_a_lane_is_claimed_in_order_and_reports_bytes() -> None:
    lane = lane_of(100, 300, 600)
    restriction = LANE_UNITS.initial_restriction(lane)
    assert LANE_UNITS.restriction_size(lane, restriction) == 1000
    assert list(LANE_UNITS.split(lane, restriction)) == [restriction]
    tracker = LANE_UNITS.create_tracker(restriction)
    assert tracker.current_progress().completed_work == 0
    assert tracker.try_claim(0)
    assert (tracker.current_progress().completed_work, tracker.current_progress().remaining_work) == (100, 900)
    assert tracker.try_claim(2)
    assert tracker.current_progress().completed_work == 1000
    assert not tracker.try_claim(3)
    tracker.check_done()
    assert tracker.is_bounded()


def test_a_lane_is_never_split() -> None:
    tracker = LANE_UNITS.create_tracker(LANE_UNITS.initial_restriction(lane_of(1, 1, 1)))
    tracker.try_claim(0)
    for fraction in (0.0, 0.5, 1.0):
        assert tracker.try_split(fraction) is None
    assert tracker.current_restriction() == LANE_UNITS.initial_restriction(lane_of(1, 1, 1))


def test_units_left_unread_are_an_error() -> None:
    tracker = LANE_UNITS.create_tracker(LANE_UNITS.initial_restriction(lane_of(1, 1, 1)))
    tracker.try_claim(1)
    with pytest.raises(ValueError, match="units 2 to 3"):
        tracker.check_done()


def test_a_lane_of_margins_has_a_step_to_claim() -> None:
    tracker = LANE_UNITS.create_tracker(LANE_UNITS.initial_restriction(lane_of()))
    assert tracker.try_claim(0)
    tracker.check_done()


@pytest.fixture
def kvs(aws_credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    rng = np.random.default_rng(1)
    pcm = rng.integers(-500, 500, (2, 20 * 8000), dtype=np.int16)
    pcm[0, 1000], pcm[1, 1000] = 12345, -23456
    with Emulator() as emulator:
        emulator.add_stream("my-connect-1")
        for one in connect_fragments_from_pcm(pcm[0], pcm[1], contact_id="c-1", start_ms=1772359200000):
            emulator.add_fragment("my-connect-1", one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
        monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield emulator


def test_the_pages_example_runs_as_it_stands(kvs: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    example, *_ = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(example.splitlines()) < 30
    exec(compile(example, PAGE.name, "exec"), {"__name__": "page"})
    printed = capsys.readouterr().out.splitlines()
    assert sorted(printed) == ["('c-1', 'AGENT', 23456)", "('c-1', 'CUSTOMER', 12345)"]


def test_a_range_over_midnight_is_refused(kvs: Emulator) -> None:
    start, end = datetime(2026, 3, 1, tzinfo=timezone.utc), datetime(2026, 3, 3, tzinfo=timezone.utc)
    with pytest.raises(UsageError, match="2 UTC days"):
        ReadFromKinesisVideo(streams=["my-connect-*"], start=start, end=end)
    with pytest.raises(UsageError, match="zone"):
        ReadFromKinesisVideo(streams=["my-connect-*"], start=datetime(2026, 3, 1), end=end)  # noqa: DTZ001
