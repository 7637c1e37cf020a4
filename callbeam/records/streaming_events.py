"""Streaming-status events of Amazon Chime SDK Voice Connectors, as EventBridge delivers them.

Sources: Amazon Chime SDK administrator guide, *Automating the Amazon Chime SDK with EventBridge* (STARTED, UPDATED,
ENDED, FAILED); the public samples amazon-chime-sdk-call-analytics-recorder (``currentFragmentNumber`` of ENDED) and
amazon-chime-sdk-call-analytics-reader (ALL_STARTED with ``streams``), and Live Call Analytics (``isCaller`` as text).
"""

from __future__ import annotations

from functools import lru_cache

from callbeam.records.addresses import Keeping, opaque_key, subject_key
from callbeam.records.record_times import epoch_ms
from callbeam.records.record_values import (
    Record,
    child,
    children,
    fragment_number,
    identifier,
    required_identifier,
    stream_arn,
    truth,
    word,
)
from callbeam.records.refusals import RecordError
from callbeam.records.siprec import SiprecMetadata, read_siprec
from callbeam.records.statements import (
    CHIME,
    LEG,
    STREAMING_EVENT,
    ContactFacts,
    Mark,
    Statement,
    StreamingSession,
    marks_of,
)

DETAIL_TYPE = "Chime VoiceConnector Streaming Status"

STATUSES = frozenset({"STARTED", "UPDATED", "ENDED", "FAILED", "ALL_STARTED"})


def read_streaming_event(record: Record, keeping: Keeping) -> tuple[Statement, ...]:
    """Read a streaming-status event.

    Parameters
    ----------
    record : mapping
        The event of EventBridge, or its ``detail`` alone.
    keeping : Keeping
        What to keep of the customer's address: ``fromNumber`` of inbound calls, ``toNumber`` of outbound ones.

    Returns
    -------
    tuple of Statement
        One. Headers and numbers are dropped; of SIPREC metadata it is kept who sends which stream.

    Raises
    ------
    RecordError
        If it has neither transactionId nor callId, no known streamingStatus, or a time, stream or fragment number is
        none. SIPREC metadata that cannot be read is no reason: the published sample has none that can.
    """
    detail = child(record, "detail") if "detail" in record else record
    status = detail.get("streamingStatus")
    if not isinstance(status, str) or status not in STATUSES:
        raise RecordError(f"streamingStatus is none of {', '.join(sorted(STATUSES))}")
    named = "callId" if detail.get("transactionId") in (None, "") and detail.get("callId") else "transactionId"
    call_id = required_identifier(detail, named)
    siprec, siprec_form = _siprec(detail.get("siprecMetadata"))
    sessions, session_forms = _sessions(detail, status)
    direction = word(detail.get("direction"))
    caller, callee = detail.get("fromNumber"), detail.get("toNumber")
    alias = identifier(detail.get("callId"))
    return (
        Statement(
            call_id=call_id,
            system=CHIME,
            source=STREAMING_EVENT,
            said_ms=_said(record, detail),
            aliases=(alias,) if alias not in {None, call_id} else (),
            facts=ContactFacts(
                voice_connector_id=identifier(detail.get("voiceConnectorId")),
                direction=direction,
                subject_key=subject_key(callee if direction == "OUTBOUND" else caller, keeping.subject_secret),
            ),
            sessions=sessions,
            marks=_marks(detail),
            siprec=siprec,
            caller_key=opaque_key(caller),
            callee_key=opaque_key(callee),
            forms=(status, *session_forms, *siprec_form),
        ),
    )


def _said(record: Record, detail: Record) -> int:
    """Return when the event was sent: its own time, else the latest that its detail has."""
    times = [epoch_ms(record.get("time"), "time")]
    if times == [None]:
        times = [epoch_ms(detail.get(name), name) for name in ("startTime", "endTime", "failTime")]
    return max((time for time in times if time is not None), default=0)


def _sessions(detail: Record, status: str) -> tuple[tuple[StreamingSession, ...], tuple[str, ...]]:
    if status == "ALL_STARTED":
        return tuple(_session(each, "streams.") for each in children(detail, "streams")), ()
    if detail.get("streamArn") in (None, ""):
        return (), ()
    value = detail.get("isCaller")
    form = (
        "isCaller missing" if value is None else f"isCaller as {'true or false' if value in (True, False) else 'text'}"
    )
    blanks = () if "".join(str(detail["streamArn"]).split()) == detail["streamArn"] else ("streamArn with blanks",)
    return (_session(detail, ""),), (form, *blanks)


def _session(detail: Record, prefix: str) -> StreamingSession:
    return StreamingSession(
        stream_arn=stream_arn(detail.get("streamArn"), f"{prefix}streamArn"),
        first_fragment=fragment_number(detail.get("startFragmentNumber"), f"{prefix}startFragmentNumber"),
        last_fragment=fragment_number(detail.get("currentFragmentNumber"), f"{prefix}currentFragmentNumber"),
        start_ms=epoch_ms(detail.get("startTime"), f"{prefix}startTime"),
        stop_ms=epoch_ms(detail.get("endTime"), f"{prefix}endTime"),
        tracks=(LEG,),
        is_caller=truth(detail.get("isCaller")),
        media_label=identifier(child(detail, "sdp").get("mediaLabel")),
    )


def _marks(detail: Record) -> tuple[Mark, ...]:
    return marks_of(
        STREAMING_EVENT,
        None,
        {
            "streaming_started": epoch_ms(detail.get("startTime"), "startTime"),
            "streaming_ended": epoch_ms(detail.get("endTime"), "endTime"),
            "streaming_failed": epoch_ms(detail.get("failTime"), "failTime"),
        },
    )


@lru_cache(maxsize=256)
def _read_siprec(text: str) -> SiprecMetadata:
    """Read metadata once for both of a call's legs."""
    return read_siprec(text)


def _siprec(text: object) -> tuple[SiprecMetadata | None, tuple[str, ...]]:
    if not isinstance(text, str) or not text:
        return None, ()
    try:
        return _read_siprec(text), ("siprecMetadata",)
    except RecordError:
        return None, ("siprecMetadata unreadable",)
