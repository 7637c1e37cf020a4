"""Events and records of voice connectors as they are published, and whose leg each stream is."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from builders.published_records import (
    ALL_STARTED,
    CALL_DETAIL,
    LAST,
    LEG_STREAM,
    NUMBER,
    OTHER_NUMBER,
    SIP_CALL,
    SIPREC,
    SIPREC_AS_PUBLISHED,
    STREAMING_DETAIL,
    TRANSACTION,
    streaming_event,
)
from builders.record_values import changed

from callbeam.records import (
    Contact,
    Keeping,
    Mark,
    RecordError,
    RecordsRead,
    StreamingSession,
    read_records,
    read_siprec,
    subject_key,
)

SECRET = b"a secret of 16 b"
STARTED, ENDED = (streaming_event(status) for status in ("STARTED", "ENDED"))
OTHER_STARTED, OTHER_ENDED = (streaming_event(status, "b") for status in ("STARTED", "ENDED"))
START, STOP = 1_680_732_842_238, 1_680_732_857_788


def read(*records: dict[str, Any], keeping: Keeping | None = None) -> RecordsRead:
    return read_records([("f.json", "".join(json.dumps(record) for record in records).encode())], keeping)


def contact(*records: dict[str, Any], keeping: Keeping | None = None) -> Contact:
    """Read records in some orders, which come to the same, and return the one call."""
    found = read(*records, keeping=keeping)
    assert found.bad == ()
    for order in itertools.islice(itertools.permutations(records), 24):
        assert read(*order, keeping=keeping).contacts == found.contacts
    (only,) = found.contacts
    return only


def roles(found: Contact) -> dict[str, tuple[str | None, str]]:
    return {session.stream_arn.split("-")[-1][0]: (session.role, session.role_source) for session in found.sessions}


def test_a_call_of_two_legs() -> None:
    found = contact(STARTED, OTHER_STARTED, ENDED, OTHER_ENDED, keeping=Keeping(subject_secret=SECRET))
    number = "9134385233318143734444221979459859634075494740"
    a, b = (
        StreamingSession(
            stream_arn=LEG_STREAM.format(leg), first_fragment=number + digit, last_fragment=LAST, start_ms=START,
            stop_ms=STOP, tracks=("LEG",), role=role, role_source="is_caller", is_caller=role == "CUSTOMER",
        )
        for leg, digit, role in (("a", "4", "CUSTOMER"), ("b", "9", "AGENT"))
    )  # fmt: skip
    assert found == Contact(
        call_id=TRANSACTION,
        system="chime",
        aliases=(SIP_CALL,),
        sources=("streaming_event",),
        voice_connector_id="bfggco08s5m5esgxfskzks",
        direction="INBOUND",
        subject_key=subject_key(NUMBER, SECRET),
        sessions=(a, b),
        marks=(Mark(START, "streaming_started", "streaming_event"), Mark(STOP, "streaming_ended", "streaming_event")),
    )
    assert found.ended_ms == STOP


def test_all_started_names_both_streams() -> None:
    found = contact(ALL_STARTED)
    assert [session.stream_arn for session in found.sessions] == [LEG_STREAM.format(leg) for leg in "ab"]
    assert roles(found) == {"a": (None, "unknown"), "b": (None, "unknown")}
    assert roles(contact(ALL_STARTED, STARTED)) == {"a": ("CUSTOMER", "is_caller"), "b": ("AGENT", "other_leg")}
    assert len(contact(ALL_STARTED, STARTED, OTHER_ENDED).sessions) == 2


def test_one_leg_alone_is_a_call() -> None:
    assert roles(contact(OTHER_ENDED)) == {"b": ("AGENT", "is_caller")}
    assert contact(STARTED, ENDED, OTHER_STARTED).ended_ms is None  # the other leg may go on


@pytest.mark.parametrize(
    ("value", "told", "form"),
    [(True, True, "as true or false"), (False, False, "as true or false"), ("True", True, "as text"),
     ("false", False, "as text"), (None, None, "missing"), (..., None, "missing"), ("yes", None, "as text")],
)  # fmt: skip
def test_is_caller_in_each_form(value: object, told: bool | None, form: str) -> None:
    found = read(streaming_event("STARTED", isCaller=value))
    assert found.contacts[0].sessions[0].is_caller is told
    assert found.forms[f"streaming_event: isCaller {form}"] == 1


def test_roles_follow_from_the_caller_and_the_direction() -> None:
    outbound = [streaming_event("STARTED", leg, direction="Outbound") for leg in "ab"]
    found = contact(*outbound, keeping=Keeping(subject_secret=SECRET))
    assert roles(found) == {"a": ("AGENT", "is_caller"), "b": ("CUSTOMER", "is_caller")}
    assert found.subject_key == subject_key(OTHER_NUMBER, SECRET)
    assert roles(contact(streaming_event("STARTED", direction=...))) == {"a": (None, "unknown")}
    both = contact(STARTED, streaming_event("STARTED", "b", isCaller=True))
    assert roles(both) == {"a": (None, "unknown"), "b": (None, "unknown")}  # which of them, nothing tells


def labelled(leg: str, label: str, **detail: Any) -> dict[str, Any]:
    return streaming_event("STARTED", leg, sdp={"mediaIndex": int(label) - 1, "mediaLabel": label}, **detail)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("direction", ["Inbound", "Outbound"])
def test_roles_follow_from_who_sends_what_in_siprec(direction: str, swapped: bool) -> None:
    labels = ("2", "1") if swapped else ("1", "2")
    # isCaller is "not necessarily the actual caller": the README of the recorder sample
    legs = [labelled(leg, label, siprecMetadata=SIPREC, direction=direction, isCaller=leg == "b")
            for leg, label in zip("ab", labels, strict=True)]  # fmt: skip
    caller = "b" if swapped else "a"
    found = roles(contact(*legs))
    expected = {caller: "CUSTOMER", ({"a", "b"} - {caller}).pop(): "AGENT"}
    if direction == "Outbound":
        expected = {leg: {"CUSTOMER": "AGENT", "AGENT": "CUSTOMER"}[role] for leg, role in expected.items()}
    assert found == {leg: (role, "siprec") for leg, role in expected.items()}


def test_metadata_of_an_update_counts_for_all_streams() -> None:
    legs = [labelled("a", "2", isCaller=...), labelled("b", "1", isCaller=...)]
    found = contact(*legs, streaming_event("UPDATED", siprecMetadata=SIPREC))
    assert roles(found) == {"a": ("AGENT", "siprec"), "b": ("CUSTOMER", "siprec")}


def test_without_matching_addresses_the_order_of_labels_tells() -> None:
    # Amazon Connect, "Provide call metadata for Contact Lens integration": first the agent, unless told otherwise
    metadata = SIPREC.replace("+12065550100", "+15550001111").replace("+13605550199", "+15550002222")
    legs = [labelled("a", "1", siprecMetadata=metadata), labelled("b", "2", siprecMetadata=metadata)]
    assert roles(contact(*legs)) == {"a": ("AGENT", "siprec_label"), "b": ("CUSTOMER", "siprec_label")}
    order = "<ext><AmznConnectParticipantOrder>desc</AmznConnectParticipantOrder></ext></recording>"
    turned = [changed(leg, "detail.siprecMetadata", metadata.replace("</recording>", order)) for leg in legs]
    assert roles(contact(*turned)) == {"a": ("CUSTOMER", "siprec_label"), "b": ("AGENT", "siprec_label")}


def test_metadata_that_is_no_xml_is_passed_over_as_it_is_published() -> None:
    found = read(streaming_event("STARTED", siprecMetadata=SIPREC_AS_PUBLISHED))
    assert found.bad == ()
    assert found.forms["streaming_event: siprecMetadata unreadable"] == 1
    assert roles(found.contacts[0]) == {"a": ("CUSTOMER", "is_caller")}


def test_siprec_of_a_draft() -> None:
    # Oracle Communications session border controller, "Sample Metadata": draft-ietf-siprec-metadata
    old = """<recording xmlns='urn:ietf:params:xml:ns:recording'><datamode>partial</datamode>
      <participant id="p1" session="s"><nameID aor="sip:sipp@192.168.10.1"><name>sipp</name></nameID>
        <send>one</send></participant>
      <participant id="p2" session="s"><aor>sip:+12065550100@192.168.10.2</aor><send>two</send></participant>
      <stream id="one" session="s"><label>7</label></stream><stream id="two"><label>9</label></stream></recording>"""
    found = read_siprec(old)
    assert (found.labels, found.complete) == (("7", "9"), False)
    assert dict(found.senders)["9"] == dict(read_siprec(SIPREC).senders)["1"]
    assert len(set(dict(found.senders).values())) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<!DOCTYPE r [<!ENTITY a 'b'>]><recording>&a;</recording>", "declares a document type or an entity"),
        ("<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r/>", "declares a document type or an entity"),
        ("<a>" * 40 + "</a>" * 40, "is deeper than 32 levels"),
        ("<recording>" + " " * 262_144 + "</recording>", "is longer than 262,144 characters"),
        ("<recording><stream>", "is no well-formed XML"),
        ("&a;", "is no well-formed XML"),
        ("", "is no well-formed XML"),
    ],
)
def test_siprec_is_parsed_without_trust(text: str, reason: str) -> None:
    with pytest.raises(RecordError, match=f"siprecMetadata {reason}"):
        read_siprec(text)


def test_labels_that_are_no_labels_are_dropped() -> None:
    found = read_siprec(f"<recording><stream stream_id='a'><label>{NUMBER}</label></stream></recording>")
    assert found.labels == ()


def test_a_failure_is_a_mark() -> None:
    found = contact(streaming_event("FAILED"))
    assert found.sessions == ()
    assert found.marks == (Mark(1_680_732_845_000, "streaming_failed", "streaming_event"),)


def test_detail_records() -> None:
    found = contact(STREAMING_DETAIL, CALL_DETAIL, keeping=Keeping(subject_secret=SECRET))
    assert found == Contact(
        call_id=TRANSACTION,
        system="chime",
        sources=("call_detail_record", "streaming_detail_record"),
        voice_connector_id="bfggco08s5m5esgxfskzks",
        direction="INBOUND",
        initiation_ms=1_680_732_841_000,
        disconnect_ms=1_680_732_858_000,
        streamed=True,
        subject_key=subject_key(NUMBER, SECRET),
        marks=(
            Mark(1_680_732_841_000, "initiated", "call_detail_record"),
            Mark(1_680_732_842_000, "streaming_started", "streaming_detail_record"),
            Mark(1_680_732_857_000, "streaming_ended", "streaming_detail_record"),
            Mark(1_680_732_858_000, "disconnected", "call_detail_record"),
        ),
    )
    assert contact(CALL_DETAIL | {"Streaming": False}).streamed is False
    outbound = contact(CALL_DETAIL | {"Direction": "Outbound"}, keeping=Keeping(subject_secret=SECRET))
    assert outbound.subject_key == subject_key(OTHER_NUMBER, SECRET)


def test_times_of_detail_records_may_be_text() -> None:
    # as the same page has them for business calling
    text = STREAMING_DETAIL | {"StartTimeEpochSeconds": "1680732842", "EndTimeEpochSeconds": "1680732857"}
    assert contact(text) == contact(STREAMING_DETAIL)
    assert read(text).forms["streaming_detail_record: StartTimeEpochSeconds as text"] == 1


def test_whoever_speaks_first_the_call_has_one_name() -> None:
    without = streaming_event("ENDED", "b", transactionId=...)
    assert contact(without).call_id == SIP_CALL
    found = contact(without, STARTED, CALL_DETAIL)
    assert (found.call_id, found.aliases) == (TRANSACTION, (SIP_CALL,))
    assert len(found.sessions) == 2


def test_an_identifier_of_two_calls_joins_nothing() -> None:
    other = streaming_event("STARTED", "b", transactionId="another-transaction")
    calls = [each.call_id for each in read(streaming_event("ENDED", transactionId=...), STARTED, other).contacts]
    assert calls == sorted([SIP_CALL, TRANSACTION, "another-transaction"])


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("detail.transactionId", NUMBER, "transactionId is no identifier"),
        ("detail.streamingStatus", "PAUSED", "streamingStatus is none of ALL_STARTED, ENDED, FAILED, STARTED, UPDATED"),
        ("detail.streamingStatus", [], "streamingStatus is none of"),
        ("detail.startTime", "yyyy-mm-ddThh:mm:ssZ", "startTime is no time"),
        ("detail.streamArn", "arn:aws:s3:::bucket", "streamArn is no ARN of a stream"),
        ("detail", None, "streamingStatus is none of"),
    ],
)
def test_what_makes_an_event_bad(path: str, value: object, reason: str) -> None:
    (bad,) = read(changed(STARTED, path, value)).bad
    assert bad.reason.startswith(f"streaming_event: {reason}")


def test_an_event_with_blanks_as_published() -> None:
    # Live Call Analytics, README of its Chime stack
    event = streaming_event(
        "STARTED",
        startTime="2023-04-05T22: 14: 02.238Z",
        streamArn=LEG_STREAM.format("a").replace("1:1", "1: 1"),
        isCaller="True",
    )
    assert contact(event).sessions == contact(STARTED).sessions
    assert read(event).forms["streaming_event: streamArn with blanks"] == 1
