"""Every published form of an instant is read, and nonsense is refused by the name of its field."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeam.records import RecordError, epoch_ms
from callbeam.records.record_times import time_form, whole_ms

FIRST = datetime(2000, 1, 2, tzinfo=timezone.utc)
MOMENTS = st.integers(0, 99 * 365 * 86_400_000).map(lambda ms: FIRST + timedelta(milliseconds=ms))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1571360125131", 1_571_360_125_131),  # flows: text of epoch ms
        (1571360125131, 1_571_360_125_131),
        (1565399625, 1_565_399_625_000),  # detail records: epoch s
        ("1556009611", 1_556_009_611_000),  # business calling's detail records: text of epoch s
        (1565399625.25, 1_565_399_625_250),
        ("2019-08-13T20:52:30Z", 1_565_729_550_000),  # contact records
        ("2019-08-13T20:52:30.704Z", 1_565_729_550_704),  # agent events
        ("2019-08-13T20:52:30.7049Z", 1_565_729_550_704),
        ("2019-08-13T20:52:30", 1_565_729_550_000),  # without a zone: UTC
        ("2019-08-13 20:52:30.7+00:00", 1_565_729_550_700),
        ("2019-08-13T22:52:30+02:00", 1_565_729_550_000),
        ("2019-08-13T20:52Z", 1_565_729_520_000),
        ("2021-10-11T17: 52: 17.524Z", 1_633_974_737_524),  # as the README of Live Call Analytics has it
        ("1970-01-01T00:00:00.001Z", None),  # contact events: has not happened
        (None, None),
        ("", None),
        (0, None),
    ],
)
def test_published_forms(value: object, expected: int | None) -> None:
    assert epoch_ms(value, "StartTimestamp") == expected


@pytest.mark.parametrize(
    "value",
    ["yyyy-mm-ddThh:mm:ssZ", "2019-02-30T00:00:00Z", "2019-08-13T25:00:00Z", "yesterday", "+12065550100", "-5", -5,
     True, [], {}, float("nan"), float("inf"), "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", 10**15, "9" * 17,
     "١٥٧١٣٦٠١٢٥"],
)  # fmt: skip
def test_nonsense_is_refused_without_telling_it(value: object) -> None:
    with pytest.raises(RecordError, match=r"^StartTimestamp is no time") as raised:
        epoch_ms(value, "StartTimestamp")
    assert str(value) not in str(raised.value)


@given(MOMENTS)
def test_forms_of_one_instant_agree(moment: datetime) -> None:
    expected = round((moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) / timedelta(milliseconds=1))
    forms = [expected, str(expected), expected / 1000, moment.isoformat(), f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"]
    assert {epoch_ms(form, "f") for form in forms} == {expected}


def test_forms_are_told() -> None:
    assert [time_form(each) for each in ("1571360125131", 1571360125131, "2019-08-13T20:52:30Z", None)] == [
        "text of epoch", "number", "ISO 8601", "nothing",
    ]  # fmt: skip


def test_durations_are_whole_seconds() -> None:
    assert (whole_ms(33, "f"), whole_ms("33", "f"), whole_ms(None, "f")) == (33_000, 33_000, None)
    for value in (True, "x", -1, [], "1e3"):
        with pytest.raises(RecordError, match="f is no number of seconds"):
            whole_ms(value, "f")
