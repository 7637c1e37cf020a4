"""One call's rows of the tables that hold what others say of it."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from callbeam.enrichment.clock_shift import Shift, Window, find_shift, window_of_clock, window_of_writing
from callbeam.enrichment.segment_versions import final_segments
from callbeam.enrichment.speaker_roles import find_roles
from callbeam.enrichment.text_linking import IN_WORDS, Spoken, UtteranceText, link
from callbeam.spans import as_spans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from callbeam.enrichment.named_calls import KnownCall
    from callbeam.enrichment.segment_versions import FinalSegment
    from callbeam.spans import SpanArray

    Row = Mapping[str, Any]
    Rows = list[dict[str, Any]]

MOST_OFFSET_MS = 7 * 86_400_000

_HEARD_AS = {"SYSTEM": "AGENT"}
"""Prompts are on the channel that carries what the customer hears."""


@dataclass(slots=True)
class CallRows:
    """Rows by table, without ``job_id``."""

    tables: dict[str, Rows] = field(default_factory=lambda: defaultdict(list))


def enrich_call(
    call: KnownCall | None,
    utterances: Sequence[Row],
    *,
    segments: Sequence[Row] = (),
    labels: Sequence[Row] = (),
    messages: Sequence[Row] = (),
) -> CallRows:
    """Bring together what tables and sources have of a call.

    Parameters
    ----------
    call : KnownCall or None
        None for a call that no job has written.
    utterances : sequence of mapping
        Its utterances: ``utterance_id``, ``channel_id``, ``participant_role``, ``begin_offset_ms``, ``end_offset_ms``,
        ``duration_ms``.
    segments, labels, messages : sequence of mapping
        What was said of it, as ``Collected`` gives it.

    Returns
    -------
    CallRows
        A row for each segment, label and message, repetitions joined, and one for each utterance and source that has
        something for it.
    """
    found = CallRows()
    shifts: dict[str, Shift | None] = {}
    by_source = itemgetter("source")
    for source, some in groupby(sorted(segments, key=by_source), key=by_source):
        finals = final_segments(some)
        shift = None
        if call is not None:
            finals, shift = _aligned(call, utterances, finals)
        shifts[source] = shift
        _add_segments(found, call, utterances, finals, shift)
    for row in _joined(_with_texts(labels), _LABEL):
        found.tables["labels"].append(_label(row, call, shifts.get(row["source"])))
    for row in _joined(messages, _MESSAGE):
        found.tables["messages"].append(_message(row, call))
    return found


def _role(role: str | None) -> str | None:
    return _HEARD_AS.get(role, role) if role is not None else None


def _aligned(
    call: KnownCall, utterances: Sequence[Row], finals: list[FinalSegment]
) -> tuple[list[FinalSegment], Shift]:
    """Find the shift; where a source tells no roles, find those of its speakers, too, and give them to its segments."""
    heard = _spans_by([(u["participant_role"], u["begin_offset_ms"], u["end_offset_ms"]) for u in utterances])
    window = _window(call, [final.row for final in finals])
    if any(final.row["role"] is not None for final in finals):
        said = _spans_by([(_role(final.row["role"]), *span) for final in finals for span in _said_spans(final.row)])
        return finals, find_shift(heard, said, window)
    said = _spans_by([(final.row["speaker"], *span) for final in finals for span in _said_spans(final.row)])
    roles, shift = find_roles(heard, said, window)
    named = [{**final.row, "role": roles.get(final.row["speaker"])} for final in finals]
    return [replace(final, row=row) for final, row in zip(finals, named, strict=True)], shift


def _said_spans(row: Row) -> list[tuple[int, int]]:
    if row["words"]:
        return [(word["begin_ms"], word["end_ms"]) for word in row["words"]]
    return [(row["begin_ms"], row["end_ms"])]


def _spans_by(spans: Sequence[tuple[str | None, int, int]]) -> dict[str, SpanArray]:
    """Return spans by whose they are, but for those that are nobody's."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for name, begin, end in spans:
        if name is not None:
            found[name].append((begin, end))
    return {name: as_spans(some) for name, some in found.items()}


def _window(call: KnownCall, rows: Sequence[Row]) -> Window | None:
    """Return where to look for the shift, by what the records tell of their clock."""
    zeros = sorted(row["zero_ms"] for row in rows if row["zero_ms"] is not None)
    if zeros:
        return window_of_clock(zeros[len(zeros) // 2] - call.start_ms)
    written = [row["said_ms"] - row["end_ms"] for row in rows if row["said_ms"]]
    return window_of_writing(min(written) - call.start_ms) if written else None


def _add_segments(
    found: CallRows,
    call: KnownCall | None,
    utterances: Sequence[Row],
    finals: Sequence[FinalSegment],
    shift: Shift | None,
) -> None:
    by_role: dict[str | None, list[FinalSegment]] = defaultdict(list)
    for final in finals:
        by_role[_role(final.row["role"])].append(final)
    for role, some in sorted(by_role.items(), key=lambda item: item[0] or ""):
        heard = sorted(
            (u for u in utterances if u["participant_role"] == role and role is not None),
            key=lambda u: (u["begin_offset_ms"], u["utterance_id"]),
        )
        if call is None or shift is None or not shift.certain or not heard:
            status = "unknown_call" if call is None else _why_not(role, heard)
            for final in some:
                found.tables["segments"].append(_segment(final, call, shift, status=status))
        else:
            _add_linked(found, call, heard, some, shift)


def _why_not(role: str | None, heard: Sequence[Row]) -> str:
    return "no_role" if role is None else "unaligned" if heard else "no_channel"


def _add_linked(
    found: CallRows, call: KnownCall, heard: Sequence[Row], finals: Sequence[FinalSegment], shift: Shift
) -> None:
    spoken = [_spoken(final.row, shift.ms) for final in finals]
    spans = np.array([(u["begin_offset_ms"], u["end_offset_ms"]) for u in heard], np.int64).reshape(-1, 2)
    linked = link(spoken, spans)
    for final, where, words in zip(finals, linked.segments, linked.words, strict=True):
        status = "linked" if where else "no_utterance"
        ids = [heard[at]["utterance_id"] for at in where]
        row = _segment(final, call, shift, status=status, utterance_ids=ids)
        row["channel_id"] = heard[where[0]]["channel_id"] if where else None
        if row["words"] is not None:
            for word, at in zip(row["words"], words, strict=True):
                word["utterance_id"] = heard[at]["utterance_id"] if at >= 0 else None
        found.tables["segments"].append(row)
    source = finals[0].row["source"]
    for utterance, text in zip(heard, linked.utterances, strict=True):
        if text.status is not None:
            names = [finals[at].row["segment_id"] for at in text.segments]
            found.tables["utterance_texts"].append(_text(call, source, utterance, text, names))


def _spoken(row: Row, shift_ms: int) -> Spoken:
    words = [(word["begin_ms"] + shift_ms, word["end_ms"] + shift_ms, word["text"]) for word in row["words"] or ()]
    return Spoken(row["begin_ms"] + shift_ms, row["end_ms"] + shift_ms, row["text"], words)


def _segment(
    final: FinalSegment,
    call: KnownCall | None,
    shift: Shift | None,
    *,
    status: str,
    utterance_ids: Sequence[str] = (),
) -> dict[str, Any]:
    row = final.row
    at = shift.ms if shift is not None and shift.certain else None
    words = None
    if row["words"]:
        words = [
            {
                "begin_offset_ms": None if at is None else word["begin_ms"] + at,
                "end_offset_ms": None if at is None else word["end_ms"] + at,
                "text": word["text"],
                "confidence": word["conf"],
                "utterance_id": None,
            }
            for word in row["words"]
        ]
    return {
        "call_id": row["call_id"],
        "call_known": call is not None,
        "source": row["source"],
        "source_segment_id": row["segment_id"],
        "participant_role": row["role"],
        "source_speaker": row["speaker"],
        "channel_id": None,
        "begin_offset_ms": None if at is None else row["begin_ms"] + at,
        "end_offset_ms": None if at is None else row["end_ms"] + at,
        "source_begin_ms": row["begin_ms"],
        "source_end_ms": row["end_ms"],
        "clock_shift_ms": at,
        "clock_confidence": None if shift is None else shift.confidence,
        "language": row["language"],
        "text": row["text"],
        "words": words,
        "text_status": status,
        "utterance_ids": list(utterance_ids),
        "is_partial": row["is_partial"],
        "redacted": row["redacted"],
        "record_count": final.record_count,
        "place": final.place,
    }


def _text(call: KnownCall, source: str, utterance: Row, text: UtteranceText, names: Sequence[str]) -> dict[str, Any]:
    whole = " ".join(text.parts) or None
    minutes = utterance["duration_ms"] / 60_000
    return {
        "call_id": call.call_id,
        "channel_id": utterance["channel_id"],
        "participant_role": utterance["participant_role"],
        "utterance_id": utterance["utterance_id"],
        "source": source,
        "begin_offset_ms": utterance["begin_offset_ms"],
        "end_offset_ms": utterance["end_offset_ms"],
        "text": whole,
        "text_status": text.status,
        "word_count": text.word_count if whole is not None else None,
        "words_per_minute": text.word_count / minutes if text.status == IN_WORDS and minutes > 0 else None,
        "source_segment_ids": list(dict.fromkeys(names)),
    }


_LABEL = (
    "source",
    "name",
    "value",
    "score",
    "scale",
    "annotator",
    "role",
    "begin_ms",
    "end_ms",
    "zero_ms",
    "segment_id",
    "unit_id",
)
_MESSAGE = ("source", "said_ms", "kind", "status", "role", "payload")


def _joined(rows: Sequence[Row], fields: Sequence[str]) -> list[dict[str, Any]]:
    """Join rows that say the same: a name by what they say, how many there were, and the first place."""
    same: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        said = json.dumps([row[name] for name in fields], ensure_ascii=False)
        same[hashlib.sha256(said.encode()).hexdigest()[:16]].append(row)
    return [
        {**min(some, key=itemgetter("place")), "id": name, "record_count": len(some)}
        for name, some in sorted(same.items())
    ]


def _with_texts(labels: Sequence[Row]) -> list[Row]:
    """Give labels whose text is withheld that which another file has: of a call's two files one may be redacted."""

    def about(row: Row) -> tuple[Any, ...]:
        return tuple(row[name] for name in _LABEL if name != "value")

    texts: dict[tuple[Any, ...], str] = {}
    for row in sorted(labels, key=itemgetter("place")):
        if row["value"] is not None:
            texts.setdefault(about(row), row["value"])
    return [row if row["value"] is not None else {**row, "value": texts.get(about(row))} for row in labels]


def _label(row: Row, call: KnownCall | None, shift: Shift | None) -> dict[str, Any]:
    begin, end = (_on_call(row, name, call, shift) for name in ("begin_ms", "end_ms"))
    return {
        "call_id": row["call_id"],
        "call_known": call is not None,
        "source": row["source"],
        "label_id": row["id"],
        "name": row["name"],
        "value": row["value"],
        "score": row["score"],
        "scale": row["scale"],
        "annotator": row["annotator"],
        "participant_role": row["role"],
        "begin_offset_ms": begin,
        "end_offset_ms": end,
        "source_segment_id": row["segment_id"],
        "unit_id": row["unit_id"],
        "record_count": row["record_count"],
        "place": row["place"],
    }


def _on_call(row: Row, name: str, call: KnownCall | None, shift: Shift | None) -> int | None:
    at = row[name]
    if at is None or call is None:
        return None
    if row["is_calls"]:
        return int(at)
    if row["zero_ms"] is not None:
        return _near(at + row["zero_ms"] - call.start_ms)
    return int(at + shift.ms) if shift is not None and shift.certain else None


def _near(offset_ms: int) -> int | None:
    """Return an offset, or None if it lies weeks from the call: a name was used again, or a time is wrong."""
    return int(offset_ms) if abs(offset_ms) <= MOST_OFFSET_MS else None


def _message(row: Row, call: KnownCall | None) -> dict[str, Any]:
    said_ms = row["said_ms"]
    return {
        "call_id": row["call_id"],
        "call_known": call is not None,
        "source": row["source"],
        "message_id": row["id"],
        "said_ts": said_ms,
        "offset_ms": None if said_ms is None or call is None else _near(said_ms - call.start_ms),
        "kind": row["kind"],
        "status": row["status"],
        "participant_role": row["role"],
        "text": row["text"],
        "is_partial": row["is_partial"],
        "payload": row["payload"],
        "record_count": row["record_count"],
        "place": row["place"],
    }
