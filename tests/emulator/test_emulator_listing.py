"""boto3 against ListFragments."""

from __future__ import annotations

import time

import pytest
import requests
from botocore.exceptions import ClientError
from builders.fragments import START_MS, make_fragment


def span(start_ms, end_ms, by="SERVER_TIMESTAMP"):
    return {
        "FragmentSelectorType": by,
        "TimestampRange": {"StartTimestamp": start_ms / 1000, "EndTimestamp": end_ms / 1000},
    }


def list_all(archived, most=1000, **selector):
    pages = [archived.list_fragments(StreamName="calls", MaxResults=most, **selector)]
    while "NextToken" in pages[-1]:
        # as AWS's own sample does, a continued call gives nothing but stream and token
        pages.append(archived.list_fragments(StreamName="calls", NextToken=pages[-1]["NextToken"]))
    return pages


def numbers_of(pages):
    return [int(row["FragmentNumber"]) for page in pages for row in page.get("Fragments") or []]


def test_pages_hold_each_fragment_once_in_no_order(emulate):
    _, (_, archived, _), numbers = emulate(95)
    pages = list_all(archived, most=10, FragmentSelector=span(START_MS, START_MS + 200_000))
    found = numbers_of(pages)
    assert len(pages) == 10
    assert found != sorted(found)
    assert sorted(found) == numbers
    assert numbers_of(list_all(archived, most=10, FragmentSelector=span(START_MS, START_MS + 200_000))) == found


@pytest.mark.parametrize(("order", "reverse"), [("number", False), ("reversed", True)])
def test_the_order_is_a_switch(emulate, order, reverse):
    _, (_, archived, _), numbers = emulate(30, listing_order=order)
    pages = list_all(archived, most=7, FragmentSelector=span(START_MS, START_MS + 200_000))
    assert numbers_of(pages) == sorted(numbers, reverse=reverse)


def test_the_range_is_inclusive_and_selects_by_start(emulate):
    _, (_, archived, _), numbers = emulate(6)
    found = numbers_of(list_all(archived, FragmentSelector=span(START_MS + 1000, START_MS + 3000)))
    assert sorted(found) == numbers[1:4]
    found = numbers_of(list_all(archived, FragmentSelector=span(START_MS + 1001, START_MS + 2999)))
    assert found == numbers[2:3]
    by_producer = span(START_MS + 1126, START_MS + 2126, "PRODUCER_TIMESTAMP")
    assert sorted(numbers_of(list_all(archived, FragmentSelector=by_producer))) == numbers[1:3]
    assert numbers_of(list_all(archived, FragmentSelector=span(START_MS + 1127, START_MS + 1127))) == []


def test_a_row_tells_times_in_milliseconds_length_and_size(emulate):
    _, (_, archived, _), numbers = emulate(1)
    (row,) = archived.list_fragments(StreamName="calls", FragmentSelector=span(START_MS, START_MS))["Fragments"]
    assert round(row["ServerTimestamp"].timestamp() * 1000) == START_MS
    assert round(row["ProducerTimestamp"].timestamp() * 1000) == START_MS + 126
    assert row["FragmentSizeInBytes"] == len(make_fragment(0))
    assert (
        row["FragmentLengthInMilliseconds"] == 3 * 64
    )  # four blocks a track: from the first one's start to the last's
    assert row["FragmentNumber"] == str(numbers[0])


def test_fragments_that_arrive_between_pages_upset_nothing(emulate):
    kvs, (_, archived, _), numbers = emulate(40)
    selector = span(START_MS, START_MS + 1_000_000)
    page = archived.list_fragments(StreamName="calls", MaxResults=10, FragmentSelector=selector)
    for index in range(40, 60):
        kvs.add_fragment("calls", make_fragment(index), server_ms=START_MS + 1000 * index, producer_ms=None)
    found = numbers_of([page])
    while "NextToken" in page:
        page = archived.list_fragments(StreamName="calls", NextToken=page["NextToken"])
        found += numbers_of([page])
    assert len(found) == len(set(found))
    assert set(numbers) <= set(found)


def test_page_cap_empty_page_and_absent_key_are_switches(emulate):
    _, (_, archived, _), numbers = emulate(
        10, listing_page_cap=4, listing_empty_first_page=True, listing_omits_empty=True
    )
    pages = list_all(archived, FragmentSelector=span(START_MS, START_MS + 200_000))
    assert "Fragments" not in pages[0]
    assert [len(page["Fragments"]) for page in pages[1:]] == [4, 4, 2]
    assert sorted(numbers_of(pages)) == numbers


def test_an_empty_stream_lists_nothing(emulate):
    _, (_, archived, _), _ = emulate()
    answer = archived.list_fragments(StreamName="calls", FragmentSelector=span(START_MS, START_MS + 1))
    assert answer["Fragments"] == []
    assert "NextToken" not in answer


def test_a_late_listing_is_a_switch(emulate):
    _, (_, archived, _), numbers = emulate(3, listing_lag_s=0.5)
    selector = span(START_MS, START_MS + 10_000)
    assert numbers_of(list_all(archived, FragmentSelector=selector)) == []
    time.sleep(0.6)
    assert sorted(numbers_of(list_all(archived, FragmentSelector=selector))) == numbers


def post(kvs, body):
    return requests.post(f"{kvs.endpoint_url}/listFragments", json=body, timeout=10)


@pytest.mark.parametrize(
    ("switch", "code", "status"),
    [("InternalFailure", "InternalFailure", 500), ("InvalidArgument", "InvalidArgumentException", 400)],
)
def test_neither_selector_nor_token(emulate, switch, code, status):
    kvs, _, _ = emulate(1, missing_selector=switch)
    answer = post(kvs, {"StreamName": "calls"})
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (status, code)


@pytest.mark.parametrize(
    "change",
    [
        {"MaxResults": 0},
        {"MaxResults": 1001},
        {"MaxResults": "5"},
        {"NextToken": "AAAA"},
        {"NextToken": "bnVsbA=="},
        {"FragmentSelector": {"FragmentSelectorType": "OTHER"}},
        {"FragmentSelector": {"FragmentSelectorType": "SERVER_TIMESTAMP"}},
        {"FragmentSelector": {"FragmentSelectorType": "SERVER_TIMESTAMP", "TimestampRange": {"StartTimestamp": 1}}},
        {"FragmentSelector": span(2000, 1000)},
        {"FragmentSelector": []},
        {"StreamName": "a b"},
    ],
)
def test_what_breaks_a_rule_is_refused(emulate, change):
    kvs, _, _ = emulate(1)
    answer = post(kvs, {"StreamName": "calls", "FragmentSelector": span(0, 1), **change})
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, "InvalidArgumentException")


def test_timestamps_are_whole_or_fractional_seconds(emulate):
    kvs, _, numbers = emulate(3)
    for start, end in ((START_MS // 1000, START_MS // 1000 + 1), (START_MS / 1000, START_MS / 1000 + 1.0)):
        time_range = {"StartTimestamp": start, "EndTimestamp": end}
        selector = {"FragmentSelectorType": "SERVER_TIMESTAMP", "TimestampRange": time_range}
        rows = post(kvs, {"StreamName": "calls", "FragmentSelector": selector}).json()["Fragments"]
        assert sorted(int(row["FragmentNumber"]) for row in rows) == numbers[:2]


def test_retention_hides_what_is_past_it_and_refuses_a_range_before_it(emulate):
    now_s = START_MS / 1000 + 3600 + 2.5
    _, (control, archived, _), numbers = emulate(6, apply_retention=True, clock=lambda: now_s)
    info = control.describe_stream(StreamName="calls")["StreamInfo"]
    control.update_data_retention(
        StreamName="calls",
        CurrentVersion=info["Version"],
        Operation="DECREASE_DATA_RETENTION",
        DataRetentionChangeInHours=87_599,
    )
    assert sorted(numbers_of(list_all(archived, FragmentSelector=span(0, now_s * 1000)))) == numbers[3:]
    with pytest.raises(ClientError, match=r"End timestamp .* is outside of the stream retention period"):
        archived.list_fragments(StreamName="calls", FragmentSelector=span(0, START_MS))
    version = control.describe_stream(StreamName="calls")["StreamInfo"]["Version"]
    control.update_data_retention(
        StreamName="calls", CurrentVersion=version, Operation="INCREASE_DATA_RETENTION", DataRetentionChangeInHours=9
    )
    found = numbers_of(list_all(archived, FragmentSelector=span(0, now_s * 1000)))
    assert sorted(found) == numbers[3:], "what was removed stays removed"


def test_a_stream_without_retention_lists_nothing(emulate):
    _, (control, archived, _), _ = emulate()
    control.create_stream(StreamName="live")
    with pytest.raises(ClientError, match="outside of the stream retention period"):
        archived.list_fragments(StreamName="live", FragmentSelector=span(0, 1000))
