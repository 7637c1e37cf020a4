"""What files hold is told by looking, and a broken part costs nothing but itself."""

from __future__ import annotations

import base64
import gzip
import json
import random
from itertools import pairwise

import pytest
from builders.published_records import CONTACT_RECORD
from builders.record_values import changed
from hypothesis import given
from hypothesis import strategies as st

from callbeam.records import BadRecord, containers, read_records
from callbeam.records.containers import MOST_BAD, Found, contents, read_objects

RECORDS = [{"ContactId": f"c-{n}", "Attributes": {"a": "x}{[\n]", "b": [n, {"c": "é"}]}} for n in range(5)]
LINES = [json.dumps(record) for record in RECORDS]
ARRANGEMENTS = {
    "lines": "\n".join(LINES) + "\n",
    "lines of DOS": "\r\n".join(LINES),
    "concatenated": "".join(LINES),
    "array": json.dumps(RECORDS),
    "pretty array": json.dumps(RECORDS, indent=2, ensure_ascii=False),
    "pretty one after another": "\n".join(json.dumps(record, indent=2) for record in RECORDS),
    "lines of arrays": f"[{LINES[0]},{LINES[1]}]\n[{', '.join(LINES[2:])}]",
    "with commas": ",\n".join(LINES),
    "byte order mark": "\ufeff" + "\n".join(LINES),
}


def found(data: bytes | str) -> list[Found]:
    objects = list(read_objects(data, "f"))
    assert not [each for each in objects if isinstance(each, BadRecord)]
    return [each for each in objects if isinstance(each, Found)]


@pytest.mark.parametrize("window", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_arrangements(name: str, window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "WINDOW_BYTES", window)
    data = ARRANGEMENTS[name].encode()
    for form in (data, gzip.compress(data), gzip.compress(data[:40]) + gzip.compress(data[40:])):
        assert [each.record for each in found(form)] == RECORDS


@pytest.mark.parametrize("window", [1, 64, 1 << 20])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_text_as_windows_writes_it(encoding: str, window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "WINDOW_BYTES", window)
    data = ARRANGEMENTS["byte order mark"].replace("\n", "\r\n").encode(encoding)
    data = ARRANGEMENTS["lines"].encode(encoding) if encoding == "utf-16" else data
    for form in (data, gzip.compress(data)):
        assert [each.record for each in found(form)] == RECORDS


@pytest.mark.parametrize(
    ("begin", "reason"),
    [(b"PK\x03\x04", "a zip archive: unpack it"), (b"BZh9", "bzip2"), (b"RIFF", "a sound file"),
     (b"ID3", "a sound file"), (b"PAR1", "Parquet"), (b"\x00\x01", "no text")],
)  # fmt: skip
def test_what_is_no_text_is_named(begin: bytes, reason: str) -> None:
    (only,) = read_objects(begin + bytes(range(256)), "f")
    assert isinstance(only, BadRecord)
    assert reason in only.reason


def test_places_are_told() -> None:
    assert [each.place for each in found(ARRANGEMENTS["lines"])] == [f"line {n}" for n in range(1, 6)]
    assert [each.place for each in found(ARRANGEMENTS["concatenated"])][:2] == ["line 1", "line 1, record 2"]
    pretty = json.dumps(RECORDS[0], indent=1)
    assert [each.place for each in found(f"{pretty}\n{pretty}{pretty}")] == [
        "line 1", f"line {pretty.count(chr(10)) + 2}", f"line {2 * pretty.count(chr(10)) + 2}",
    ]  # fmt: skip


@pytest.mark.parametrize("window", [5, 1 << 20])
@pytest.mark.parametrize(
    ("text", "bad", "good"),
    [
        ('{"n": 1}\n{"n": \n{"n": 3}', ["line 2"], [1, 3]),
        ('{"n": 1}\n{"n": tru}\n{"n": 3}', ["line 2"], [1, 3]),
        ('{"n": 1}\nnonsense\n{"n": 3}', ["line 2"], [1, 3]),
        ('{"n": 1}{"n": "x{"n": 3}', ["line 1, record 2"], [1]),
        ('{"n": 1}{"n": {"m": 2}{"n": 3}', ["line 1, record 2"], [1, 3]),
        ('{"n": 1}\n{"n": "x\n{"n": 3}', ["line 2"], [1, 3]),
        ('{"n": 1}\n{"n": 2', ["line 2"], [1]),
        ('[{"n": 1}, 5, "text", null, {"n": 3}]', [f"line 1, record {n}" for n in (2, 3, 4)], [1, 3]),
        ('{"n": 1}\n' + "[" * 100 + '\n{"n": 3}', [], [1, 3]),
        ('{"n": 1}\n{"a": ' + "[" * 200_000 + '\n{"n": 3}', ["line 2"], [1, 3]),
    ],
)
def test_reading_goes_on_after_a_broken_part(
    text: str, bad: list[str], good: list[int], window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "WINDOW_BYTES", max(window, len(text) // 1000))
    objects = list(read_objects(text.encode(), "f"))
    assert [each.record["n"] for each in objects if isinstance(each, Found)] == good
    assert [each.place for each in objects if isinstance(each, BadRecord)] == bad


def test_what_cannot_be_read_at_all_is_one_bad_record() -> None:
    for data, reason in (
        (b"RIFF\x00\x00WAVE", "no text"),
        (b"PAR1\x15\x04\x00", "no text"),
        (b"Dear John, call +12065550100", "neither JSON nor a list of calls"),
        (gzip.compress(b'{"a": 1}')[:11], "gzip is broken off or damaged"),
        (b"\x1f\x8bnonsense", "gzip is broken off or damaged"),
    ):
        (bad,) = (each for each in read_objects(data, "f", lambda _: False) if isinstance(each, BadRecord))
        assert (bad.source, bad.place) == ("f", "file")
        assert reason in bad.reason
        assert "0" * 11 in bad.sample or not bad.sample
    assert list(read_objects(b" \n\t", "f")) == []


def test_what_is_whole_of_a_broken_gzip_is_read() -> None:
    text = "\n".join(json.dumps({"n": n, "noise": random.Random(n).random()}) for n in range(50_000))
    compressed = gzip.compress(text.encode())
    *objects, last = read_objects(compressed[: len(compressed) // 2], "f")
    assert 20_000 < len(objects) < 30_000
    assert [each.record["n"] for each in objects if isinstance(each, Found)] == list(range(len(objects) - 1))
    assert isinstance(last, BadRecord)
    assert last.reason == "gzip is broken off or damaged"


def test_a_file_of_nothing_but_broken_parts_is_given_up() -> None:
    objects = list(read_objects('{"a"}\n' * (2 * MOST_BAD), "f"))
    assert len(objects) == MOST_BAD + 1
    assert objects[-1].reason == f"{MOST_BAD} broken parts: the rest is not read"


def test_csv_is_told_by_its_header() -> None:
    for text in ("A,B\r\n1,2\r\n", 'A;B\n"1";2', "\ufeffA\tB\n1\t2\n\n"):
        assert found(text)[0].record == {"A": "1", "B": "2"}
    objects = list(read_objects('A,B\n1,2\n1\n"3\n4",5\n1,2,3\n', "f"))
    assert [each.place for each in objects] == ["line 2", "line 3", "line 5", "line 6"]
    assert [each.reason for each in objects if isinstance(each, BadRecord)] == [
        "1 fields, but the header has 2", "3 fields, but the header has 2",
    ]  # fmt: skip


RECORD = json.dumps(CONTACT_RECORD)
ENCODED = base64.b64encode(RECORD.encode()).decode()
TWICE = base64.b64encode(gzip.compress((RECORD + "\n" + RECORD).encode())).decode()
LOGGED = {"messageType": "DATA_MESSAGE", "logGroup": "/aws/events/c", "logEvents": [{"id": "1", "message": RECORD}]}
LOGS = base64.b64encode(gzip.compress(json.dumps(LOGGED).encode())).decode()
NOTIFICATION = {"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:1:t", "Message": RECORD}
ENVELOPES = {
    # AWS Lambda developer guide: events of Kinesis, SQS and SNS
    "kinesis": {"Records": [{"kinesis": {"data": ENCODED, "sequenceNumber": "1"}, "eventSource": "aws:kinesis"}]},
    "kinesis, compressed": {"Records": [{"kinesis": {"data": TWICE}}]},
    "sqs": {"Records": [{"messageId": "1", "body": RECORD, "eventSource": "aws:sqs"}]},
    "sns": {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": RECORD}}]},
    "sns within sqs": {"Records": [{"body": json.dumps(NOTIFICATION)}]},
    "receive-message": {"Messages": [{"MessageId": "1", "Body": RECORD}]},
    # Amazon Kinesis Data Streams API reference: GetRecords
    "get-records": {"Records": [{"Data": ENCODED, "PartitionKey": "1"}], "MillisBehindLatest": 0},
    # Amazon CloudWatch Logs user guide: subscriptions, to Firehose, Kinesis and Lambda
    "logs": LOGGED,
    "logs within kinesis": {"Records": [{"kinesis": {"data": LOGS}}]},
    "logs for a function": {"awslogs": {"data": LOGS}},
    # Amazon Data Firehose developer guide: data transformation
    "firehose": {"invocationId": "1", "records": [{"recordId": "1", "data": ENCODED}]},
    "eventbridge": {"detail-type": "Contact record", "source": "my.bus", "detail": CONTACT_RECORD},
}


@pytest.mark.parametrize("name", ENVELOPES)
def test_envelopes_are_opened(name: str) -> None:
    read = read_records([("f", json.dumps(ENVELOPES[name]).encode())])
    assert [contact.call_id for contact in read.contacts] == [CONTACT_RECORD["ContactId"]]
    assert read.bad == ()


@pytest.mark.parametrize(
    "envelope",
    [
        {"Records": [], "NextShardIterator": "A", "MillisBehindLatest": 0},
        {"messageType": "CONTROL_MESSAGE", "logEvents": [{"id": "", "message": "CWL CONTROL MESSAGE: ..."}]},
    ],
)
def test_envelopes_that_carry_nothing_are_no_bad_records(envelope: dict[str, object]) -> None:
    read = read_records([("f", json.dumps(envelope).encode())])
    assert (read.contacts, read.bad) == ((), ())


NO_TIME = "DisconnectTimestamp is no time: neither ISO 8601 nor a number of seconds or milliseconds since 1970"


def test_parts_of_envelopes_that_are_broken_are_told() -> None:
    broken = changed(CONTACT_RECORD, "DisconnectTimestamp", "soon")
    parts = [{"body": RECORD}, {"body": ""}, {"kinesis": {"data": "%%%"}}, {"body": "{"}, {"body": json.dumps(broken)}]
    read = read_records([("f", json.dumps({"Records": parts}).encode())])
    assert len(read.contacts) == 1
    assert [(bad.place, bad.reason) for bad in read.bad] == [
        ("line 1, part 2", "an empty part of an envelope, or none that can be opened"),
        ("line 1, part 3", "an empty part of an envelope, or none that can be opened"),
        ("line 1, part 4, line 1", "JSON is broken off"),
        ("line 1, part 5", f"contact_record: {NO_TIME}"),
    ]  # fmt: skip


def test_envelopes_without_end_are_not_opened() -> None:
    envelope: object = CONTACT_RECORD
    for _ in range(9):
        envelope = {"Records": [{"body": json.dumps(envelope)}]}
    (bad,) = read_records([("f", json.dumps(envelope).encode())]).bad
    assert bad.reason == "more than 6 envelopes within each other"
    assert contents({"Records": []}) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=3), max_size=6), st.sampled_from(["", "\n", ", "]))
def test_any_objects_come_back(records: list[dict[str, object]], between: str) -> None:
    text = between.join(json.dumps(record) for record in records)
    objects = list(read_objects(text, "f"))
    assert json.dumps([each.record for each in objects]) == json.dumps(records)


@given(st.binary(max_size=300))
def test_no_bytes_are_too_strange(data: bytes) -> None:
    for each in read_objects(data, "f"):
        assert isinstance(each, (Found, BadRecord))


@given(st.integers(0, len(RECORD) - 1), st.integers(0, 3))
def test_a_record_cut_anywhere_costs_itself_alone(cut: int, which: int) -> None:
    lines = [json.dumps({"n": n, "of": CONTACT_RECORD}) for n in range(4)]
    lines[which] = lines[which][: cut + 1]
    objects = list(read_objects("\n".join(lines), "f"))
    numbers = [each.record["n"] for each in objects if isinstance(each, Found) and "n" in each.record]
    assert numbers == [n for n in range(4) if n != which]
    assert all(one < other for one, other in pairwise(numbers))
