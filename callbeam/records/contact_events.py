"""Contact events of Amazon Connect, as EventBridge delivers them: out of order, as well as it can.

Source: Amazon Connect administrator guide, *Amazon Connect contact events*, whose samples write the names of fields
both as ``contactId`` and as ``ContactId``, ``instanceArn`` also as ``instanceARN``; a name counts in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.records.contact_records import read_recordings
from callbeam.records.record_times import epoch_ms
from callbeam.records.record_values import (
    NOTHING,
    Record,
    children,
    end_of_arn,
    identifier,
    instance_of_arn,
    required_identifier,
    word,
)
from callbeam.records.statements import CONNECT, CONTACT_EVENT, ContactFacts, Mark, Statement, marks_of

if TYPE_CHECKING:
    from callbeam.records.addresses import Keeping

DETAIL_TYPE = "Amazon Connect Contact Event"

_HAPPENS = {
    "INITIATED": "initiated",
    "CONNECTED_TO_SYSTEM": "connected_to_system",
    "QUEUED": "queued",
    "CONNECTED_TO_AGENT": "agent_connected",
    "DISCONNECTED": "disconnected",
}
"""Events that are themselves the instant of something, and what."""

_RECORDING = {
    name.lower(): name
    for name in (
        "FragmentStartNumber",
        "FragmentStopNumber",
        "Location",
        "StartTimestamp",
        "StopTimestamp",
        "StorageType",
    )
}


def read_contact_event(record: Record, keeping: Keeping) -> tuple[Statement, ...]:  # noqa: ARG001 - as all readers
    """Read a contact event.

    Parameters
    ----------
    record : mapping
        The event of EventBridge, or its ``detail`` alone.
    keeping : Keeping
        Unused: its tags, which have the contact centre's number, are dropped.

    Returns
    -------
    tuple of Statement
        One; none for chats, tasks and mails.

    Raises
    ------
    RecordError
        If it has no contactId, or a time, stream or fragment number is none.

    Notes
    -----
    Where the detail has no time of what the event is about (``disconnectTimestamp`` for DISCONNECTED), the event's own
    ``time`` stands for it: whole seconds, and as late as its delivery. Only then, so that the two never compete.

    ``recordings`` are those of contact records: streaming to KVS, and places in S3.
    """
    detail = _lowered(record.get("detail") if "detail" in record else record)
    contact_id = required_identifier(detail, "contactid", "contactId")
    if (word(detail.get("channel")) or "VOICE") != "VOICE":
        return ()
    agent, queue = _lowered(detail.get("agentinfo")), _lowered(detail.get("queueinfo"))
    agent_id = end_of_arn(agent.get("agentarn"), "agent")
    time = epoch_ms(record.get("time"), "time")
    event_type = word(detail.get("eventtype")) or "UNKNOWN"
    instants = _instants(detail, agent, queue)
    happening = _HAPPENS.get(event_type)
    by_event = happening is not None and instants[happening] is None and time is not None
    if happening is not None and by_event:
        instants[happening] = time
    recordings = [_recording(each) for each in children(detail, "recordings")]
    sessions, places, forms = read_recordings({"Recordings": recordings}, None)
    other = () if time is None or happening else (Mark(time, f"contact_event_{event_type.lower()}", CONTACT_EVENT),)
    return (
        Statement(
            call_id=contact_id,
            system=CONNECT,
            source=CONTACT_EVENT,
            said_ms=time or 0,
            facts=_facts(detail, agent, queue, instants),
            sessions=sessions,
            marks=(*marks_of(CONTACT_EVENT, agent_id, instants), *other),
            recordings=places,
            forms=(event_type, *(("time of the event",) if by_event else ()), *forms),
        ),
    )


def _instants(detail: Record, agent: Record, queue: Record) -> dict[str, int | None]:
    return {
        "initiated": epoch_ms(detail.get("initiationtimestamp"), "initiationTimestamp"),
        "connected_to_system": epoch_ms(detail.get("connectedtosystemtimestamp"), "connectedToSystemTimestamp"),
        "queued": epoch_ms(queue.get("enqueuetimestamp"), "queueInfo.enqueueTimestamp"),
        "agent_connected": epoch_ms(agent.get("connectedtoagenttimestamp"), "agentInfo.connectedToAgentTimestamp"),
        "disconnected": epoch_ms(detail.get("disconnecttimestamp"), "disconnectTimestamp"),
        "after_contact_work_started": _work(agent, "afterContactWorkStartTimestamp"),
        "after_contact_work_ended": _work(agent, "afterContactWorkEndTimestamp"),
    }


def _work(agent: Record, name: str) -> int | None:
    return epoch_ms(agent.get(name.lower()), f"agentInfo.{name}")


def _recording(recording: Record) -> Record:
    """Return an entry of ``recordings`` with its names as contact records write them."""
    return {_RECORDING[name]: value for name, value in _lowered(recording).items() if name in _RECORDING}


def _facts(detail: Record, agent: Record, queue: Record, instants: dict[str, int | None]) -> ContactFacts:
    return ContactFacts(
        instance_id=instance_of_arn(detail.get("instancearn")),
        initial_contact_id=identifier(detail.get("initialcontactid")),
        previous_contact_id=identifier(detail.get("previouscontactid")),
        related_contact_id=identifier(detail.get("relatedcontactid")),
        initiation_method=word(detail.get("initiationmethod")),
        disconnect_reason=word(detail.get("disconnectreason")),
        queue_id=end_of_arn(queue.get("queuearn"), "queue"),
        routing_profile_id=end_of_arn(agent.get("routingprofilearn"), "routing-profile"),
        agent_id=end_of_arn(agent.get("agentarn"), "agent"),
        initiation_ms=instants["initiated"],
        connected_to_system_ms=instants["connected_to_system"],
        connected_to_agent_ms=instants["agent_connected"],
        disconnect_ms=instants["disconnected"],
    )


def _lowered(value: object) -> Record:
    """Return an object with its names in lower case; of two that become one, the first."""
    if not isinstance(value, dict):
        return NOTHING
    lowered: dict[str, object] = {}
    for name, each in value.items():
        lowered.setdefault(name.lower(), each)
    return lowered
