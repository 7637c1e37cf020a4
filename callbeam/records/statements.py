"""What one record says of one contact: the common language of all readers, before anything is merged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from callbeam.records.siprec import SiprecMetadata

CONNECT: Final = "connect"
CHIME: Final = "chime"

FROM_CUSTOMER: Final = "AUDIO_FROM_CUSTOMER"
TO_CUSTOMER: Final = "AUDIO_TO_CUSTOMER"
LEG: Final = "LEG"
"""The one track of a stream that carries one leg of a call."""

CALL_LIST, CONTACT_RECORD, CONTACT_EVENT, AGENT_EVENT, FLOW_EVENT = (
    "call_list", "contact_record", "contact_event", "agent_event", "flow_event",
)  # fmt: skip
STREAMING_EVENT, STREAMING_DETAIL, CALL_DETAIL = "streaming_event", "streaming_detail_record", "call_detail_record"

PRECEDENCE = (
    FLOW_EVENT,
    AGENT_EVENT,
    CONTACT_EVENT,
    STREAMING_DETAIL,
    CALL_DETAIL,
    STREAMING_EVENT,
    CONTACT_RECORD,
    CALL_LIST,
)
"""Kinds of records, the ones that are believed most last: where two disagree on a field, the later here counts."""


class Mark(NamedTuple):
    """An instant at which something began, as one publisher tells it.

    Attributes
    ----------
    at_ms : int
        Epoch milliseconds. Contact records know whole seconds, events know milliseconds.
    kind : str
        ``initiated``, ``connected_to_system``, ``queued``, ``dequeued``, ``agent_connected``, ``disconnected``,
        ``transfer_completed``, ``after_contact_work_started``, ``after_contact_work_ended``, ``streaming_started``,
        ``streaming_ended``, ``streaming_failed``; ``agent_state_`` and a state of the agent event stream in lower case,
        as in ``agent_state_connected_onhold``; ``contact_event_`` and an event's type.
    source : str
        The kind of record.
    agent_id : str
        Whose connect or state it is, "" where none is named: a contact may be on several agents' lines.
    """

    at_ms: int
    kind: str
    source: str
    agent_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamingSession:
    """One stretch of a contact's audio on one stream, from a start of streaming to its stop.

    Attributes
    ----------
    stream_arn : str
        Of the KVS stream.
    first_fragment, last_fragment : str or None
        Fragment numbers, both inclusive, as text.
    start_ms, stop_ms : int or None
        Epoch milliseconds. Contact records cut them to whole seconds.
    tracks : tuple of str
        ``AUDIO_FROM_CUSTOMER``, ``AUDIO_TO_CUSTOMER``, both, or ``LEG`` for one mono leg; empty if not told.
    role : str or None
        CUSTOMER or AGENT for a leg, None where nothing tells or the tracks' names do.
    role_source : str
        From what: ``call_list``, ``siprec``, ``siprec_label``, ``is_caller``, ``other_leg`` or ``unknown``.
    is_caller : bool or None
        Chime's ``isCaller``.
    media_label : str or None
        Chime's ``sdp.mediaLabel``: which stream of the SIPREC session it is.
    """

    stream_arn: str
    first_fragment: str | None = None
    last_fragment: str | None = None
    start_ms: int | None = None
    stop_ms: int | None = None
    tracks: tuple[str, ...] = ()
    role: str | None = None
    role_source: str = "unknown"
    is_caller: bool | None = None
    media_label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFacts:
    """What is known of a contact once, and not over and over; None where nothing tells.

    Attributes
    ----------
    instance_id, initial_contact_id, previous_contact_id, next_contact_id, related_contact_id : str or None
        Connect's identifiers.
    voice_connector_id, direction : str or None
        Chime's; ``INBOUND`` or ``OUTBOUND``, seen from the voice connector's account.
    initiation_method, disconnect_reason : str or None
        Connect's words.
    queue_id, routing_profile_id, agent_id : str or None
        The ends of Connect's ARNs; of the agent who had the contact last.
    initiation_ms, connected_to_system_ms, connected_to_agent_ms, disconnect_ms, transfer_completed_ms : int or None
        Epoch milliseconds.
    agent_interaction_ms, customer_hold_ms, longest_hold_ms : int or None
        Durations that contact records tell, milliseconds.
    number_of_holds : int or None
        How often the customer was put on hold.
    streamed : bool or None
        Whether a call detail record says that audio was streamed.
    subject_key : str or None
        The customer's pseudonym, see ``subject_key``.
    """

    instance_id: str | None = None
    initial_contact_id: str | None = None
    previous_contact_id: str | None = None
    next_contact_id: str | None = None
    related_contact_id: str | None = None
    voice_connector_id: str | None = None
    direction: str | None = None
    initiation_method: str | None = None
    disconnect_reason: str | None = None
    queue_id: str | None = None
    routing_profile_id: str | None = None
    agent_id: str | None = None
    initiation_ms: int | None = None
    connected_to_system_ms: int | None = None
    connected_to_agent_ms: int | None = None
    disconnect_ms: int | None = None
    transfer_completed_ms: int | None = None
    agent_interaction_ms: int | None = None
    customer_hold_ms: int | None = None
    longest_hold_ms: int | None = None
    number_of_holds: int | None = None
    streamed: bool | None = None
    subject_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one record says of one contact.

    Attributes
    ----------
    call_id : str
        A ContactId or TransactionId; where a record has neither, the identifier that it has.
    system : str
        ``connect`` or ``chime``.
    source : str
        The kind of record, one of ``PRECEDENCE``.
    said_ms : int
        When it was said: LastUpdateTimestamp or the event's time, epoch milliseconds; 0 if not told.
    aliases : tuple of str
        Other identifiers of the same call.
    facts : ContactFacts
        What is known once.
    sessions : tuple of StreamingSession
        Where its audio is.
    marks : tuple of Mark
        What happened when.
    attributes : tuple of (str, str)
        Contact attributes that the caller wants.
    recordings : tuple of str
        Places of recordings in S3.
    exclude_spans, include_spans : tuple of (int, int)
        Epoch milliseconds, half open: audio that must not, or alone may, be used.
    siprec : SiprecMetadata or None
        Who sends which stream of a SIPREC session.
    caller_key, callee_key : str or None
        Opaque keys of both parties' addresses, good within this process alone.
    forms : tuple of str
        Which published forms the record has, for a summary.
    """

    call_id: str
    system: str
    source: str
    said_ms: int = 0
    aliases: tuple[str, ...] = ()
    facts: ContactFacts = ContactFacts()
    sessions: tuple[StreamingSession, ...] = ()
    marks: tuple[Mark, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    recordings: tuple[str, ...] = ()
    exclude_spans: tuple[tuple[int, int], ...] = ()
    include_spans: tuple[tuple[int, int], ...] = ()
    siprec: SiprecMetadata | None = None
    caller_key: str | None = field(default=None, repr=False)
    callee_key: str | None = field(default=None, repr=False)
    forms: tuple[str, ...] = field(default=(), compare=False)


def marks_of(source: str, agent_id: str | None, instants: dict[str, int | None]) -> tuple[Mark, ...]:
    """Return the marks of the instants that are known; the agent's identifier goes to kinds that begin with it."""
    agent_id = agent_id or ""
    return tuple(
        [
            Mark(at_ms, kind, source, agent_id if kind[0] == "a" else "")  # agent_connected, after_contact_work_...
            for kind, at_ms in instants.items()
            if at_ms is not None
        ]
    )
