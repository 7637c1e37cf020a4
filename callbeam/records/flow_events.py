"""The event that a flow of Amazon Connect gives to a Lambda function, and the contact attributes of live streaming.

Sources: Amazon Connect administrator guide, *Grant Amazon Connect access to your AWS Lambda functions* (the event), and
*Contact attributes for live media streaming in Kinesis Video Streams* (``$.MediaStreams.Customer.Audio``). Live Call
Analytics' StartLCA function is given this event and passes it on as it is.
"""

from __future__ import annotations

from callbeam.records.addresses import Keeping, kept_attributes, subject_key
from callbeam.records.record_times import epoch_ms, time_form
from callbeam.records.record_values import (
    Record,
    child,
    end_of_arn,
    fragment_number,
    identifier,
    instance_of_arn,
    required_identifier,
    stream_arn,
    word,
)
from callbeam.records.statements import CONNECT, FLOW_EVENT, ContactFacts, Statement, StreamingSession


def read_flow_event(record: Record, keeping: Keeping) -> tuple[Statement, ...]:
    """Read a ContactFlowEvent.

    Parameters
    ----------
    record : mapping
        With ``Details.ContactData``; ``MediaStreams`` may be missing, ``CustomerEndpoint`` and ``Queue`` null.
    keeping : Keeping
        What to keep of attributes and of the customer's address.

    Returns
    -------
    tuple of Statement
        One; none for chats and tasks.

    Raises
    ------
    RecordError
        If it has no ContactId, or a time, stream or fragment number is none.

    Notes
    -----
    A contact that no transfer began has itself as ``PreviousContactId``, which then names none.
    """
    contact = child(child(record, "Details"), "ContactData")
    contact_id = required_identifier(contact, "ContactId")
    if (word(contact.get("Channel")) or "VOICE") != "VOICE":
        return ()
    session, forms = customer_audio(contact)
    address = child(contact, "CustomerEndpoint").get("Address")
    previous = identifier(contact.get("PreviousContactId"))
    return (
        Statement(
            call_id=contact_id,
            system=CONNECT,
            source=FLOW_EVENT,
            said_ms=(session.start_ms if session is not None else None) or 0,
            facts=ContactFacts(
                instance_id=instance_of_arn(contact.get("InstanceARN")),
                initial_contact_id=identifier(contact.get("InitialContactId")),
                previous_contact_id=None if previous == contact_id else previous,
                related_contact_id=identifier(contact.get("RelatedContactId")),
                initiation_method=word(contact.get("InitiationMethod")),
                queue_id=end_of_arn(child(contact, "Queue").get("ARN"), "queue"),
                subject_key=subject_key(address, keeping.subject_secret),
            ),
            sessions=() if session is None else (session,),
            attributes=kept_attributes(contact.get("Attributes"), keeping, address),
            forms=forms,
        ),
    )


def customer_audio(contact: Record) -> tuple[StreamingSession | None, tuple[str, ...]]:
    """Return what ``MediaStreams.Customer.Audio`` of a contact tells, if it names a stream, and the forms met."""
    audio = child(child(child(contact, "MediaStreams"), "Customer"), "Audio")
    if audio.get("StreamARN") in (None, ""):
        return None, ("no MediaStreams",)
    return streaming_attributes(audio, "MediaStreams.Customer.Audio.")


def streaming_attributes(audio: Record, prefix: str = "") -> tuple[StreamingSession, tuple[str, ...]]:
    """Read the attributes of live streaming.

    Parameters
    ----------
    audio : mapping
        ``StreamARN``, ``StartTimestamp`` and ``StopTimestamp`` (published as text of epoch milliseconds),
        ``StartFragmentNumber``, which old flows call ``StartPosition``.
    prefix : str
        Where they stand, for messages.

    Returns
    -------
    (StreamingSession, tuple of str)
        And the forms met.

    Raises
    ------
    RecordError
        If a value is not what it should be.
    """
    first = "StartPosition" if audio.get("StartFragmentNumber") in (None, "") else "StartFragmentNumber"
    session = StreamingSession(
        stream_arn=stream_arn(audio.get("StreamARN"), f"{prefix}StreamARN"),
        first_fragment=fragment_number(audio.get(first), prefix + first),
        last_fragment=fragment_number(audio.get("FragmentStopNumber"), f"{prefix}FragmentStopNumber"),
        start_ms=epoch_ms(audio.get("StartTimestamp"), f"{prefix}StartTimestamp"),
        stop_ms=epoch_ms(audio.get("StopTimestamp"), f"{prefix}StopTimestamp"),
    )
    forms = [f"StartTimestamp as {time_form(audio.get('StartTimestamp'))}"]
    if session.first_fragment is not None:
        forms.append(first)
    if session.stream_arn != audio.get("StreamARN"):
        forms.append("StreamARN with blanks")
    return session, tuple(forms)
