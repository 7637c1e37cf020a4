"""What two services each would say of spoken calls, with what goes wrong on the way, and the links that are right."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from callbeam.callmaker import (
    call_analytics_records,
    contact_lens_events,
    contact_lens_file,
    live_call_records,
    made_turns,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from builders.spoken_calls import SpokenCall
    from callbeam.callmaker import MadeTurn

    Record = dict[str, Any]

MOST_SHIFT_MS = 5_000
JITTER_MS = 60
BROKEN = (
    '{"EventType": "ADD_TRANSCRIPT_SEGMENT", "CallId": "x", "SegmentId": "s", "StartTime": 5, "EndTime": 1, '
    '"Transcript": "and", "IsPartial": false, "CreatedAt": "2026-03-02T12:00:00Z", "Channel": "AGENT"}'
)
"""A record that ends before it begins."""

PAIRS = {
    "connect": (("contact_lens", "live_call_analytics"), ("contact_lens", "contact_lens_realtime")),
    "chime": (("chime_call_analytics", "live_call_analytics"), ("chime_call_analytics", "contact_lens")),
}
"""Which two sources say something of a call, by its system."""


@dataclass
class Imperfect:
    """What was written, and what is right.

    Attributes
    ----------
    turns : dict
        By call, source, role and begin on the source's clock: the turn on the call's clock, as its words are known.
    records : Counter of str
        Segments' records by source: partial ones and repetitions included.
    messages : int
        Records that are messages, repetitions included.
    broken : int
        Records that nobody can read.
    """

    turns: dict[tuple[str, str, str, int], MadeTurn] = field(default_factory=dict)
    records: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    broken: int = 0


def write_imperfect(calls: Iterable[SpokenCall], folder: Path, *, seed: int = 1) -> Imperfect:
    """Write what two sources have of each call.

    Each source has a clock of its own, up to 5 s off. Records come out of order and one in eight twice, one segment in
    ten has the name of the one before, turns are joined as a service thinks, times are off, one in ten words has none,
    one in twenty is missed, and some lines cannot be read.
    """
    rng = random.Random(seed)
    found = Imperfect()
    lines: list[Record] = []
    for number, call in enumerate(calls):
        for source in PAIRS[call.truth.source][number // 2 % 2]:
            shift = rng.randint(-MOST_SHIFT_MS, MOST_SHIFT_MS)
            turns = as_transcribed(call, rng, shift, misses=0.05 if source == "chime_call_analytics" else 0)
            for turn in turns:
                found.turns[call.truth.call_id, source, turn.role, turn.begin_ms - shift] = turn
            moved = [turn.moved(-shift) for turn in turns]
            if source == "contact_lens":
                _write_file(call, moved, folder)
                found.records[source] += len(moved)
            else:
                lines += _records(source, call, moved, rng, zero_ms=call.truth.call_start_ms + shift)
    lines += rng.sample(lines, len(lines) // 8)
    rng.shuffle(lines)
    for line in lines:
        found.records[_source_of(line)] += _is_segment(line)
        found.messages += "ContactId" not in line
    found.broken = 25
    written = [*map(json.dumps, lines)]
    for _ in range(found.broken):
        written.insert(rng.randrange(len(written)), BROKEN)
    (folder / "stream.jsonl").write_text("\n".join(written) + "\n", encoding="utf-8")
    return found


def as_transcribed(call: SpokenCall, rng: random.Random, shift: int, *, misses: float) -> list[MadeTurn]:
    """Return turns as a service has them: some joined, some words missed, times off."""
    found: list[MadeTurn] = []
    for turn in made_turns(call.truth):
        before = next((one for one in reversed(found) if one.role == turn.role), None)
        if before is not None and turn.begin_ms - before.end_ms < 1_500 and rng.random() < 0.3:
            at = found.index(before)
            found[at] = replace(before, end_ms=turn.end_ms, words=(*before.words, *turn.words))
        else:
            found.append(turn)
    heard = [_misheard(turn, rng, misses=misses) for turn in found]
    return [turn for turn in heard if turn.begin_ms >= shift]  # not what was said before the service's clock began


def _misheard(turn: MadeTurn, rng: random.Random, *, misses: float) -> MadeTurn:
    """Return a turn with some words missed, and the others' times off."""
    kept = [word for word in turn.words if rng.random() >= misses] or turn.words[:1]
    words = []
    for begin, end, text in kept:
        off = round(rng.gauss(0, JITTER_MS))
        words.append((max(0, begin + off), max(0, end + off), text))
    words.sort()
    begin, end = words[0][0], max(word[1] for word in words)
    words[-1] = (words[-1][0], end, words[-1][2])
    return replace(turn, begin_ms=begin, end_ms=end, words=tuple(words))


def _write_file(call: SpokenCall, turns: Sequence[MadeTurn], folder: Path) -> None:
    file = contact_lens_file(call.truth, turns)
    for turn in file["Transcript"]:
        turn["Id"] = "the ID of the turn"
    path = folder / f"{call.truth.call_id}_analysis_redacted_2026-03-02T12_00_00Z.json"
    path.write_text(json.dumps(file), encoding="utf-8")


def _records(source: str, call: SpokenCall, turns: list[MadeTurn], rng: random.Random, *, zero_ms: int) -> list[Record]:
    renamed = list(turns)
    for at, turn in enumerate(turns):
        if at and rng.random() < 0.1:
            renamed[at] = replace(turn, turn_id=renamed[at - 1].turn_id)
    if source == "contact_lens_realtime":
        records = list(contact_lens_events(call.truth, renamed))
    elif source == "live_call_analytics":
        records = list(live_call_records(call.truth, renamed, zero_ms=zero_ms))
    else:
        records = list(call_analytics_records(call.truth, renamed, zero_ms=zero_ms))
    for record in records:
        for item in record.get("UtteranceEvent", {}).get("Items", ()):
            if rng.random() < 0.1:
                item["BeginOffsetMillis"] = None
    return records


def _source_of(record: Record) -> str:
    if "detail-type" in record:
        return "chime_call_analytics"
    return "contact_lens_realtime" if "ContactId" in record else "live_call_analytics"


def _is_segment(record: Record) -> bool:
    segments = record.get("Segments", [{}])
    spoken = not segments[0].keys().isdisjoint({"Utterance", "Transcript"})
    return spoken or "UtteranceEvent" in record or "SegmentId" in record
