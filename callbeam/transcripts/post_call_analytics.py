"""The JSON that Post Call Analytics writes for each recording.

Source: Post Call Analytics (aws-samples), *Output JSON*: ``ConversationAnalytics`` and ``SpeechSegments``, times in
seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from callbeam.records import RecordError, child, children, identifier
from callbeam.transcripts.said import AGENT, CUSTOMER, POST_CALL_ANALYTICS, CallName, Label, Segment
from callbeam.transcripts.transcript_fields import figure, names_in, role, short_name, span_ms, text_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from callbeam.transcripts.said import Said
    from callbeam.transcripts.text_policy import TextPolicy

    Record = Mapping[str, Any]


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
        The file does not say whether text was redacted.

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
    roles = _roles(header)
    readable = policy.allows(redacted=None)
    language = short_name(header.get("LanguageCode"))
    for at, segment in enumerate(children(record, "SpeechSegments")):
        yield from _segment(segment, f"{at:05d}", call, roles, language, readable=readable)
    for category in children(header, "CategoriesDetected"):
        if (name := short_name(category.get("Name"))) is not None:
            yield Label(call, "category", name)
    for speaker, trend in child(header, "SentimentTrends").items():
        score = figure(trend.get("SentimentScore")) if isinstance(trend, dict) else None
        if score is not None:
            yield Label(call, "sentiment_overall", None, score, "-5..5", roles.get(speaker))
    for speaker, times in child(header, "SpeakerTime").items():
        total = figure(times.get("TotalTimeSecs")) if isinstance(times, dict) else None
        if total is not None and roles.get(speaker) is not None:
            yield Label(call, f"talk_time_{str(roles[speaker]).lower()}_ms", score=total * 1000, scale="ms")


def _names(header: Record, source: str) -> tuple[str, ...]:
    jobs = [child(one, kind) for one in children(header, "SourceInformation") for kind in one]
    named = [header.get("GUID"), *(job.get("TranscriptionJobName") for job in jobs)]
    names = tuple(dict.fromkeys([*filter(None, map(identifier, named)), *names_in(source)]))
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
    segment: Record, name: str, call: CallName, roles: Mapping[str, str], language: str | None, *, readable: bool
) -> Iterator[Said]:
    begin, end = span_ms(segment, names=("SegmentStartTime", "SegmentEndTime"), per_unit=1000)
    speaker = roles.get(str(segment.get("SegmentSpeaker")))
    words = words_of(children(segment, "WordConfidence"), text="Text", begin="StartTime", end="EndTime", per_unit=1000)
    yield Segment(
        call,
        name,
        speaker,
        begin,
        end,
        text=text_of(segment.get("DisplayText") or segment.get("OriginalText")) if readable else None,
        words=words if readable else (),
        language=language,
    )
    about: dict[str, Any] = {"role": speaker, "segment_id": name, "begin_ms": begin, "end_ms": end}
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
