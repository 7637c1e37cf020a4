"""Records of Amazon Connect as they are published, and each way in which what is published disagrees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from builders.published_records import (
    AGENT_EVENT,
    CONTACT_EVENT,
    CONTACT_ID,
    CONTACT_RECORD,
    FIRST,
    FLOW_EVENT,
    LAST,
    NUMBER,
    STREAM,
)
from builders.record_values import changed

from callbeam.records import Contact, Keeping, Mark, RecordsRead, StreamingSession, read_records, subject_key

if TYPE_CHECKING:
    from collections.abc import Callable

AGENT = "57db30ae-8c01-44e6-abd5-80b7b51944cf"
QUEUE, PROFILE = "078ccbaa-ae69-4bf9-84bc-5c60ca9b1478", "6e16b957-b7c7-44c7-b959-c9380699c7cc"
START, STOP = 1_706_238_461_000, 1_706_238_492_000
WANTED = Keeping(frozenset({"orderId", "callback", "own"}), b"a secret of 16 b")


def read(*records: dict[str, Any], keeping: Keeping | None = None) -> RecordsRead:
    return read_records([("f.json", "\n".join(json.dumps(record) for record in records).encode())], keeping)


def contact(*records: dict[str, Any], keeping: Keeping | None = None) -> Contact:
    found = read(*records, keeping=keeping)
    assert found.bad == ()
    (only,) = found.contacts
    return only


def kinds(found: Contact) -> dict[str, int]:
    return {mark.kind: mark.at_ms for mark in found.marks}


def test_a_contact_record() -> None:
    assert contact(CONTACT_RECORD, keeping=WANTED) == Contact(
        call_id=CONTACT_ID,
        system="connect",
        sources=("contact_record",),
        instance_id="12345678-1234-1234-1234-123456789012",
        next_contact_id="f81b7b4d-20ac-472d-8aad-0d848ce7c9b5",
        initiation_method="INBOUND",
        disconnect_reason="CUSTOMER_DISCONNECT",
        queue_id=QUEUE,
        routing_profile_id=PROFILE,
        agent_id=AGENT,
        initiation_ms=1_706_238_362_000,
        connected_to_system_ms=1_706_238_362_000,
        connected_to_agent_ms=START,
        disconnect_ms=STOP,
        agent_interaction_ms=33_000,
        customer_hold_ms=12_000,
        longest_hold_ms=7_000,
        number_of_holds=2,
        subject_key=subject_key(NUMBER, b"a secret of 16 b"),
        last_update_ms=1_706_238_590_000,
        attributes=(("orderId", "12345"),),
        recordings=("amazon-connect-demo/connect/demo/CallRecordings/2024/01/26/e81b7b4d_20240126T03:07_UTC.wav",),
        sessions=(
            StreamingSession(stream_arn=STREAM, first_fragment=FIRST, last_fragment=LAST, start_ms=START, stop_ms=STOP),
        ),
        marks=(
            Mark(1_706_238_362_000, "connected_to_system", "contact_record"),
            Mark(1_706_238_362_000, "initiated", "contact_record"),
            Mark(1_706_238_415_000, "queued", "contact_record"),
            Mark(START, "agent_connected", "contact_record", AGENT),
            Mark(START, "dequeued", "contact_record"),
            Mark(STOP, "after_contact_work_started", "contact_record", AGENT),
            Mark(STOP, "disconnected", "contact_record"),
            Mark(1_706_238_524_000, "after_contact_work_ended", "contact_record", AGENT),
        ),
    )


@pytest.mark.parametrize("path", ["Recordings", "Recording", "Agent", "Queue", "Attributes", "CustomerEndpoint",
                                  "Agent.RoutingProfile", "MediaStreams", "LastUpdateTimestamp"])  # fmt: skip
@pytest.mark.parametrize("value", [None, ...])
def test_what_a_contact_record_may_lack(path: str, value: object) -> None:
    found = contact(changed(CONTACT_RECORD, path, value), keeping=WANTED)
    assert found.call_id == CONTACT_ID
    assert bool(found.sessions) == (path != "Recordings")
    assert (found.agent_id is None) == (path == "Agent")
    assert (found.subject_key is None) == (path == "CustomerEndpoint")


def test_recordings_null_is_met_and_said() -> None:
    assert read(changed(CONTACT_RECORD, "Recordings", None)).forms == {
        "contact_record": 1, "contact_record: Recordings null": 1,
    }  # fmt: skip


def test_streaming_is_told_by_its_location_where_the_storage_type_is_missing() -> None:
    # as voicemail-express reads it: Recordings[0].Location, whatever StorageType says
    found = read(changed(CONTACT_RECORD, "Recordings.1.StorageType", ...))
    assert found.contacts[0].sessions[0].first_fragment == FIRST
    assert found.forms["contact_record: streaming without StorageType"] == 1
    alone = changed(changed(CONTACT_RECORD, "Recordings", None), "Recording.Location", STREAM)
    assert contact(alone).sessions == (StreamingSession(stream_arn=STREAM),)


def test_several_sessions_and_streams_of_a_contact() -> None:
    first, streamed = CONTACT_RECORD["Recordings"]
    later = streamed | {"FragmentStartNumber": LAST, "StartTimestamp": "2024-01-26T03:09:00Z", "StopTimestamp": None}
    other = streamed | {"Location": STREAM.replace("3148efdd", "4148efdd"), "FragmentStartNumber": "7"}
    found = contact(changed(CONTACT_RECORD, "Recordings", [later, first, other, streamed]))
    assert [(session.stream_arn[-22:-14], session.first_fragment) for session in found.sessions] == [
        ("3148efdd", FIRST), ("4148efdd", "7"), ("3148efdd", LAST),
    ]  # fmt: skip
    assert found.ended_ms == STOP


@pytest.mark.parametrize("channel", ["CHAT", "TASK", "EMAIL", "Chat"])
@pytest.mark.parametrize(
    ("record", "path"),
    [
        (CONTACT_RECORD, "Channel"),
        (FLOW_EVENT, "Details.ContactData.Channel"),
        (CONTACT_EVENT, "detail.channel"),
    ],
)
def test_contacts_without_a_voice_are_no_calls(record: dict[str, Any], path: str, channel: str) -> None:
    found = read(changed(record, path, channel))
    assert (found.contacts, found.bad) == ((), ())
    assert [count for form, count in found.forms.items() if form.endswith(": no voice contact")] == [1]


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("ContactId", ..., "ContactId is missing"),
        ("ContactId", NUMBER, "ContactId is no identifier: letters, digits, hyphens and underscores are"),
        ("DisconnectTimestamp", "soon", "DisconnectTimestamp is no time"),
        ("Agent.ConnectedToAgentTimestamp", True, "Agent.ConnectedToAgentTimestamp is no time"),
        ("Agent.CustomerHoldDuration", "long", "Agent.CustomerHoldDuration is no number of seconds"),
        ("Agent.NumberOfHolds", True, "Agent.NumberOfHolds is no number"),
        ("Recordings.1.Location", "s3://bucket", "Recordings.Location is no ARN of a stream"),
        ("Recordings.1.FragmentStartNumber", 9.1e46, "Recordings.FragmentStartNumber is no fragment number"),
    ],
)
def test_what_makes_a_contact_record_bad(path: str, value: object, reason: str) -> None:
    found = read(CONTACT_RECORD | {"ContactId": "before"}, changed(CONTACT_RECORD, path, value))
    assert [contact.call_id for contact in found.contacts] == ["before"]
    (bad,) = found.bad
    assert bad.reason.startswith(f"contact_record: {reason}")
    assert (bad.source, bad.place) == ("f.json", "line 2")
    assert bad.sample.startswith("{AWSAccountId, AWSContactTraceRecordFormatVersion, Agent, x")


def test_a_flow_event() -> None:
    found = contact(FLOW_EVENT, keeping=WANTED)
    assert found == Contact(
        call_id=CONTACT_ID,
        system="connect",
        sources=("flow_event",),
        instance_id="12345678-1234-1234-1234-123456789012",
        initial_contact_id=CONTACT_ID,
        initiation_method="INBOUND",
        queue_id=QUEUE,
        subject_key=subject_key(NUMBER, b"a secret of 16 b"),
        attributes=(("orderId", "12345"),),
        sessions=(
            StreamingSession(
                stream_arn=STREAM, first_fragment=FIRST, start_ms=1_706_238_461_131, stop_ms=1_706_238_492_131
            ),
        ),
    )


AUDIO = "Details.ContactData.MediaStreams.Customer.Audio"


@pytest.mark.parametrize(
    ("changes", "forms"),
    [
        ({}, {"StartTimestamp as text of epoch", "StartFragmentNumber"}),
        ({"StartTimestamp": 1706238461131}, {"StartTimestamp as number", "StartFragmentNumber"}),
        ({"StartTimestamp": "2024-01-26T03:07:41.131Z"}, {"StartTimestamp as ISO 8601", "StartFragmentNumber"}),
        ({"StartFragmentNumber": ..., "StartPosition": FIRST}, {"StartTimestamp as text of epoch", "StartPosition"}),
        ({"StartFragmentNumber": int(FIRST)}, {"StartTimestamp as text of epoch", "StartFragmentNumber"}),
        ({"StopTimestamp": None}, {"StartTimestamp as text of epoch", "StartFragmentNumber"}),
        # the README of Live Call Analytics has blanks in its ARNs
        (
            {"StreamARN": STREAM.replace(":111", ": 111")},
            {"StartTimestamp as text of epoch", "StartFragmentNumber", "StreamARN with blanks"},
        ),
        # the guide's own sample has an ARN with an empty part
        (
            {"StreamARN": STREAM.replace("kinesisvideo:", "kinesisvideo::")},
            {"StartTimestamp as text of epoch", "StartFragmentNumber"},
        ),
    ],
)
def test_forms_of_a_flow_event(changes: dict[str, Any], forms: set[str]) -> None:
    event = FLOW_EVENT
    for name, value in changes.items():
        event = changed(event, f"{AUDIO}.{name}", value)
    found = read(event)
    (session,) = found.contacts[0].sessions
    assert (session.first_fragment, session.start_ms) == (FIRST, 1_706_238_461_131)
    assert {form.partition(": ")[2] for form in found.forms} - {""} == forms


@pytest.mark.parametrize("path", [AUDIO, f"{AUDIO}.StreamARN", "Details.ContactData.MediaStreams"])
@pytest.mark.parametrize("value", [None, ..., ""])
def test_a_flow_event_from_before_streaming_began(path: str, value: object) -> None:
    event = changed(
        changed(FLOW_EVENT, "Details.ContactData.Queue", None), "Details.ContactData.CustomerEndpoint", None
    )
    assert contact(changed(event, path, value)).sessions == ()


def test_a_flow_event_that_names_itself_as_the_contact_before_names_none() -> None:
    assert FLOW_EVENT["Details"]["ContactData"]["PreviousContactId"] == CONTACT_ID  # as in the guide's sample
    assert contact(FLOW_EVENT).previous_contact_id is None
    transferred = changed(FLOW_EVENT, "Details.ContactData.PreviousContactId", "c-0")
    assert contact(transferred).previous_contact_id == "c-0"


def test_an_agent_event() -> None:
    found = contact(AGENT_EVENT)
    assert (found.agent_id, found.queue_id, found.routing_profile_id) == (AGENT, QUEUE, PROFILE)
    assert found.marks == (
        Mark(1_706_238_415_402, "queued", "agent_event"),
        Mark(1_706_238_461_011, "agent_connected", "agent_event", AGENT),
        Mark(1_706_238_461_011, "agent_state_connected", "agent_event", AGENT),
        Mark(1_706_238_470_500, "agent_state_connected_onhold", "agent_event", AGENT),
    )


@pytest.mark.parametrize("value", [None, ..., []])
def test_agent_events_without_contacts(value: object) -> None:
    # logins have no earlier snapshot, and idle agents no contacts
    event = changed(AGENT_EVENT, "CurrentAgentSnapshot.Contacts", value)
    assert kinds(contact(event)).keys() == {"queued", "agent_connected", "agent_state_connected"}
    assert read(changed(event, "PreviousAgentSnapshot", None)).contacts == ()
    assert read(changed(AGENT_EVENT, "CurrentAgentSnapshot", None)).bad == ()


def test_heartbeats_repeat_themselves_and_add_nothing() -> None:
    beat = AGENT_EVENT | {"EventType": "HEART_BEAT", "EventTimestamp": "2024-01-26T03:09:50.520Z", "EventId": "2"}
    assert contact(AGENT_EVENT, beat, beat) == contact(AGENT_EVENT)


def test_a_chat_beside_a_call() -> None:
    chat = AGENT_EVENT["CurrentAgentSnapshot"]["Contacts"][0] | {"Channel": "CHAT", "ContactId": "chat-1"}
    contacts = [*AGENT_EVENT["CurrentAgentSnapshot"]["Contacts"], chat]
    assert contact(changed(AGENT_EVENT, "CurrentAgentSnapshot.Contacts", contacts)).call_id == CONTACT_ID


def test_a_contact_event() -> None:
    found = contact(CONTACT_EVENT)
    assert (found.agent_id, found.queue_id, found.initiation_method) == (AGENT, QUEUE, "INBOUND")
    assert found.connected_to_system_ms is None  # 1970-01-01T00:00:00.001Z
    assert found.marks == (
        Mark(1_706_238_362_123, "initiated", "contact_event"),
        Mark(1_706_238_415_402, "queued", "contact_event"),
        Mark(1_706_238_461_011, "agent_connected", "contact_event", AGENT),
    )


def _capitals(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name[:1].upper() + name[1:]: _capitals(each) for name, each in value.items()}


def test_names_of_contact_events_are_published_in_two_cases() -> None:
    event = changed(CONTACT_EVENT, "detail", _capitals(CONTACT_EVENT["detail"]))
    assert contact(event) == contact(CONTACT_EVENT)
    detail = CONTACT_EVENT["detail"]
    renamed = {name: detail[name] for name in detail if name not in {"instanceArn", "agentInfo"}}
    renamed |= {"instanceARN": detail["instanceArn"], "AgentInfo": _capitals(detail["agentInfo"])}
    assert contact(changed(CONTACT_EVENT, "detail", renamed)) == contact(CONTACT_EVENT)
    assert contact(detail).marks == contact(CONTACT_EVENT).marks  # without what EventBridge puts around it


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [("INITIATED", "initiated"), ("CONNECTED_TO_SYSTEM", "connected_to_system"), ("QUEUED", "queued"),
     ("CONNECTED_TO_AGENT", "agent_connected"), ("DISCONNECTED", "disconnected"),
     ("COMPLETED", "contact_event_completed"), ("CONTACT_DATA_UPDATED", "contact_event_contact_data_updated")],
)  # fmt: skip
def test_events_without_a_time_of_their_own_have_that_of_their_delivery(event_type: str, kind: str) -> None:
    # the first edition of the sample: no timestamps in the detail, agentArn and queueArn without content
    detail = {
        name: CONTACT_EVENT["detail"][name] for name in ("contactId", "channel", "instanceArn", "initiationMethod")
    }
    detail |= {
        "eventType": event_type,
        "queueInfo": {"queueArn": "arn", "queueType": "type"},
        "AgentInfo": {"AgentArn": "arn"},
    }
    found = contact(changed(CONTACT_EVENT, "detail", detail))
    assert kinds(found) == {kind: 1_706_238_462_000}
    assert (found.agent_id, found.queue_id) == (None, None)


def test_an_event_that_says_it_ended_ends_it() -> None:
    event = changed(changed(CONTACT_EVENT, "detail.eventType", "DISCONNECTED"),
                    "detail.disconnectTimestamp", "2024-01-26T03:08:12.345Z")  # fmt: skip
    assert contact(CONTACT_EVENT).ended_ms is None
    assert contact(event).ended_ms == 1_706_238_492_345


@pytest.mark.parametrize("named", [lambda name: name, lambda name: name[:1].lower() + name[1:]])
def test_an_event_tells_of_streaming_and_of_work_after_the_contact(named: Callable[[str], str]) -> None:
    """*Amazon Connect contact events*: RecordingsInfo and AgentInfo; COMPLETED comes after the work."""
    streaming = {"StorageType": "KINESIS_VIDEO_STREAM", "Location": STREAM, "FragmentStartNumber": FIRST,
                 "FragmentStopNumber": LAST, "StartTimestamp": "2024-01-26T03:07:41.131Z", "StopTimestamp": None,
                 "MediaStreamType": "AUDIO", "ParticipantType": "Customer"}  # fmt: skip
    recording = {"StorageType": "Amazon S3", "Location": "bucket/connect/c-1.wav", "StartTimestamp": None}
    work = {"AfterContactWorkStartTimestamp": "2024-01-26T03:08:12.345Z",
            "AfterContactWorkEndTimestamp": "2024-01-26T03:08:20.000Z"}  # fmt: skip
    detail = CONTACT_EVENT["detail"] | {"eventType": "COMPLETED"}
    detail["agentInfo"] = detail["agentInfo"] | {named(name): value for name, value in work.items()}
    detail[named("Recordings")] = [
        {named(name): value for name, value in each.items()} for each in (streaming, recording)
    ]
    found = contact(changed(CONTACT_EVENT, "detail", detail))
    (session,) = found.sessions
    assert (session.stream_arn, session.first_fragment, session.last_fragment) == (STREAM, FIRST, LAST)
    assert (session.start_ms, session.stop_ms) == (1_706_238_461_131, None)
    assert found.recordings == ("bucket/connect/c-1.wav",)
    assert Mark(1_706_238_492_345, "after_contact_work_started", "contact_event", AGENT) in found.marks
    assert kinds(found)["after_contact_work_ended"] == 1_706_238_500_000
    assert (
        contact(CONTACT_RECORD, changed(CONTACT_EVENT, "detail", detail)).sessions == contact(CONTACT_RECORD).sessions
    )


def test_all_that_is_told_of_a_contact_adds_up() -> None:
    found = contact(CONTACT_RECORD, FLOW_EVENT, AGENT_EVENT, CONTACT_EVENT)
    assert found.sources == ("agent_event", "contact_event", "contact_record", "flow_event")
    (session,) = found.sessions
    assert (session.first_fragment, session.last_fragment) == (FIRST, LAST)
    assert [mark.source for mark in found.marks if mark.kind == "agent_connected"] == [
        "contact_record", "agent_event", "contact_event",
    ]  # fmt: skip
    assert found.connected_to_agent_ms == START  # the contact record's


def test_agents_of_a_queue_of_their_own() -> None:
    arn = CONTACT_RECORD["Queue"]["ARN"].replace("queue/", "queue/agent/")
    assert contact(changed(CONTACT_RECORD, "Queue.ARN", arn)).queue_id == QUEUE
