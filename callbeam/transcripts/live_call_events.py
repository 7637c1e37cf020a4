"""Records that Live Call Analytics puts into its Kinesis Data Stream.

Source: Live Call Analytics with Agent Assist (aws-samples), *Transcript Lambda hook function* and the event processor's
README; events of custom producers carry ``UtteranceEvent`` or ``TranscriptEvent`` instead of a segment's own fields.
Its *voice_tone_processor* makes utterances of tones of voices, on channels of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from callbeam.records import RecordError, child, children, epoch_ms, identifier, truth
from callbeam.transcripts.categories import category_labels
from callbeam.transcripts.payloads import kept_payload
from callbeam.transcripts.said import AGENT, CUSTOMER, LIVE_CALL_ANALYTICS, CallName, Label, Message, Segment
from callbeam.transcripts.transcript_fields import (
    figure,
    offset_ms,
    role,
    short_name,
    span_ms,
    text_found,
    text_of,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from callbeam.transcripts.said import Said
    from callbeam.transcripts.text_policy import TextPolicy

    Record = Mapping[str, Any]

_TONE = "_VOICETONE"
_NOT_SPOKEN = ("_ASSISTANT", _TONE, "CATEGORY_MATCH")
"""How channels end on which nobody speaks: advice to the agent, tones of voices, categories."""

EVENTS = frozenset(
    {
        "START",
        "END",
        "ERRORED",
        "ADD_TRANSCRIPT_SEGMENT",
        "ADD_CALL_CATEGORY",
        "ADD_S3_RECORDING_URL",
        "UPDATE_AGENT",
        "ADD_SUMMARY",
        "ADD_AGENT_ASSIST",
        "ADD_PCA_URL",
        "CALL_ANALYTICS_METADATA",
    }
)


def is_live_call_event(record: Record) -> bool:
    """Tell whether an object is such a record; one of an unknown type is told by its form."""
    if "CallId" not in record:
        return False
    event = _event(record)
    return event in EVENTS or (event is not None and "CreatedAt" in record)


def _event(record: Record) -> str | None:
    """Return a record's type; custom producers leave it out where the record's content tells it."""
    event = record.get("EventType")
    if isinstance(event, str):
        return event
    told_by = {
        "UtteranceEvent": "ADD_TRANSCRIPT_SEGMENT",
        "TranscriptEvent": "ADD_TRANSCRIPT_SEGMENT",
        "CategoryEvent": "ADD_CALL_CATEGORY",
    }
    return next((meant for name, meant in told_by.items() if name in record), None)


def read_live_call_event(record: Record, source: str, place: str, policy: TextPolicy) -> Iterator[Said]:  # noqa: ARG001 - as all
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
        The message always.

    Raises
    ------
    RecordError
        If it has no CallId, or a segment no times.
    """
    names = tuple(dict.fromkeys(filter(None, (identifier(record.get(name)) for name in ("CallId", "TransactionId")))))
    if not names:
        raise RecordError("CallId is missing or no identifier")
    call = CallName(LIVE_CALL_ANALYTICS, names, place)
    said_ms = epoch_ms(record.get("UpdatedAt") or record.get("CreatedAt"), "CreatedAt")
    readable = policy.allows(redacted=None)
    segment = _segment(record, call, said_ms, readable=readable)
    yield Message(
        call,
        said_ms,
        str(_event(record)),
        short_name(record.get("Status")),
        segment.role if segment else None,
        segment.text if segment else None,
        is_partial=segment.is_partial if segment else False,
        payload=kept_payload(record, policy),
    )
    if segment is not None:
        yield segment
        yield from _sentiment(record, call, segment)
        yield from _issues(record, call, segment, readable=readable)
    yield from _voice_tone(record, call)
    yield from _call_labels(record, call, readable=readable)


def _channel(record: Record) -> str:
    """Return the channel of a record, as it is called where the record has it."""
    utterance, transcript = child(record, "UtteranceEvent"), child(record, "TranscriptEvent")
    told = utterance.get("ParticipantRole") or transcript.get("Channel") or record.get("Channel")
    return told if isinstance(told, str) else ""


def _speaker(record: Record) -> str | None:
    """Return who speaks; events of custom producers may have ``IsCaller`` in place of a channel."""
    is_caller = truth(record.get("IsCaller"))
    by_caller = None if is_caller is None else (CUSTOMER if is_caller else AGENT)
    channel = _channel(record)
    return role(channel) if channel else by_caller


def _segment(record: Record, call: CallName, said_ms: int | None, *, readable: bool) -> Segment | None:
    if _event(record) != "ADD_TRANSCRIPT_SEGMENT" or _channel(record).endswith(_NOT_SPOKEN):
        return None
    utterance, transcript = child(record, "UtteranceEvent"), child(record, "TranscriptEvent")
    if utterance:
        begin, end = span_ms(utterance)
        said, name = utterance, utterance.get("UtteranceId")
        words = words_of(children(utterance, "Items"))
    else:
        said = transcript or record
        begin, end = span_ms(said, names=("StartTime", "EndTime"), per_unit=1000)
        name = said.get("ResultId") or said.get("SegmentId")
        words = words_of(children(said, "Items"), begin="StartTime", end="EndTime", per_unit=1000)
    return Segment(
        call,
        short_name(name) or f"{begin}",
        _speaker(record),
        begin,
        end,
        text=text_of(said.get("Transcript")) if readable else None,
        words=words if readable else (),
        language=short_name(said.get("LanguageCode")),
        is_partial=truth(said.get("IsPartial")) or False,
        said_ms=said_ms or 0,
    )


def _sentiment(record: Record, call: CallName, segment: Segment) -> Iterator[Label]:
    said = child(record, "UtteranceEvent") or record
    value, weighted = short_name(said.get("Sentiment")), figure(record.get("SentimentWeighted"))
    if segment.is_partial or (value is None and weighted is None):
        return
    yield Label(
        call,
        "sentiment",
        value,
        weighted,
        None if weighted is None else "-5..5",
        segment.role,
        segment.segment_id,
        begin_ms=segment.begin_ms,
        end_ms=segment.end_ms,
    )


def _issues(record: Record, call: CallName, segment: Segment, *, readable: bool) -> Iterator[Label]:
    utterance = child(record, "UtteranceEvent")
    for issue in [] if segment.is_partial else children(utterance, "IssuesDetected"):
        text = text_found(utterance.get("Transcript"), issue)
        about: dict[str, Any] = {"role": segment.role, "begin_ms": segment.begin_ms, "end_ms": segment.end_ms}
        yield Label(call, "issue", text if readable else None, segment_id=segment.segment_id, **about)


def _voice_tone(record: Record, call: CallName) -> Iterator[Label]:
    """Read the tone of a voice, which comes as an utterance of its own channel with what it says left out."""
    channel, utterance = _channel(record), child(record, "UtteranceEvent")
    if not channel.endswith(_TONE) or not utterance:
        return
    # Its begin is 5 s before its end, whether or not the call has begun by then.
    begin = max(0, round(figure(utterance.get("BeginOffsetMillis")) or 0))
    end = offset_ms(utterance, "EndOffsetMillis")
    about: dict[str, Any] = {"role": role(channel.removesuffix(_TONE)), "begin_ms": begin, "end_ms": end}
    tone, scores = short_name(utterance.get("Sentiment")), child(utterance, "SentimentScore")
    yield Label(call, "voice_tone", tone, figure(scores.get(tone.capitalize())) if tone else None, "0..1", **about)
    positive, negative = figure(scores.get("Positive")), figure(scores.get("Negative"))
    if positive is not None and negative is not None:
        yield Label(call, "voice_tone_score", None, positive - negative, "-1..1", **about)


def _call_labels(record: Record, call: CallName, *, readable: bool) -> Iterator[Label]:
    event = _event(record)
    if event == "ADD_CALL_CATEGORY":
        yield from category_labels(child(record, "CategoryEvent") or record, call)
    elif event == "UPDATE_AGENT" and (agent := identifier(record.get("AgentId"))) is not None:
        yield Label(call, "agent", agent)
    elif event == "ADD_SUMMARY" and (summary := text_of(record.get("CallSummaryText"))) is not None:
        yield Label(call, "summary", summary if readable else None)
