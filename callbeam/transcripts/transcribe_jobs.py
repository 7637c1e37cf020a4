"""The JSON that a job of Amazon Transcribe leaves of a recording: words, by channel, by speaker, or by neither.

Source: Amazon Transcribe developer guide, *Data input and output*, *Example channel identification output (batch)*,
*Example diarization output (batch)*, *Example PII redaction and identification output*, *Language identification with
batch transcription jobs*. Times are seconds, as text.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from callbeam.records import RecordError, child, children, identifier, truth
from callbeam.transcripts.said import TRANSCRIBE, CallName, Segment
from callbeam.transcripts.transcript_fields import figure, names_in, short_name, span_ms, text_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from callbeam.transcripts.said import Said
    from callbeam.transcripts.text_policy import TextPolicy

    Record = Mapping[str, Any]

TURN_PAUSE_S: Final = 1.0
"""A longer pause ends a turn, where the file itself does not say where turns end."""

_SECONDS = ("start_time", "end_time")


class _Item(NamedTuple):
    """A word or a mark, who said it, and the turn that the file has it in."""

    item: Record
    speaker: str | None
    turn: str | None


def is_transcribe_job(record: Record) -> bool:
    """Tell whether an object is such a file."""
    return isinstance(child(record, "results").get("transcripts"), list)


def read_transcribe_job(record: Record, source: str, place: str, policy: TextPolicy) -> Iterator[Said]:
    """Read one.

    Parameters
    ----------
    record : mapping
    source : str
        The file: a call that the job's name does not name is named by it.
    place : str
        File and line, for people.
    policy : TextPolicy
        ``isRedacted`` says that text was redacted; without it nothing does.

    Yields
    ------
    Segment
        Times count from the beginning of the recording. Channels and speakers are names here, and no roles.

    Raises
    ------
    RecordError
        If nothing names the call, or what was said has no times.
    """
    results = child(record, "results")
    call = CallName(TRANSCRIBE, _names(record, source), place)
    redacted = truth(record.get("isRedacted"))
    readable = policy.allows(redacted=redacted)
    told = {str(one.get("id")): one for one in children(results, "audio_segments")}
    segments = [_segment(turn, told, call, results, readable=readable) for turn in _turns(_items(results, told))]
    digest = hashlib.sha256(str(record.get("jobName")).encode("utf-8", "replace")).hexdigest()
    job = digest[:8]  # several may be of one call
    found = [
        replace(segment, segment_id=f"{job}-{segment.segment_id}", redacted=redacted)
        for segment in segments
        if segment is not None
    ]
    if not found and any(text_of(one.get("transcript")) for one in children(results, "transcripts")):
        raise RecordError("results.transcripts has text, but results.items has no words with start_time and end_time")
    yield from found


def _names(record: Record, source: str) -> tuple[str, ...]:
    """Return what names the call: identifiers within the job's name and the file's, else these names."""
    job = record.get("jobName")
    named = [*(names_in(job) if isinstance(job, str) else ()), *names_in(source), identifier(job)]
    names = tuple(dict.fromkeys(name for name in named if name is not None))
    if not names:
        raise RecordError("neither jobName nor the file's name names the call")
    return names


def _items(results: Record, told: Mapping[str, Record]) -> Iterator[_Item]:
    """Yield words and marks in the order of the file; a mark is of whom and what the word before it is of.

    Older files tell channels only in lists by channel, and speakers only in a list by time.
    """
    listed = children(results, "items")
    channels = children(child(results, "channel_labels"), "channels")
    if channels and not (listed and all("channel_label" in item for item in listed)):
        listed = [
            {"channel_label": channel.get("channel_label"), **item}
            for channel in channels
            for item in children(channel, "items")
        ]
    speakers = {
        str(item.get("start_time")): item.get("speaker_label")
        for segment in children(child(results, "speaker_labels"), "segments")
        for item in children(segment, "items")
    }
    turns = {str(at): name for name, one in told.items() for at in one.get("items") or ()}
    speaker = turn = None
    for item in listed:
        is_timed = figure(item.get("start_time")) is not None
        named = item.get("channel_label") or item.get("speaker_label") or speakers.get(str(item.get("start_time")))
        speaker = short_name(named) or (None if is_timed else speaker)
        turn = turns.get(str(item.get("id"))) or (None if is_timed else turn)
        yield _Item(item, speaker, turn)


def _turns(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """Cut what each one said into turns: as the file does, else where there is a pause."""
    by_speaker: dict[str | None, list[_Item]] = defaultdict(list)
    for item in items:
        by_speaker[item.speaker].append(item)
    for some in by_speaker.values():
        turn: list[_Item] = []
        until = math.inf
        for item in some:
            begin = figure(item.item.get("start_time"))
            paused = item.turn is None and begin is not None and begin - until > TURN_PAUSE_S
            if turn and (paused or item.turn != turn[-1].turn):
                yield turn
                turn = []
            turn.append(item)
            end = figure(item.item.get("end_time"))
            until = end if end is not None else until
        yield turn


def _segment(
    turn: Sequence[_Item], told: Mapping[str, Record], call: CallName, results: Record, *, readable: bool
) -> Segment | None:
    words = words_of(map(_word, (each.item for each in turn)), begin="start_time", end="end_time", per_unit=1000)
    about = told.get(turn[0].turn or "")
    text = text_of(about.get("transcript")) if about is not None else " ".join(word.text for word in words)
    if about is not None:
        begin, end = span_ms(about, names=_SECONDS, per_unit=1000)
    elif words:
        begin, end = words[0].begin_ms, max(word.end_ms for word in words)
    elif any(text_of(_word(each.item)["Content"]) for each in turn):
        raise RecordError("results.items has words of a speaker or channel without any start_time and end_time")
    else:
        return None
    speaker = turn[0].speaker
    return Segment(
        call,
        turn[0].turn or f"{speaker or 'all'}-{begin}",
        None,
        begin,
        end,
        text=text if readable else None,
        words=words if readable else (),
        language=_language(turn, results),
        speaker=speaker,
    )


def _word(item: Record) -> dict[str, Any]:
    """Return a word in the form of the other services: the likeliest of its alternatives."""
    best = next(iter(children(item, "alternatives")), {})
    times = {name: item.get(name) for name in _SECONDS}
    return {"Content": best.get("content"), "Confidence": best.get("confidence"), "Type": item.get("type"), **times}


def _language(turn: Sequence[_Item], results: Record) -> str | None:
    """Return the language of a turn, unless it has several."""
    told = {name for each in turn if (name := short_name(each.item.get("language_code"))) is not None}
    return (told.pop() if len(told) == 1 else None) if told else short_name(results.get("language_code"))
