"""Agent event streams of Amazon Connect: which contacts an agent has, in which state, and since when.

Source: Amazon Connect administrator guide, *Agent event streams data model in Amazon Connect*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from callbeam.records.record_times import epoch_ms
from callbeam.records.record_values import (
    Record,
    child,
    children,
    end_of_arn,
    identifier,
    instance_of_arn,
    required_identifier,
    word,
)
from callbeam.records.statements import AGENT_EVENT, CONNECT, ContactFacts, Mark, Statement

if TYPE_CHECKING:
    from callbeam.records.addresses import Keeping


class _Of(NamedTuple):
    agent_id: str | None
    instance_id: str | None
    routing_profile_id: str | None


def read_agent_event(record: Record, keeping: Keeping) -> tuple[Statement, ...]:  # noqa: ARG001 - as all readers
    """Read an agent event.

    Parameters
    ----------
    record : mapping
        With ``CurrentAgentSnapshot`` and ``PreviousAgentSnapshot``, each with ``Contacts``; either may be null.
    keeping : Keeping
        Unused: there is nothing of the customer in it. Agents' names are dropped.

    Returns
    -------
    tuple of Statement
        One for each voice contact in either snapshot: the earlier one tells what a lost event would have. Events that
        repeat a state, as heartbeats do, give equal statements.

    Raises
    ------
    RecordError
        If a contact has no ContactId, or a time is none.
    """
    agent_id = end_of_arn(record.get("AgentARN"), "agent")
    instance_id = instance_of_arn(record.get("InstanceARN"))
    found: dict[Statement, None] = {}
    for name in ("PreviousAgentSnapshot", "CurrentAgentSnapshot"):
        snapshot = child(record, name)
        profile = end_of_arn(child(child(snapshot, "Configuration"), "RoutingProfile").get("ARN"), "routing-profile")
        for contact in children(snapshot, "Contacts"):
            if (word(contact.get("Channel")) or "VOICE") == "VOICE":
                found[_statement(contact, _Of(agent_id, instance_id, profile))] = None
    return tuple(found)


def _statement(contact: Record, of: _Of) -> Statement:
    contact_id = required_identifier(contact, "ContactId")
    connected = epoch_ms(contact.get("ConnectedToAgentTimestamp"), "Contacts.ConnectedToAgentTimestamp")
    since = epoch_ms(contact.get("StateStartTimestamp"), "Contacts.StateStartTimestamp")
    queued = epoch_ms(contact.get("QueueTimestamp"), "Contacts.QueueTimestamp")
    return Statement(
        call_id=contact_id,
        system=CONNECT,
        source=AGENT_EVENT,
        said_ms=since or 0,
        facts=ContactFacts(
            instance_id=of.instance_id,
            initial_contact_id=identifier(contact.get("InitialContactId")),
            initiation_method=word(contact.get("InitiationMethod")),
            queue_id=end_of_arn(child(contact, "Queue").get("ARN"), "queue"),
            routing_profile_id=of.routing_profile_id,
            agent_id=of.agent_id,
            connected_to_agent_ms=connected,
        ),
        marks=_marks(word(contact.get("State")), of.agent_id or "", queued, connected, since),
    )


def _marks(
    state: str | None, agent_id: str, queued: int | None, connected: int | None, since: int | None
) -> tuple[Mark, ...]:
    marks = [Mark(queued, "queued", AGENT_EVENT)] if queued is not None else []
    if connected is not None:
        marks.append(Mark(connected, "agent_connected", AGENT_EVENT, agent_id))
    if since is not None and state is not None:
        marks.append(Mark(since, f"agent_state_{state.lower()}", AGENT_EVENT, agent_id))
    return tuple(marks)
