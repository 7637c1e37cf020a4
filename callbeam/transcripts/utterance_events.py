"""``UtteranceEvent`` of Transcribe Call Analytics' streams, as records of several systems hold it.

Source: Amazon Transcribe API reference, *UtteranceEvent*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from callbeam.records import children, truth
from callbeam.transcripts.said import Label, Segment
from callbeam.transcripts.transcript_fields import role, short_name, span_ms, text_found, text_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from callbeam.transcripts.said import CallName

    Record = Mapping[str, Any]


def utterance_segment(utterance: Record, call: CallName, *, readable: bool, said_ms: int = 0) -> Segment:
    """Read what was said.

    Raises
    ------
    RecordError
        If it has no times.
    """
    begin, end = span_ms(utterance)
    return Segment(
        call,
        short_name(utterance.get("UtteranceId")) or f"{begin}",
        role(utterance.get("ParticipantRole")),
        begin,
        end,
        text=text_of(utterance.get("Transcript")) if readable else None,
        words=words_of(children(utterance, "Items")) if readable else (),
        language=short_name(utterance.get("LanguageCode")),
        is_partial=truth(utterance.get("IsPartial")) or False,
        said_ms=said_ms,
    )


def utterance_labels(utterance: Record, call: CallName, segment: Segment, *, readable: bool) -> Iterator[Label]:
    """Read what was found in it, once it is final."""
    if segment.is_partial:
        return
    about: dict[str, Any] = {"role": segment.role, "begin_ms": segment.begin_ms, "end_ms": segment.end_ms}
    if (sentiment := short_name(utterance.get("Sentiment"))) is not None:
        yield Label(call, "sentiment", sentiment, segment_id=segment.segment_id, **about)
    for issue in children(utterance, "IssuesDetected"):
        text = text_found(utterance.get("Transcript"), issue)
        yield Label(call, "issue", text if readable else None, segment_id=segment.segment_id, **about)
