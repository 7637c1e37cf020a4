"""One prefix with everything in it, and objects of any content: nothing stops the reading, nothing is silent."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from typing import Any

import pytest
from builders.published_records import ALL, CONTACT_ID, STREAM, TRANSACTION, flow_log
from builders.record_values import places
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.records import PRECEDENCE, PUBLISHERS, BadRecord, Keeping, identify_record, read_records, read_statements
from callbeam.records.record_values import end_of_arn, identifier, instance_of_arn, stream_arn


def test_each_kind_is_told_from_all_others() -> None:
    assert {publisher.source for publisher in PUBLISHERS} == set(PRECEDENCE) == set(ALL)
    for kind, record in ALL.items():
        found = identify_record(record)
        assert found is not None
        assert found.source == kind


@pytest.mark.parametrize(
    "record",
    [{}, {"hello": "world"}, {"detail-type": "Chime Meeting State Change", "detail": {"meetingId": "m"}},
     {"detail-type": "Contact Lens Post Call Rules Matched", "source": "aws.connect", "detail": {"contactArn": "arn"}},
     {"JobStatus": "COMPLETED", "ContactId": "c", "Transcript": [], "LanguageCode": "en-US"}],
)  # fmt: skip
def test_records_of_nobody_are_told(record: dict[str, Any]) -> None:
    assert identify_record(record) is None
    (bad,) = read_records([("f", json.dumps(record).encode())]).bad
    assert bad.reason == "a record of no publisher that is read"


def test_a_log_of_a_flow_says_what_it_is_and_nothing_that_was_entered() -> None:
    (bad,) = read_records([("f", json.dumps(flow_log()).encode())]).bad
    assert bad.reason.startswith("an entry of a flow's log")
    assert "give contact records" in bad.reason
    assert "2065550100" not in repr(bad)


def test_a_prefix_with_everything() -> None:
    rows = f"ContactId,StreamARN,StartFragmentNumber\n{CONTACT_ID},{STREAM},5\nc-2,{STREAM},\n"
    files = [
        ("mixed.gz", gzip.compress("".join(json.dumps(record) for record in ALL.values()).encode())),
        ("calls.csv", rows.encode()),
        ("_SUCCESS", b""),
        ("notes.txt", b"Dear all,\nhello"),
        ("call.wav", b"RIFF\0\0\0\0WAVEfmt "),
        ("lines.jsonl", b'{"ContactId": "c-2"}\n{broken\n{"a": 1}\n'),
    ]
    read = read_records(iter(files))
    assert [contact.call_id for contact in read.contacts] == sorted([CONTACT_ID, TRANSACTION, "c-2"])
    assert [(bad.source, bad.place) for bad in read.bad] == [
        ("notes.txt", "file"), ("call.wav", "file"), ("lines.jsonl", "line 2"), ("lines.jsonl", "line 3"),
    ]  # fmt: skip
    assert {kind: read.forms[kind] for kind in ALL} == dict.fromkeys(ALL, 1) | {"call_list": 4}


def test_statements_are_had_without_merging() -> None:
    counted: Counter[str] = Counter()
    text = "\n".join(json.dumps(record) for record in ALL.values())
    statements = list(read_statements(text, "f", Keeping(), counted))
    assert {each.source for each in statements if not isinstance(each, BadRecord)} == set(ALL)
    assert counted["contact_record"] == 1
    assert list(read_statements(text, "f", Keeping())) == statements


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.builds(list), st.builds(dict),
    st.lists(st.integers() | st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.text(), max_size=2),
    st.sampled_from(["VOICE", "1706238461131", "2024-01-26T03:07:41Z", STREAM, "c-1", "5", "True", "\ud800"]),
)  # fmt: skip


def put(record: Any, place: tuple[Any, ...], value: object) -> None:
    """Put a value into a place of a record, unless an earlier one has taken that away."""
    *parents, name = place
    try:
        for parent in parents:
            record = record[parent]
        record[name] = value
    except (KeyError, IndexError, TypeError):
        pass


@settings(deadline=None)
@given(st.sampled_from(sorted(ALL)), st.data())
def test_any_value_in_any_field_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    record = json.loads(json.dumps(ALL[kind]))
    for place in data.draw(st.lists(st.sampled_from(places(ALL[kind])), max_size=4)):
        put(record, place[: data.draw(st.integers(1, len(place)))], data.draw(ODD))
    read = read_records([("f", json.dumps(record).encode())], Keeping(frozenset({"orderId"}), b"k" * 16))
    told = sum(count for form, count in read.forms.items() if ":" not in form)
    assert told + len(read.bad) == 1
    repr(read).encode()  # no half characters, which no table can hold


@pytest.mark.parametrize(
    "data",
    [b"{" * 300_000, b'{"a":' * 100_000, b"[" * 300_000, b'{"a": x\n' + b"{ " * 300_000, b'{"a": "' + b"x" * 20_000_000,
     b"1 " * 500_000, b'{"a"}' * 100_000, b"}{" * 200_000, b'{"a": 1}' * 1_000 + b'"' * 300_000],
    ids=["braces", "deep", "brackets", "broken", "long", "numbers", "bad", "turned", "quotes"],
)  # fmt: skip
def test_absurd_files_are_cheap(data: bytes) -> None:
    begun = time.process_time()
    assert read_records([("f", data)]).contacts == ()
    assert time.process_time() - begun < 8  # by itself a fraction of a second


def test_many_sessions_of_one_contact_are_cheap() -> None:
    rows = [f"c-1,{STREAM},{at if at % 2 else ''},{1_571_360_125_131 + at * 5000}" for at in range(2000)]
    begun = time.process_time()
    text = "ContactId,StreamARN,StartFragmentNumber,StartTimestamp\n" + "\n".join(rows)
    (contact,) = read_records([("f", text.encode())]).contacts
    assert len(contact.sessions) == 2000
    assert time.process_time() - begun < 20


def test_identifiers_are_no_numbers_of_telephones() -> None:
    for value in ("12065550100", "0012065550100", "5550100", "+1", "a b", "a@b", "", "x" * 257, None, 5):
        assert identifier(value) is None
    for value in ("12345678-1234-1234", "ContactId-1", "1112-2222-4333", "7", "bfggco08s5m5esgxfskzks"):
        assert identifier(value) == value


def test_ends_of_arns() -> None:
    for arn in ("arn:aws:connect:r:1:instance/i-1/queue/q-1", "arn:aws::connect:r:1:instance/i-1/queue/q-1",
                "arn:aws-us-gov:connect:r:1:instance/i-1/queue/agent/q-1"):  # fmt: skip
        assert (end_of_arn(arn, "queue"), instance_of_arn(arn), end_of_arn(arn, "agent")) == ("q-1", "i-1", None)
    assert instance_of_arn("i-1") == "i-1"
    for arn in ("arn", "", None, 5, "arn:aws:connect:r:1:instance/i-1/queue/+12065550100", "x" * 5000):
        assert end_of_arn(arn, "queue") is None
    assert stream_arn(f" {STREAM} ", "f") == STREAM
