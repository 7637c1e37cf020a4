"""Records that Amazon Chime SDK call analytics puts into Kinesis Data Streams or a data warehouse.

Source: Amazon Chime SDK developer guide, *Call analytics processor and output destinations*, *Understanding the AWS
Glue data catalog tables*, *Voice tone analysis events*. ``metadata`` is JSON in a text, and ``oneTimeMetadata`` JSON in
a text within it; the warehouse writes the names of some fields in small letters.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from callbeam.records import RecordError, child, epoch_ms, identifier, truth
from callbeam.transcripts.categories import category_labels
from callbeam.transcripts.payloads import kept_payload
from callbeam.transcripts.said import AGENT, CHIME_CALL_ANALYTICS, CUSTOMER, CallName, Clock, Label, Message, Segment
from callbeam.transcripts.transcribe_results import result_segments, results_of
from callbeam.transcripts.transcript_fields import figure, role, short_name
from callbeam.transcripts.utterance_events import utterance_labels, utterance_segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from callbeam.transcripts.said import Said
    from callbeam.transcripts.text_policy import TextPolicy

    Record = Mapping[str, Any]

SERVICES = frozenset({"CallAnalytics", "VoiceAnalytics"})


def is_call_analytics_event(record: Record) -> bool:
    """Tell whether an object is such a record, of a known type or not."""
    service, kind = record.get("service-type"), record.get("detail-type")
    return isinstance(service, str) and service in SERVICES and isinstance(kind, str)


def read_call_analytics_event(record: Record, source: str, place: str, policy: TextPolicy) -> Iterator[Said]:  # noqa: ARG001 - as all
    """Read one.

    Parameters
    ----------
    record : mapping
    source : str
        Unused: the record names its call.
    place : str
        File and line, for people.
    policy : TextPolicy
        These records do not say whether text was redacted.

    Yields
    ------
    Message, Segment or Label
        The message always; segments and labels of the types that hold some.

    Raises
    ------
    RecordError
        If nothing names the call, or a time is none.
    """
    detail, metadata = child(record, "detail"), _metadata(record)
    named = (of.get(name) for name in ("transactionId", "callId") for of in (metadata, detail, record))
    names = tuple(dict.fromkeys(filter(None, map(identifier, named))))
    if not names:
        raise RecordError("neither transactionId nor callId is in metadata or detail")
    call = CallName(CHIME_CALL_ANALYTICS, names, place)
    said_ms = epoch_ms(record.get("time"), "time")
    readable = policy.allows(redacted=None)
    segments = list(_segments(record, call, said_ms, readable=readable))
    direction = str(metadata.get("direction") or detail.get("direction") or "")
    utterance = child(record, "UtteranceEvent")
    labels = [
        *(utterance_labels(utterance, call, segments[0], readable=readable) if utterance else ()),
        *category_labels(child(record, "CategoryEvent"), call),
        *_voice_tone(detail, call, direction),
    ]
    spoken = segments[0] if segments else None
    yield Message(
        call,
        said_ms,
        str(record["detail-type"]),
        short_name(detail.get("detailStatus") or record.get("callevent-type") or record.get("detail-subtype")),
        spoken.role if spoken else _speaker(detail, direction),
        spoken.text if spoken else None,
        is_partial=spoken.is_partial if spoken else False,
        payload=kept_payload(record, policy),
    )
    yield from segments
    yield from labels


def _metadata(record: Record) -> Record:
    value = record.get("metadata")
    if isinstance(value, dict):
        return value
    if not isinstance(value, str) or not value.strip():
        return {}
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        raise RecordError("metadata is no JSON") from None
    return found if isinstance(found, dict) else {}


def _segments(record: Record, call: CallName, said_ms: int | None, *, readable: bool) -> Iterator[Segment]:
    utterance = child(record, "UtteranceEvent")
    if utterance:
        yield utterance_segment(utterance, call, readable=readable, said_ms=said_ms or 0)
    for result in results_of(child(record, "TranscriptEvent")):
        speaker = _channel_role(record, result.get("ChannelId"))
        yield from result_segments(result, call, speaker, readable=readable, said_ms=said_ms or 0)


def _channel_role(record: Record, channel: object) -> str | None:
    """Return who speaks on a channel of a transcript without roles.

    Where a Voice Connector began the session, its account's leg is on ``ch_0`` and the PSTN leg on ``ch_1``, whoever
    called; such records name it. Who began another session put the legs on channels as they liked.
    """
    metadata = _metadata(record)
    by_connector = any(metadata.get(name) for name in ("voiceConnectorId", "voiceconnectorId"))
    return {"ch_0": AGENT, "ch_1": CUSTOMER}.get(str(channel)) if by_connector else None


def _party(direction: str, *, is_caller: bool) -> str | None:
    """Return the role of caller or callee: an inbound call comes from the customer."""
    if direction.lower() not in {"inbound", "outbound"}:
        return None
    return CUSTOMER if is_caller is (direction.lower() == "inbound") else AGENT


def _speaker(detail: Record, direction: str) -> str | None:
    known = role(detail.get("participantRole"))
    is_caller = truth(detail.get("isCaller"))
    return known if known is not None or is_caller is None else _party(direction, is_caller=is_caller)


def _voice_tone(detail: Record, call: CallName, direction: str) -> Iterator[Label]:
    """Read the tone of a voice over the last half minute, and over the call so far: a label for each class."""
    details, speaker = child(detail, "voiceToneAnalysisDetails"), _speaker(detail, direction)
    for field, name in (("currentAverageVoiceTone", "voice_tone"), ("overallAverageVoiceTone", "voice_tone_overall")):
        tone = child(details, field)
        if not tone:
            continue
        begin, end = (epoch_ms(tone.get(at), f"{field}.{at}") for at in ("startTime", "endTime"))
        clock = Clock(zero_ms=0)
        label = short_name(tone.get("voiceToneLabel"))
        scores = child(tone, "voiceToneScore")
        yield Label(
            call,
            name,
            label,
            figure(scores.get(label)) if label else None,
            "0..1",
            speaker,
            begin_ms=begin,
            end_ms=end,
            clock=clock,
        )
        positive, negative = figure(scores.get("positive")), figure(scores.get("negative"))
        if positive is not None and negative is not None:
            yield Label(
                call,
                f"{name}_score",
                None,
                positive - negative,
                "-1..1",
                speaker,
                begin_ms=begin,
                end_ms=end,
                clock=clock,
            )
