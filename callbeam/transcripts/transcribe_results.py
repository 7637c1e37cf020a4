"""Events that Amazon Transcribe streams, kept as JSON: alone, or within records of those who asked for them.

Source: Amazon Transcribe API reference, *TranscriptEvent*, *Result*, *Item*, *CallAnalyticsTranscriptResultStream*;
developer guide, *Transcribing streaming audio*. Times are seconds from the stream's begin.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from callbeam.records import RecordError, child, children, identifier, truth
from callbeam.transcripts.categories import category_labels
from callbeam.transcripts.said import TRANSCRIBE_STREAMING, CallName, Segment
from callbeam.transcripts.transcript_fields import is_mark, names_in, short_name, span_ms, text_of, words_of
from callbeam.transcripts.utterance_events import utterance_labels, utterance_segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from callbeam.transcripts.said import Said, Word
    from callbeam.transcripts.text_policy import TextPolicy

    Record = Mapping[str, Any]


def is_transcribe_results(record: Record) -> bool:
    """Tell whether an object is an event of such a stream, its transcript, or one result of it."""
    if "detail-type" in record or "metadata" in record:  # a record of who asked for it, which is another form
        return False
    events = (record.get(name) for name in ("TranscriptEvent", "UtteranceEvent", "CategoryEvent"))
    if any(isinstance(event, dict) for event in events) or isinstance(child(record, "Transcript").get("Results"), list):
        return True
    return "ResultId" in record and isinstance(record.get("Alternatives"), list)


def read_transcribe_results(record: Record, source: str, place: str, policy: TextPolicy) -> Iterator[Said]:
    """Read one.

    Parameters
    ----------
    record : mapping
    source : str
        The file: results do not name the call, so the file that holds them has to.
    place : str
        File and line, for people.
    policy : TextPolicy
        Results do not say whether text was redacted.

    Yields
    ------
    Segment or Label
        Channels and speakers are names here, and no roles; utterances of Call Analytics have roles.

    Raises
    ------
    RecordError
        If nothing names the call, or a result has no times.
    """
    names = tuple(dict.fromkeys(filter(None, (identifier(record.get("SessionId")), *names_in(source)))))
    if not names:
        raise RecordError("the file's name names no call, and results do not")
    call = CallName(TRANSCRIBE_STREAMING, names, place)
    readable = policy.allows(redacted=None)
    yield from category_labels(child(record, "CategoryEvent"), call)
    if utterance := child(record, "UtteranceEvent"):
        segment = utterance_segment(utterance, call, readable=readable)
        yield segment
        yield from utterance_labels(utterance, call, segment, readable=readable)
    if "UtteranceEvent" in record or "CategoryEvent" in record:
        return
    event = record.get("TranscriptEvent")
    for result in results_of(event if isinstance(event, dict) else record):
        yield from result_segments(result, call, None, readable=readable)


def results_of(event: Record) -> list[Record]:
    """Return what Transcribe heard: the guide prints a list of results, records on streams are one themselves."""
    if isinstance(event.get("Transcript"), dict):
        return children(child(event, "Transcript"), "Results")
    return [event] if event else []


def result_segments(
    result: Record, call: CallName, role: str | None, *, readable: bool, said_ms: int = 0
) -> Iterator[Segment]:
    """Read a result, of which several people may have said parts.

    Parameters
    ----------
    result : mapping
        ``ResultId``, ``StartTime``, ``EndTime``, ``IsPartial``, ``ChannelId``, ``Alternatives`` with ``Items``.
    call : CallName
    role : str or None
        Who speaks, where that is known.
    readable : bool
        The text policy allows text.
    said_ms : int
        As of a ``Segment``.

    Yields
    ------
    Segment
        One for all of it, or for each stretch of items that have one ``Speaker``; the first has the result's name.

    Raises
    ------
    RecordError
        If it has no times.
    """
    begin, end = span_ms(result, names=("StartTime", "EndTime"), per_unit=1000)
    best = next(iter(children(result, "Alternatives")), {})
    channel, items = short_name(result.get("ChannelId")), children(best, "Items")
    whole = Segment(
        call,
        short_name(result.get("ResultId")) or f"{channel}-{begin}",
        role,
        begin,
        end,
        text=text_of(best.get("Transcript")) if readable else None,
        words=_words(items) if readable else (),
        language=short_name(result.get("LanguageCode")),
        is_partial=truth(result.get("IsPartial")) or False,
        said_ms=said_ms,
        speaker=channel if role is None else None,
    )
    parts = _by_speaker(items) if role is None and channel is None else []
    if len(parts) == 1:
        yield replace(whole, speaker=parts[0][0])
    elif parts and all(words for _, words in parts):
        for at, (speaker, words) in enumerate(parts):
            yield replace(
                whole,
                segment_id=f"{whole.segment_id}-{at}" if at else whole.segment_id,
                begin_ms=words[0].begin_ms,
                end_ms=max(word.end_ms for word in words),
                text=" ".join(word.text for word in words) if readable else None,
                words=words if readable else (),
                speaker=speaker,
            )
    else:
        yield whole


def _words(items: Sequence[Record]) -> tuple[Word, ...]:
    return words_of(items, begin="StartTime", end="EndTime", per_unit=1000)


def _by_speaker(items: Sequence[Record]) -> list[tuple[str | None, tuple[Word, ...]]]:
    """Return the words of each stretch that one speaker said; a mark is of whom the word before it is of."""
    named: list[tuple[str | None, Record]] = []
    for item in items:
        before = named[-1][0] if named and is_mark(item) else None
        named.append((before or short_name(item.get("Speaker")), item))
    runs = groupby(named, key=lambda one: one[0])
    return [(speaker, _words([item for _, item in run])) for speaker, run in runs]
