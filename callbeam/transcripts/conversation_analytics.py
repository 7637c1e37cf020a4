"""The JSON of a whole call that Contact Lens and Transcribe Call Analytics leave in S3: they share one form.

Sources: Amazon Connect administrator guide, *Example Contact Lens output files for a call*; Amazon Transcribe developer
guide, *Post-call analytics output*.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from callbeam.records import RecordError, child, children, identifier
from callbeam.transcripts.categories import category_labels
from callbeam.transcripts.said import (
    CONTACT_LENS,
    CONTACT_LENS_IVR,
    TRANSCRIBE_CALL_ANALYTICS,
    CallName,
    Label,
    Segment,
)
from callbeam.transcripts.transcript_fields import (
    FINDINGS,
    figure,
    is_redacted,
    names_in,
    participants,
    role,
    short_name,
    span_ms,
    summary_of,
    text_found,
    text_of,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from callbeam.transcripts.said import Said
    from callbeam.transcripts.text_policy import TextPolicy

    Record = Mapping[str, Any]


IVR = "IVR"
"""``Channel`` of an automated interaction, whose files are in a folder of that name."""


def is_conversation_analytics(record: Record) -> bool:
    """Tell whether an object is such a file, of a voice call."""
    return "ConversationCharacteristics" in record and isinstance(record.get("Transcript"), list)


def read_conversation_analytics(record: Record, source: str, place: str, policy: TextPolicy) -> Iterator[Said]:
    """Read one.

    Parameters
    ----------
    record : mapping
        The file's object.
    source : str
        The file: a call that the object does not name is named by it.
    place : str
        File and line, for people.
    policy : TextPolicy

    Yields
    ------
    Segment or Label
        Times count from the beginning of the recording.

    Raises
    ------
    RecordError
        If nothing names the call, or a turn has no times.
    """
    if str(record.get("Channel") or "VOICE").upper() not in {"VOICE", IVR}:
        raise RecordError("Channel is not VOICE: chats and mails are no calls")
    turns = children(record, "Transcript")
    redacted = is_redacted(record)
    call = _call(record, turns, source, place)
    roles = participants(record)
    language = short_name(record.get("LanguageCode"))
    readable = policy.allows(redacted=redacted)
    for turn in turns:
        yield from _turn(turn, call, roles, language, readable=readable, redacted=redacted)
    yield from category_labels(child(record, "Categories"), call)
    yield from _characteristics(child(record, "ConversationCharacteristics"), call, roles, readable=readable)


def _call(record: Record, turns: list[Record], source: str, place: str) -> CallName:
    is_connect = "CustomerMetadata" in record or any("ParticipantId" in turn for turn in turns)
    metadata = child(record, "CustomerMetadata")
    named = (metadata.get("ContactId"), record.get("ContactId"), record.get("JobName"), record.get("SessionId"))
    names = [name for name in map(identifier, named) if name is not None]
    names = list(dict.fromkeys([*names, *names_in(str(record.get("JobName") or "")), *names_in(source)]))
    if not names:
        raise RecordError("neither CustomerMetadata.ContactId, JobName, SessionId nor the file's name names the call")
    lens = CONTACT_LENS_IVR if _is_automated(record, source) else CONTACT_LENS
    return CallName(lens if is_connect else TRANSCRIBE_CALL_ANALYTICS, tuple(names), place)


def _is_automated(record: Record, source: str) -> bool:
    """Tell whether a file is about what came before an agent: it has a recording, and a clock, of its own."""
    return str(record.get("Channel")).upper() == IVR or IVR.lower() in source.split("/")[:-1]


def _turn(
    turn: Record,
    call: CallName,
    roles: Mapping[str, str],
    language: str | None,
    *,
    readable: bool,
    redacted: bool | None,
) -> Iterator[Said]:
    begin, end = span_ms(turn)
    speaker = role(turn.get("ParticipantRole")) or _role_of(turn.get("ParticipantId"), roles)
    name = short_name(turn.get("Id")) or f"{begin}"
    yield Segment(
        call,
        name,
        speaker,
        begin,
        end,
        text=text_of(turn.get("Content")) if readable else None,
        words=words_of(children(turn, "Items")) if readable else (),
        language=language,
        redacted=redacted,
    )

    def label(named: str, **values: Any) -> Label:
        return Label(call, named, role=speaker, segment_id=name, **values)

    if (sentiment := short_name(turn.get("Sentiment"))) is not None:
        yield label("sentiment", value=sentiment, begin_ms=begin, end_ms=end)
    loudness = [score for score in map(figure, _list(turn, "LoudnessScores", "LoudnessScore")) if score is not None]
    if loudness:
        mean = sum(loudness) / len(loudness)
        yield label("loudness", score=mean, scale="0..100", begin_ms=begin, end_ms=end)
    for field, named in FINDINGS.items():
        for finding in children(turn, field):
            text = text_found(turn.get("Content"), finding)
            yield label(named, value=text if readable else None, begin_ms=begin, end_ms=end)
    for span in _redacted_spans(turn):
        yield label("redaction", begin_ms=span[0], end_ms=span[1])


def _list(record: Record, *names: str) -> list[Any]:
    for name in names:
        if isinstance(found := record.get(name), list):
            return found
    return []


def _redacted_spans(turn: Record) -> Iterator[tuple[int, int]]:
    """Yield the stretches that redaction silenced; older files have them in lists within a list."""
    stamps = child(turn, "Redaction").get("RedactedTimestamps")
    for stamp in stamps if isinstance(stamps, list) else []:
        for each in stamp if isinstance(stamp, list) else [stamp]:
            if isinstance(each, dict):
                yield span_ms(each)


def _role_of(participant: object, roles: Mapping[str, str]) -> str | None:
    """Return the role of a participant, who is named by an identifier, or in newer files by the role itself."""
    return roles.get(str(participant)) or role(participant)


def _characteristics(found: Record, call: CallName, roles: Mapping[str, str], *, readable: bool) -> Iterator[Label]:
    """Read a call's totals under the names of our columns, and the stretches that they were added up from."""
    yield from _totals(found, call, roles)
    for stretch in children(child(found, "NonTalkTime"), "Instances"):
        begin, end = span_ms(stretch)
        yield Label(call, "non_talk", begin_ms=begin, end_ms=end)
    sentiment = child(found, "Sentiment")
    for name, score in child(sentiment, "OverallSentiment").items():
        yield Label(call, "sentiment_overall", role=_role_of(name, roles), score=figure(score), scale="-5..5")
    for name, periods in child(child(sentiment, "SentimentByPeriod"), "QUARTER").items():
        for period in periods if isinstance(periods, list) else []:
            begin, end = span_ms(period)
            yield Label(
                call,
                "sentiment_quarter",
                role=_role_of(name, roles),
                score=figure(period.get("Score")),
                scale="-5..5",
                begin_ms=begin,
                end_ms=end,
            )
    for name, speed in child(child(found, "TalkSpeed"), "DetailsByParticipant").items():
        rate = figure(speed.get("AverageWordsPerMinute")) if isinstance(speed, dict) else None
        yield Label(call, "talk_speed", role=_role_of(name, roles), score=rate, scale="words/min")
    summary = summary_of(child(found, "ContactSummary"))
    if summary is not None:
        yield Label(call, "summary", summary if readable else None)


def _totals(found: Record, call: CallName, roles: Mapping[str, str]) -> Iterator[Label]:
    talk, breaks = child(found, "TalkTime"), child(found, "Interruptions")
    told = {
        "total_conversation_duration_ms": found.get("TotalConversationDurationMillis"),
        "talk_time_total_ms": talk.get("TotalTimeMillis"),
        "non_talk_time_total_ms": child(found, "NonTalkTime").get("TotalTimeMillis"),
        "interruptions_total_count": breaks.get("TotalCount"),
        "interruptions_time_total_ms": breaks.get("TotalTimeMillis"),
    }
    known = {name: total for name, value in told.items() if (total := figure(value)) is not None}
    totals: defaultdict[str, float] = defaultdict(float, known)
    for name, detail in child(talk, "DetailsByParticipant").items():
        speaker = _role_of(name, roles)
        total = figure(detail.get("TotalTimeMillis")) if isinstance(detail, dict) else None
        if speaker is not None and total is not None:
            totals[f"talk_time_{speaker.lower()}_ms"] += total
    for name, instances in child(breaks, "InterruptionsByInterrupter").items():
        speaker = _role_of(name, roles)
        if speaker is None or not isinstance(instances, list):
            continue
        spans = [span_ms(one) for one in instances if isinstance(one, dict)]
        totals[f"interruptions_{speaker.lower()}_count"] += len(spans)
        totals[f"interruptions_time_{speaker.lower()}_ms"] += sum(end - begin for begin, end in spans)
        for begin, end in spans:
            yield Label(call, "interruption", role=speaker, begin_ms=begin, end_ms=end)
    for name, total in totals.items():
        yield Label(call, name, score=total, scale=name.rpartition("_")[2])
