"""The JSON that Post Call Analytics writes for each recording.

Source: Post Call Analytics (aws-samples), *Output JSON*: ``ConversationAnalytics`` and ``SpeechSegments``, times in
seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from callbeam.records import RecordError, child, children, identifier, truth
from callbeam.transcripts.said import AGENT, CUSTOMER, POST_CALL_ANALYTICS, SYSTEM, CallName, Label, Segment
from callbeam.transcripts.transcript_fields import (
    FINDINGS,
    figure,
    names_in,
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

_NO_GUID = "None"
"""What stands for a GUID where the name of a recording has none."""

_SECONDS = ("BeginOffsetSecs", "EndOffsetSecs")


def is_post_call_analytics(record: Record) -> bool:
    """Tell whether an object is such a file."""
    return "ConversationAnalytics" in record and isinstance(record.get("SpeechSegments"), list)


def read_post_call_analytics(record: Record, source: str, place: str, policy: TextPolicy) -> Iterator[Said]:
    """Read one.

    Parameters
    ----------
    record : mapping
    source : str
        The file, which PCA calls as it does the recording: where no GUID names the call, its name does.
    place : str
        File and line, for people.
    policy : TextPolicy
        ``RedactedTranscript`` says whether text was redacted; without it nothing does.

    Yields
    ------
    Segment or Label

    Raises
    ------
    RecordError
        If nothing names the call, or a segment has no times.
    """
    header = child(record, "ConversationAnalytics")
    call = CallName(POST_CALL_ANALYTICS, _names(header, source), place)
    roles, redacted = _roles(header), _is_redacted(header)
    readable = policy.allows(redacted=redacted)
    language = short_name(header.get("LanguageCode"))
    for at, segment in enumerate(children(record, "SpeechSegments")):
        yield from _segment(segment, f"{at:05d}", call, roles, language, readable=readable, redacted=redacted)
    yield from _categories(header, call)
    yield from _sentiments(header, call, roles)
    yield from _times(header, call, roles)
    for summary in _summaries(header):
        yield Label(call, "summary", summary if readable else None)


def _categories(header: Record, call: CallName) -> Iterator[Label]:
    """Read the call's categories, each with the stretches that it was matched by, or one of all of the call."""
    for category in children(header, "CategoriesDetected"):
        name = short_name(category.get("Name"))
        if name is None:
            continue
        spans = [span_ms(one, names=_SECONDS, per_unit=1000) for one in children(category, "Timestamps")]
        for begin, end in spans:
            yield Label(call, "category", name, begin_ms=begin, end_ms=end)
        if not spans:
            yield Label(call, "category", name)


def _sentiments(header: Record, call: CallName, roles: Mapping[str, str]) -> Iterator[Label]:
    trends = {speaker: trend for speaker, trend in child(header, "SentimentTrends").items() if isinstance(trend, dict)}
    for speaker, trend in trends.items():
        score = figure(trend.get("SentimentScore"))
        if score is not None:
            yield Label(call, "sentiment_overall", None, score, "-5..5", roles.get(speaker))
        for quarter in children(trend, "SentimentPerQuarter"):
            begin, end = span_ms(quarter, names=_SECONDS, per_unit=1000)
            score = figure(quarter.get("Score"))
            about: dict[str, Any] = {"role": roles.get(speaker), "begin_ms": begin, "end_ms": end}
            yield Label(call, "sentiment_quarter", None, score, "-5..5", **about)


def _times(header: Record, call: CallName, roles: Mapping[str, str]) -> Iterator[Label]:
    for speaker, times in child(header, "SpeakerTime").items():
        total = figure(times.get("TotalTimeSecs")) if isinstance(times, dict) else None
        kind = "non_talk" if speaker == "NonTalkTime" else "talk"
        whose = "total" if kind == "non_talk" else str(roles.get(speaker) or "").lower()
        if total is not None and whose:
            yield Label(call, f"{kind}_time_{whose}_ms", score=total * 1000, scale="ms")
    for stretch in children(child(child(header, "SpeakerTime"), "NonTalkTime"), "Instances"):
        begin, end = span_ms(stretch, names=_SECONDS, per_unit=1000)
        yield Label(call, "non_talk", begin_ms=begin, end_ms=end)


def _summaries(header: Record) -> Iterator[str]:
    """Yield what models were asked to say of the call, each under its topic, and Transcribe's own summary."""
    for topic, told in child(header, "Summary").items():
        text = text_of(", ".join(map(str, told)) if isinstance(told, list) else told)
        if text is not None:
            yield text if topic == "Summary" else f"{topic}: {text}"
    of_transcribe = summary_of(child(header, "ContactSummary"))
    if of_transcribe is not None:
        yield of_transcribe


def _jobs(header: Record) -> list[Record]:
    return [child(one, kind) for one in children(header, "SourceInformation") for kind in one]


def _is_redacted(header: Record) -> bool | None:
    """Tell whether a job says that personal data were taken out of its transcript; None where none says anything."""
    told = [known for job in _jobs(header) if (known := truth(job.get("RedactedTranscript"))) is not None]
    return all(told) if told else None


def _names(header: Record, source: str) -> tuple[str, ...]:
    guid = header.get("GUID")
    jobs = [str(job.get("TranscriptionJobName") or "") for job in _jobs(header)]
    named = [None if guid == _NO_GUID else guid, *jobs]
    within = [name for job in jobs for name in names_in(job)]
    names = tuple(dict.fromkeys([*filter(None, map(identifier, named)), *within, *names_in(source)]))
    if not names:
        raise RecordError("neither GUID, TranscriptionJobName nor the file's name names the call")
    return names


def _roles(header: Record) -> dict[str, str]:
    """Return roles by speaker, from what the labels show people: ``Agent``, ``Customer``, or names after these."""
    found = {}
    for label in children(header, "SpeakerLabels"):
        speaker, shown = label.get("Speaker"), str(label.get("DisplayText") or "").strip().lower()
        known = role(shown) or next((r for r in (AGENT, CUSTOMER) if shown.startswith(r.lower())), None)
        if isinstance(speaker, str) and known is not None:
            found[speaker] = known
    return found


def _segment(
    segment: Record,
    name: str,
    call: CallName,
    roles: Mapping[str, str],
    language: str | None,
    *,
    readable: bool,
    redacted: bool | None,
) -> Iterator[Said]:
    begin, end = span_ms(segment, names=("SegmentStartTime", "SegmentEndTime"), per_unit=1000)
    named = short_name(segment.get("SegmentSpeaker"))
    speaker = SYSTEM if truth(segment.get("IVRSegment")) else roles.get(named or "")
    words = words_of(children(segment, "WordConfidence"), text="Text", begin="StartTime", end="EndTime", per_unit=1000)
    text = text_of(segment.get("DisplayText") or segment.get("OriginalText"))
    yield Segment(
        call,
        name,
        speaker,
        begin,
        end,
        text=text if readable else None,
        words=words if readable else (),
        language=language,
        redacted=redacted,
        speaker=named if speaker is None else None,
    )
    about: dict[str, Any] = {"role": speaker, "segment_id": name, "begin_ms": begin, "end_ms": end}
    yield from _segment_labels(segment, call, about)
    for field, named in FINDINGS.items():
        for finding in children(segment, field):
            found = text_found(text, finding)
            yield Label(call, named, found if readable else None, **about)


def _segment_labels(segment: Record, call: CallName, about: dict[str, Any]) -> Iterator[Label]:
    score = figure(segment.get("SentimentScore"))
    positive, negative = (
        bool(figure(segment.get(f"SentimentIs{which}"))) or segment.get(f"SentimentIs{which}") is True
        for which in ("Positive", "Negative")
    )
    if positive or negative or score is not None:
        value = "POSITIVE" if positive else "NEGATIVE" if negative else "NEUTRAL"
        yield Label(call, "sentiment", value, score, "-5..5", **about)
    loudness = [one for one in map(figure, segment.get("LoudnessScores") or []) if one is not None]
    if loudness:
        yield Label(call, "loudness", None, sum(loudness) / len(loudness), "0..100", **about)
    if segment.get("SegmentInterruption") is True:
        yield Label(call, "interruption", **about)
    for value in segment.get("CategoriesDetected") or []:
        if (category := short_name(value)) is not None:
            yield Label(call, "category", category, **about)
