"""Contact records of Amazon Connect (CTR).

Source: Amazon Connect administrator guide, *Data model for Amazon Connect contact records*; names of fields are from
there. Records are delivered at least once; ``LastUpdateTimestamp`` tells the newest.
"""

from __future__ import annotations

import re

from callbeam.records.addresses import Keeping, harmless_text, kept_attributes, normalised_address, subject_key
from callbeam.records.record_times import epoch_ms, whole_ms
from callbeam.records.record_values import (
    Record,
    child,
    children,
    end_of_arn,
    fragment_number,
    identifier,
    instance_of_arn,
    is_stream_arn,
    required_identifier,
    stream_arn,
    truth,
    word,
)
from callbeam.records.refusals import RecordError
from callbeam.records.statements import (
    CONNECT,
    CONTACT_RECORD,
    ContactFacts,
    Mark,
    Statement,
    StreamingSession,
    marks_of,
)

VOICE = "VOICE"
WORK_STARTED, WORK_ENDED = "AfterContactWorkStartTimestamp", "AfterContactWorkEndTimestamp"

_IN_S3 = re.compile(r"(?:s3://)?[a-z0-9.-]{3,63}/[^\s]{1,1024}")


def read_contact_record(record: Record, keeping: Keeping) -> tuple[Statement, ...]:
    """Read a contact record.

    Parameters
    ----------
    record : mapping
        As Connect writes it: ``Recordings``, ``Recording``, ``Agent``, ``Queue`` and any time may be null or missing.
    keeping : Keeping
        What to keep of attributes and of the customer's address.

    Returns
    -------
    tuple of Statement
        One; none for chats, tasks and mails, which have no audio.

    Raises
    ------
    RecordError
        If it has no ContactId, or a time, duration, stream or fragment number is none.

    Notes
    -----
    ``Recordings`` lists recordings in S3 and streaming to KVS together; ``StorageType`` tells which is which, and where
    that is missing the ``Location``. Streaming to KVS may come with ``MediaStreamType`` ``VIDEO`` although it is audio.
    Names (``Agent.Username``, ``Queue.Name``) and endpoints are dropped.
    """
    contact_id = required_identifier(record, "ContactId")
    channel = word(record.get("Channel")) or VOICE
    if channel != VOICE:
        return ()
    agent, queue = child(record, "Agent"), child(record, "Queue")
    address = child(record, "CustomerEndpoint").get("Address")
    facts = _facts(record, agent, queue, subject_key(address, keeping.subject_secret))
    sessions, recordings, forms = read_recordings(record, address)
    return (
        Statement(
            call_id=contact_id,
            system=CONNECT,
            source=CONTACT_RECORD,
            said_ms=epoch_ms(record.get("LastUpdateTimestamp"), "LastUpdateTimestamp") or 0,
            facts=facts,
            sessions=sessions,
            marks=_marks(facts, agent, queue),
            attributes=kept_attributes(record.get("Attributes"), keeping, address),
            recordings=recordings,
            forms=forms,
        ),
    )


def _facts(record: Record, agent: Record, queue: Record, subject: str | None) -> ContactFacts:
    return ContactFacts(
        instance_id=instance_of_arn(record.get("InstanceARN")),
        initial_contact_id=identifier(record.get("InitialContactId")),
        previous_contact_id=identifier(record.get("PreviousContactId")),
        next_contact_id=identifier(record.get("NextContactId")),
        related_contact_id=identifier(record.get("RelatedContactId")),
        initiation_method=word(record.get("InitiationMethod")),
        disconnect_reason=word(record.get("DisconnectReason")),
        queue_id=end_of_arn(queue.get("ARN"), "queue"),
        routing_profile_id=end_of_arn(child(agent, "RoutingProfile").get("ARN"), "routing-profile"),
        agent_id=end_of_arn(agent.get("ARN"), "agent"),
        initiation_ms=epoch_ms(record.get("InitiationTimestamp"), "InitiationTimestamp"),
        connected_to_system_ms=epoch_ms(record.get("ConnectedToSystemTimestamp"), "ConnectedToSystemTimestamp"),
        connected_to_agent_ms=epoch_ms(agent.get("ConnectedToAgentTimestamp"), "Agent.ConnectedToAgentTimestamp"),
        disconnect_ms=epoch_ms(record.get("DisconnectTimestamp"), "DisconnectTimestamp"),
        transfer_completed_ms=epoch_ms(record.get("TransferCompletedTimestamp"), "TransferCompletedTimestamp"),
        agent_interaction_ms=whole_ms(agent.get("AgentInteractionDuration"), "Agent.AgentInteractionDuration"),
        customer_hold_ms=whole_ms(agent.get("CustomerHoldDuration"), "Agent.CustomerHoldDuration"),
        longest_hold_ms=whole_ms(agent.get("LongestHoldDuration"), "Agent.LongestHoldDuration"),
        number_of_holds=_count(agent.get("NumberOfHolds"), "Agent.NumberOfHolds"),
        subject_key=subject,
    )


def _marks(facts: ContactFacts, agent: Record, queue: Record) -> tuple[Mark, ...]:
    return marks_of(
        CONTACT_RECORD,
        facts.agent_id,
        {
            "initiated": facts.initiation_ms,
            "connected_to_system": facts.connected_to_system_ms,
            "queued": epoch_ms(queue.get("EnqueueTimestamp"), "Queue.EnqueueTimestamp"),
            "dequeued": epoch_ms(queue.get("DequeueTimestamp"), "Queue.DequeueTimestamp"),
            "agent_connected": facts.connected_to_agent_ms,
            "transfer_completed": facts.transfer_completed_ms,
            "disconnected": facts.disconnect_ms,
            "after_contact_work_started": epoch_ms(agent.get(WORK_STARTED), f"Agent.{WORK_STARTED}"),
            "after_contact_work_ended": epoch_ms(agent.get(WORK_ENDED), f"Agent.{WORK_ENDED}"),
        },
    )


def read_recordings(
    record: Record, address: object
) -> tuple[tuple[StreamingSession, ...], tuple[str, ...], tuple[str, ...]]:
    """Return sessions of streaming, places of recordings in S3, and the forms met.

    Parameters
    ----------
    record : mapping
        With ``Recordings`` or ``Recording``.
    address : object
        The customer's: a place with it in its name is dropped.

    Raises
    ------
    RecordError
        If a time, stream or fragment number is none.
    """
    sessions: list[StreamingSession] = []
    places: dict[str, None] = {}
    forms: list[str] = []
    for name in ("Recordings", "Recording"):
        if name in record and record[name] is None:
            forms.append(f"{name} null")
        for each in children(record, name):
            location = each.get("Location")
            if each.get("StorageType") == "KINESIS_VIDEO_STREAM" or is_stream_arn(location):
                sessions.append(_session(each, name))
                forms += ["streaming without StorageType"] if each.get("StorageType") is None else []
            elif isinstance(location, str):
                places[location] = None
    own = normalised_address(address) if places else None
    kept = tuple(sorted(place for place in places if _IN_S3.fullmatch(place) and harmless_text(place, own) is not None))
    return tuple(dict.fromkeys(sessions)), kept, tuple(dict.fromkeys(forms))


def _session(recording: Record, name: str) -> StreamingSession:
    return StreamingSession(
        stream_arn=stream_arn(recording.get("Location"), f"{name}.Location"),
        first_fragment=fragment_number(recording.get("FragmentStartNumber"), f"{name}.FragmentStartNumber"),
        last_fragment=fragment_number(recording.get("FragmentStopNumber"), f"{name}.FragmentStopNumber"),
        start_ms=epoch_ms(recording.get("StartTimestamp"), f"{name}.StartTimestamp"),
        stop_ms=epoch_ms(recording.get("StopTimestamp"), f"{name}.StopTimestamp"),
    )


def _count(value: object, field: str) -> int | None:
    if value is None or value == "":
        return None
    if type(value) is int and value >= 0:
        return value
    if truth(value) is not None or not str(value).isascii() or not str(value).isdecimal():
        raise RecordError(f"{field} is no number")
    return int(str(value))
