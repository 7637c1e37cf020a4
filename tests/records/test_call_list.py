"""A user's list of calls: its columns, its rows, and one clear line for a name that is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders.published_records import CALL, FIRST, FLOW_EVENT, NUMBER, STREAM, TRANSACTION

from callbeam.errors import UsageError
from callbeam.records import COLUMNS, Contact, Keeping, read_records, subject_key

SECRET = b"a secret of 16 b"


def rows(text: str, keeping: Keeping | None = None) -> tuple[Contact, ...]:
    read = read_records([("calls.csv", text.encode())], keeping)
    assert read.bad == ()
    return read.contacts


def csv_of(**cells: str) -> str:
    return f"{','.join(cells)}\n{','.join(cells.values())}\n"


def test_csv_and_json_and_the_event_tell_the_same() -> None:
    keeping = Keeping(subject_secret=SECRET)
    (row,) = rows(csv_of(**CALL), keeping)
    assert row.sessions[0].first_fragment == FIRST
    assert row.subject_key == subject_key(NUMBER, SECRET)
    for text in (json.dumps([CALL]), json.dumps(CALL), json.dumps({**CALL, "StartTimestamp": 1706238461131})):
        assert rows(text, keeping) == (row,)
    (event,) = read_records([("e.json", json.dumps(FLOW_EVENT).encode())]).contacts
    assert row.sessions == event.sessions


@pytest.mark.parametrize(
    ("cells", "call_id", "system"),
    [
        ({"ContactId": "c-1"}, "c-1", "connect"),
        ({"ContactId": "", "TransactionId": TRANSACTION}, TRANSACTION, "chime"),
        ({"CallId": "abc-1"}, "abc-1", "chime"),
        ({"StreamARN": STREAM, "StartFragmentNumber": "7"}, f"{STREAM.split('/')[1]}#7", "connect"),
        ({"StreamARN": STREAM, "StartPosition": "7"}, f"{STREAM.split('/')[1]}#7", "connect"),
    ],
)
def test_what_names_a_call(cells: dict[str, str], call_id: str, system: str) -> None:
    (row,) = rows(csv_of(**cells))
    assert (row.call_id, row.system) == (call_id, system)


@pytest.mark.parametrize(
    ("track", "tracks"),
    [("FromCustomer", ("AUDIO_FROM_CUSTOMER",)), ("to customer", ("AUDIO_TO_CUSTOMER",)), ("", ()), ("LEG", ("LEG",)),
     ("Both", ("AUDIO_FROM_CUSTOMER", "AUDIO_TO_CUSTOMER"))],
)  # fmt: skip
def test_tracks_and_roles(track: str, tracks: tuple[str, ...]) -> None:
    (row,) = rows(csv_of(TransactionId="t-1", StreamARN=STREAM, Track=track, Role="agent"))
    (session,) = row.sessions
    assert (session.tracks, session.role, session.role_source) == (tracks, "AGENT", "call_list")


def test_spans() -> None:
    (row,) = rows(
        csv_of(
            ContactId="c-1",
            exclude_spans="2024-01-26T03:07:50Z/2024-01-26T03:07:55Z;1706238462000/1706238463000",
            include_spans="1706238461/1706238492",
        )
    )
    assert row.exclude_spans == ((1_706_238_462_000, 1_706_238_463_000), (1_706_238_470_000, 1_706_238_475_000))
    assert row.include_spans == ((1_706_238_461_000, 1_706_238_492_000),)
    (same,) = rows(json.dumps({"ContactId": "c-1", "include_spans": [[1706238461, "1706238492"]]}))
    assert same.include_spans == row.include_spans


def test_several_rows_of_a_contact_are_several_sessions() -> None:
    text = "ContactId;StreamARN;StartFragmentNumber\n" + "".join(f"c-1;{STREAM};{n}\n" for n in (30, 4, 30))
    (row,) = rows(text)
    assert [session.first_fragment for session in row.sessions] == ["4", "30"]


def test_attributes_that_the_caller_names_may_be_columns() -> None:
    keeping = Keeping(frozenset({"orderId"}))
    (row,) = rows(csv_of(ContactId="c-1", orderId="A 7"), keeping)
    assert row.attributes == (("orderId", "A 7"),)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("ContactID,StartTimestamp", "calls.csv: there is no column ContactID; ContactId?"),
        ("contact id,StartTimestamp", "calls.csv: there is no column contact id; ContactId?"),
        ("ContactId,exclude_span", "calls.csv: there is no column exclude_span; exclude_spans?"),
        ("ContactId,StartFragmentNo", "calls.csv: there is no column StartFragmentNo; StartFragmentNumber?"),
        ("ContactId,shoe size", "calls.csv: the name of column 2 is not known; columns are ContactId, TransactionId,"),
        (f"ContactId,{NUMBER}", "calls.csv: the name of column 2 is not known; columns are ContactId,"),
        ("ContactId,ContactId", "calls.csv: column ContactId is there twice"),
        (
            "StartTimestamp,Track",
            "calls.csv: a list of calls needs a column ContactId, TransactionId, CallId or Stream",
        ),
    ],
)
def test_a_misspelt_column_is_one_clear_line(header: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        rows(header + "\nc-1,1706238461131\n")
    assert str(raised.value).startswith(message)
    assert NUMBER not in str(raised.value)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"ContactId": ""}, "none of ContactId, TransactionId, CallId, StreamARN is there"),
        ({"StreamARN": STREAM}, "StreamARN alone names no call: StartFragmentNumber or ContactId is missing"),
        ({"ContactId": NUMBER}, "ContactId is no identifier"),
        ({"ContactId": "c", "StreamARN": "a-stream"}, "StreamARN is no ARN of a stream of Kinesis Video Streams"),
        ({"ContactId": "c", "Track": "left"}, "Track is none of FromCustomer, ToCustomer, Both, Leg"),
        ({"ContactId": "c", "Track": 1}, "Track is none of FromCustomer"),
        ({"ContactId": "c", "Role": "boss"}, "Role is neither CUSTOMER nor AGENT"),
        ({"ContactId": "c", "StreamARN": STREAM, "StartTimestamp": "noon"}, "StartTimestamp is no time"),
        ({"ContactId": "c", "exclude_spans": "1706238461131"}, "exclude_spans is no list of begin/end"),
        ({"ContactId": "c", "exclude_spans": [1]}, "exclude_spans is no list of begin/end"),
        ({"ContactId": "c", "exclude_spans": "1706238463000/1706238462000"}, "exclude_spans has a span that does not"),
        ({"ContactId": "c", "exclude_spans": "0/5"}, "exclude_spans has a span that does not"),
        ({"ContactId": "c", "exclude_spans": "5e9/6e9"}, "exclude_spans is no time"),
        ({"ContactId": "c", "exclude_span": ""}, "there is no column exclude_span; exclude_spans?"),
    ],
)
def test_bad_rows(record: dict[str, Any], reason: str) -> None:
    read = read_records([("calls.json", json.dumps([{"ContactId": "good"}, record]).encode())])
    assert [contact.call_id for contact in read.contacts] == ["good"]
    (bad,) = read.bad
    assert bad.reason.startswith(f"call_list: {reason}")
    assert bad.place == "line 1, record 2"


def test_columns_are_said() -> None:
    assert len(COLUMNS) == len(set(COLUMNS))
    (row,) = rows(",".join(COLUMNS) + "\nc-1" + "," * (len(COLUMNS) - 1) + "\n")
    assert row == Contact(call_id="c-1", system="connect", sources=("call_list",))
