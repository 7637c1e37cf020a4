"""Records come more than once and in any order; what they come to is always the same."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from builders.published_records import (
    AGENT_EVENT,
    ALL_STARTED,
    CALL,
    CALL_DETAIL,
    CONTACT_EVENT,
    CONTACT_RECORD,
    FIRST,
    FLOW_EVENT,
    SIPREC,
    STREAM,
    STREAMING_DETAIL,
    streaming_event,
)
from builders.record_values import changed
from hypothesis import given
from hypothesis import strategies as st

from callbeam.records import (
    PRECEDENCE,
    Contact,
    ContactFacts,
    Mark,
    Statement,
    StreamingSession,
    merge_statements,
    read_records,
)
from callbeam.records.session_merging import merged_sessions


def read(*records: dict[str, Any]) -> tuple[Contact, ...]:
    return read_records([("f", "".join(json.dumps(record) for record in records).encode())]).contacts


def record(updated: str | None, **fields: Any) -> dict[str, Any]:
    return CONTACT_RECORD | {"LastUpdateTimestamp": updated} | fields


def test_the_latest_contact_record_speaks_alone() -> None:
    old = record("2024-01-26T03:09:50Z")
    new = record("2024-01-26T04:00:00Z", NextContactId=None, Agent=None, Attributes=None, DisconnectReason="OTHER")
    for order in ([old, new], [new, old], [new, old, old, new]):
        (found,) = read(*order)
        assert (found.next_contact_id, found.agent_id, found.disconnect_reason) == (None, None, "OTHER")
        assert "agent_connected" not in {mark.kind for mark in found.marks}
        assert found.last_update_ms == 1_706_241_600_000


def test_what_was_streamed_stays_known_when_a_later_copy_has_no_recordings() -> None:
    (found,) = read(record("2024-01-26T03:09:50Z"), record("2024-01-26T04:00:00Z", Recordings=None, Recording=None))
    assert [session.first_fragment for session in found.sessions] == [FIRST]
    assert len(found.recordings) == 1


def test_a_later_copy_corrects_a_session() -> None:
    later = changed(record("2024-01-26T04:00:00Z"), "Recordings.1.FragmentStopNumber", "99")
    (found,) = read(later, record("2024-01-26T03:09:50Z"))
    assert [session.last_fragment for session in found.sessions] == ["99"]


def test_copies_of_the_same_time_are_decided_by_what_they_tell() -> None:
    less = record("2024-01-26T03:09:50Z", Agent=None)
    for order in ([less, record("2024-01-26T03:09:50Z")], [record("2024-01-26T03:09:50Z"), less]):
        assert read(*order)[0].agent_id is not None
    one, other = (record(None, InitiationMethod=word) for word in ("API", "CALLBACK"))
    assert read(one, other) == read(other, one)


def test_a_list_of_calls_is_believed_before_a_contact_record() -> None:
    (found,) = read(CONTACT_RECORD, CALL | {"PreviousContactId": "p-1", "NextContactId": None})
    assert found.previous_contact_id == "p-1"
    assert found.next_contact_id == CONTACT_RECORD["NextContactId"]


SESSION = StreamingSession(stream_arn=STREAM, first_fragment="5", start_ms=1_706_238_461_131)


def sessions(*told: StreamingSession) -> tuple[StreamingSession, ...]:
    made = [
        Statement(call_id="c", system="connect", source=PRECEDENCE[at % len(PRECEDENCE)], sessions=(each,))
        for at, each in enumerate(told)
    ]
    expected = merged_sessions(made)
    for _ in range(6):
        random.Random(len(made)).shuffle(made)
        assert merged_sessions(made) == expected
    return expected


@pytest.mark.parametrize(
    ("told", "starts"),
    [
        ([{}], [1131]),
        ([{"first_fragment": None, "start_ms": 1_706_238_461_000}], [1000]),  # a contact record's whole seconds
        ([{"first_fragment": None, "start_ms": None}], [1131]),
        ([{"first_fragment": None, "start_ms": 1_706_238_469_000}], [1131, 9000]),
        ([{"first_fragment": "6", "start_ms": 1_706_238_461_131}], [1131, 1131]),
        ([{"first_fragment": "6"}, {"first_fragment": None, "start_ms": None}], [1131, 1131]),
        ([{"stream_arn": STREAM + "1", "first_fragment": None}], [1131, 1131]),
        ([{"first_fragment": None, "start_ms": 1_706_238_460_000 + n} for n in (9000, 10_500)], [1131, 10_500]),
    ],
)  # fmt: skip
def test_which_sessions_are_the_same(told: list[dict[str, Any]], starts: list[int]) -> None:
    base = {"stream_arn": STREAM, "first_fragment": "5", "start_ms": SESSION.start_ms}
    found = sessions(SESSION, *(StreamingSession(**(base | each)) for each in told))
    assert [(session.start_ms or 0) - 1_706_238_460_000 for session in found] == starts


MADE = [
    CONTACT_RECORD,
    record("2024-01-26T04:00:00Z", Recordings=None),
    record("2024-01-26T04:00:00Z", Agent=None),
    FLOW_EVENT,
    AGENT_EVENT,
    CONTACT_EVENT,
    CALL,
    {**CALL, "StartFragmentNumber": None},
    {**CALL, "StartFragmentNumber": None, "StartTimestamp": None, "Role": "AGENT"},
    changed(CONTACT_EVENT, "detail.eventType", "DISCONNECTED"),
    *(streaming_event(status, leg) for status in ("STARTED", "ENDED") for leg in "ab"),
    streaming_event("STARTED", siprecMetadata=SIPREC, sdp={"mediaLabel": "1"}),
    streaming_event("UPDATED", siprecMetadata=SIPREC.replace("complete", "partial")),
    streaming_event("ENDED", "b", transactionId=...),
    streaming_event("FAILED"),
    ALL_STARTED,
    STREAMING_DETAIL,
    CALL_DETAIL,
]


@given(st.lists(st.sampled_from(MADE), max_size=14), st.randoms(use_true_random=False), st.integers(1, 4))
def test_the_order_and_the_files_do_not_matter(
    records: list[dict[str, Any]], chance: random.Random, files: int
) -> None:
    expected = read(*records)
    again = [*records, *records[: len(records) // 2]]
    chance.shuffle(again)
    parts = ["".join(json.dumps(each) for each in again[at::files]).encode() for at in range(files)]
    assert read_records([(f"f{at}", part) for at, part in enumerate(parts)]).contacts == expected


IDS = st.sampled_from(["a", "b", "c"])
TIMES = st.none() | st.integers(1_706_238_460_000, 1_706_238_470_000)
MADE_SESSIONS = st.builds(
    StreamingSession,
    stream_arn=st.sampled_from([STREAM, STREAM + "1"]),
    first_fragment=st.none() | st.sampled_from(["5", "6"]),
    last_fragment=st.none() | st.sampled_from(["8", "9"]),
    start_ms=TIMES,
    stop_ms=TIMES,
    is_caller=st.none() | st.booleans(),
    role=st.none() | st.sampled_from(["CUSTOMER", "AGENT"]),
)
STATEMENTS = st.builds(
    Statement,
    call_id=IDS,
    system=st.sampled_from(["connect", "chime"]),
    source=st.sampled_from(PRECEDENCE),
    said_ms=st.integers(0, 3),
    aliases=st.lists(IDS, max_size=2).map(tuple),
    facts=st.builds(ContactFacts, agent_id=st.none() | IDS, disconnect_ms=TIMES, direction=st.just("INBOUND")),
    sessions=st.lists(MADE_SESSIONS, max_size=3).map(tuple),
    marks=st.lists(st.builds(Mark, st.integers(0, 5), IDS, IDS), max_size=2).map(tuple),
    attributes=st.lists(st.tuples(IDS, IDS), max_size=2).map(tuple),
    recordings=st.lists(IDS, max_size=2).map(tuple),
    caller_key=st.none() | IDS,
)


@given(st.lists(STATEMENTS, max_size=8).flatmap(lambda made: st.tuples(st.just(made), st.permutations(made))))
def test_any_statements_merge_in_any_order(pair: tuple[list[Statement], list[Statement]]) -> None:
    made, shuffled = pair
    assert merge_statements(shuffled + made[:3]) == merge_statements(made)


def test_what_is_told_again_and_again_takes_no_memory() -> None:
    statement = Statement(
        call_id="c", system="connect", source="agent_event", marks=(Mark(1, "queued", "agent_event"),)
    )
    (found,) = merge_statements(statement for _ in range(100_000))
    assert found.marks == statement.marks


def under(name: str, *aliases: str) -> Statement:
    return Statement(call_id=name, system="chime", source="call_list", aliases=aliases, marks=(Mark(1, name, "x"),))


@given(
    st.permutations([under("x-1", "t-1"), under("t-1", "c-1"), under("c-1", "d-1"), under("d-1"), under("t-2", "c-2")])
)
def test_identifiers_of_identifiers_lead_to_one_call(statements: list[Statement]) -> None:
    first, second = merge_statements(statements)
    assert (first.call_id, first.aliases) == ("t-2", ("c-2",))
    assert (second.call_id, second.aliases) == ("x-1", ("c-1", "d-1", "t-1"))
    assert {mark.kind for mark in second.marks} == {"x-1", "t-1", "c-1", "d-1"}


@given(st.permutations([under("x-1", "t-1", "c-1"), under("t-1", "c-1"), under("c-1")]))
def test_an_identifier_that_one_call_has_under_two_of_its_names_is_not_in_doubt(statements: list[Statement]) -> None:
    (found,) = merge_statements(statements)
    assert (found.call_id, found.aliases) == ("x-1", ("c-1", "t-1"))


@given(st.permutations([under("t-1", "c-1"), under("t-2", "c-1"), under("c-1")]))
def test_an_identifier_that_two_calls_have_names_neither(statements: list[Statement]) -> None:
    assert [contact.call_id for contact in merge_statements(statements)] == ["c-1", "t-1", "t-2"]


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3)), max_size=8),
    st.randoms(),
)
def test_a_call_has_the_same_name_whatever_its_records_say_first(
    told: list[tuple[str, list[str]]], rng: random.Random
) -> None:
    statements = [under(name, *(alias for alias in aliases if alias != name)) for name, aliases in told]
    contacts = merge_statements(statements)
    shuffled = statements + statements[:2]
    rng.shuffle(shuffled)
    assert merge_statements(shuffled) == contacts
    kinds = [mark.kind for contact in contacts for mark in contact.marks]
    assert sorted(kinds) == sorted({name for name, _ in told}), "what each record says is in one contact"
