"""The segments that Contact Lens gives out during a call, by Kinesis or by its API, some of them partial.

Source: Amazon Connect administrator guide, *Contact Lens real-time contact analysis segment streams*; API reference of
Contact Lens, *ListRealtimeContactAnalysisSegments*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from callbeam.records import RecordError, child, children, epoch_ms, identifier
from callbeam.transcripts.categories import category_labels
from callbeam.transcripts.said import CONTACT_LENS_REALTIME, CallName, Clock, Label, Segment
from callbeam.transcripts.transcript_fields import names_in, role, short_name, span_ms, text_found, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from callbeam.transcripts.said import Said
    from callbeam.transcripts.text_policy import TextPolicy

    Record = Mapping[str, Any]

EVENTS = frozenset({"STARTED", "SEGMENTS", "COMPLETED", "FAILED"})


def is_realtime_segments(record: Record) -> bool:
    """Tell whether an object is such an event, or an answer of the API."""
    event = record.get("EventType")
    if event is None:
        return isinstance(record.get("Segments"), list)
    return "ContactId" in record and isinstance(event, str) and event in EVENTS


def read_realtime_segments(record: Record, source: str, place: str, policy: TextPolicy) -> Iterator[Said]:
    """Read one.

    Parameters
    ----------
    record : mapping
    source : str
        The file: the API's answers do not name the contact, so the file that holds one has to.
    place : str
        File and line, for people.
    policy : TextPolicy

    Yields
    ------
    Segment or Label
        Nothing for an event that holds no segments.

    Raises
    ------
    RecordError
        If nothing names the contact, or a segment has no times.
    """
    if str(record.get("Channel") or "VOICE").upper() != "VOICE":
        raise RecordError("Channel is not VOICE: chats and mails are no calls")
    contact = identifier(record.get("ContactId"))
    names = (contact,) if contact is not None else names_in(source)
    if not names:
        raise RecordError("neither ContactId nor the file's name names the contact")
    call = CallName(CONTACT_LENS_REALTIME, names, place)
    redacted = _is_redacted(record)
    language = short_name(record.get("LanguageCode"))
    readable = policy.allows(redacted=redacted)
    for segment in children(record, "Segments"):
        for kind in ("Utterance", "Transcript"):
            if kind in segment:
                yield from _spoken(child(segment, kind), kind, call, language, readable=readable, redacted=redacted)
        yield from category_labels(child(segment, "Categories"), call)
    for told in (record, *children(record, "Segments")):
        summary = text_of(child(told, "PostContactSummary").get("Content"))
        if summary is not None:
            yield Label(call, "summary", summary if readable else None)


def _is_redacted(record: Record) -> bool | None:
    output = child(record, "ContentMetadata").get("Output")
    output = output if output is not None else child(record, "Configuration").get("RedactionOutput")
    return output.strip().lower().startswith("redacted") if isinstance(output, str) else None


def _spoken(
    said: Record, kind: str, call: CallName, language: str | None, *, readable: bool, redacted: bool | None
) -> Iterator[Said]:
    begin, end = span_ms(said)
    speaker = role(said.get("ParticipantRole")) or role(said.get("ParticipantId"))
    partial = kind == "Utterance"
    name = short_name(said.get("TranscriptId") if partial else said.get("Id")) or f"{begin}"
    at_ms = epoch_ms(child(said, "Time").get("AbsoluteTime"), "Time.AbsoluteTime")
    yield Segment(
        call,
        name,
        speaker,
        begin,
        end,
        clock=Clock(None if at_ms is None else at_ms - begin),
        text=text_of(said.get("PartialContent" if partial else "Content")) if readable else None,
        language=language,
        is_partial=partial,
        redacted=redacted,
    )
    if not partial and (sentiment := short_name(said.get("Sentiment"))) is not None:
        yield Label(call, "sentiment", sentiment, role=speaker, segment_id=name, begin_ms=begin, end_ms=end)
    for issue in children(said, "IssuesDetected"):
        text = text_found(said.get("Content"), issue)
        yield Label(
            call, "issue", text if readable else None, role=speaker, segment_id=name, begin_ms=begin, end_ms=end
        )
