"""Detail records that Amazon Chime SDK Voice Connectors leave in S3: of calls (CDR) and of their streaming (SDR).

Source: Amazon Chime SDK administrator guide, *Managing global settings for the Amazon Chime SDK*. Their names in S3 are
``Amazon-Chime-Voice-Connector-CDRs/json/<voice connector>/<year>/<month>/<day>/<start>_<TransactionId>``, and
``...-SDRs/...`` likewise. Neither names a stream: it is looked for by TransactionId and time.
"""

from __future__ import annotations

from callbeam.records.addresses import Keeping, subject_key
from callbeam.records.record_times import epoch_ms
from callbeam.records.record_values import Record, identifier, required_identifier, truth, word
from callbeam.records.statements import CALL_DETAIL, CHIME, STREAMING_DETAIL, ContactFacts, Statement, marks_of


def read_call_detail_record(record: Record, keeping: Keeping) -> tuple[Statement, ...]:
    """Read a call detail record.

    Parameters
    ----------
    record : mapping
        Times are published as numbers of epoch seconds; text is read as well.
    keeping : Keeping
        What to keep of the customer's address: ``SourcePhoneNumber`` of inbound calls, else
        ``DestinationPhoneNumber``.

    Returns
    -------
    tuple of Statement
        One; ``StartTimeEpochSeconds`` is its initiation, ``EndTimeEpochSeconds`` its disconnect, ``Streaming`` whether
        there is audio. Numbers and ``SipAuthUser`` are dropped, and so is a ``CallId`` that has a host.

    Raises
    ------
    RecordError
        If it has no TransactionId, or a time is none.
    """
    direction = word(record.get("Direction"))
    customer = record.get("DestinationPhoneNumber" if direction == "OUTBOUND" else "SourcePhoneNumber")
    start, end = _times(record)
    facts = ContactFacts(
        voice_connector_id=identifier(record.get("VoiceConnectorId")),
        direction=direction,
        initiation_ms=start,
        disconnect_ms=end,
        streamed=truth(record.get("Streaming")),
        subject_key=subject_key(customer, keeping.subject_secret),
    )
    return (_statement(record, CALL_DETAIL, facts, {"initiated": start, "disconnected": end}),)


def read_streaming_detail_record(record: Record, keeping: Keeping) -> tuple[Statement, ...]:  # noqa: ARG001 - as all
    """Read a streaming detail record.

    Parameters
    ----------
    record : mapping
        ``StartTimeEpochSeconds`` and ``EndTimeEpochSeconds`` are when streaming began and ended.
    keeping : Keeping
        Unused: there is nothing of the customer in it.

    Returns
    -------
    tuple of Statement
        One.

    Raises
    ------
    RecordError
        If it has no TransactionId, or a time is none.
    """
    start, end = _times(record)
    facts = ContactFacts(
        voice_connector_id=identifier(record.get("VoiceConnectorId")),
        streamed=record.get("Status") == "Completed" or None,
    )
    return (_statement(record, STREAMING_DETAIL, facts, {"streaming_started": start, "streaming_ended": end}),)


def _times(record: Record) -> tuple[int | None, int | None]:
    start, end = (epoch_ms(record.get(name), name) for name in ("StartTimeEpochSeconds", "EndTimeEpochSeconds"))
    return start, end


def _statement(record: Record, source: str, facts: ContactFacts, instants: dict[str, int | None]) -> Statement:
    call_id = required_identifier(record, "TransactionId")
    alias = identifier(record.get("CallId"))
    form = "text" if isinstance(record.get("StartTimeEpochSeconds"), str) else "number"
    return Statement(
        call_id=call_id,
        system=CHIME,
        source=source,
        said_ms=max((time for time in instants.values() if time is not None), default=0),
        aliases=() if alias is None or alias == call_id else (alias,),
        facts=facts,
        marks=marks_of(source, None, instants),
        forms=(f"StartTimeEpochSeconds as {form}",),
    )
