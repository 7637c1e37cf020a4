"""Made-up calls as several services transcribe them, with what goes wrong on the way, and the links that are right."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from callbeam.callmaker import call_analytics_records, contact_lens_file, live_call_records, made_turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from callbeam.callmaker import CallTruth, MadeTurn

MOST_SHIFT_MS = 5_000


@dataclass
class MadeSources:
    """What was written of some calls.

    Attributes
    ----------
    said : dict
        Turns on the call's clock by call, source and segment.
    shifts : dict of str to int
        By call: what has to be added to the sources' clocks.
    records : dict of str to int
        Segments' records by source, partial ones and repetitions included.
    """

    said: dict[tuple[str, str, str], MadeTurn] = field(default_factory=dict)
    shifts: dict[str, int] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)


def write_sources(calls: Iterable[CallTruth], folder: Path, *, seed: int = 1) -> MadeSources:
    """Write what Contact Lens and Live Call Analytics have of contacts, and call analytics of Chime's calls.

    Clocks are up to 5 s off, records come out of order and some twice, one in ten words has no times, and Contact
    Lens's segments of a call have one name, as in its guide.
    """
    rng = random.Random(seed)
    made = MadeSources()
    lines: list[dict[str, Any]] = []
    (folder / "Analysis").mkdir(parents=True)
    for call in calls:
        shift = made.shifts[call.call_id] = rng.randint(-MOST_SHIFT_MS, MOST_SHIFT_MS)
        turns = [turn for turn in made_turns(call) if turn.begin_ms >= shift]
        moved = [turn.moved(-shift) for turn in turns]
        zero_ms = call.call_start_ms + shift
        if call.source == "connect":
            file = contact_lens_file(call, moved)
            for turn in file["Transcript"]:
                turn["Id"] = "the ID of the turn"
            path = folder / "Analysis" / f"{call.call_id}_analysis_redacted_2026-03-02T12_00_00Z.json"
            path.write_text(json.dumps(file), encoding="utf-8")
            made.records["contact_lens"] = made.records.get("contact_lens", 0) + len(turns)
            _note(made, call, "contact_lens", turns)
            _note(made, call, "live_call_analytics", turns)
            lines += live_call_records(call, moved, zero_ms=zero_ms)
        else:
            _note(made, call, "chime_call_analytics", turns)
            lines += [_with_missing_times(one, rng) for one in call_analytics_records(call, moved, zero_ms=zero_ms)]
    lines += rng.sample(lines, len(lines) // 8)
    rng.shuffle(lines)
    half = len(lines) // 2
    (folder / "stream-1.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[:half]), encoding="utf-8")
    (folder / "stream-2").write_text("".join(map(json.dumps, lines[half:])), encoding="utf-8")
    for name, source in (("UtteranceEvent", "chime_call_analytics"), ("SegmentId", "live_call_analytics")):
        made.records[source] = sum(name in line for line in lines)
    return made


def _note(made: MadeSources, call: CallTruth, source: str, turns: Sequence[MadeTurn]) -> None:
    for turn in turns:
        made.said[call.call_id, source, f"{turn.role}-{turn.begin_ms - made.shifts[call.call_id]}"] = turn


def _with_missing_times(record: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    for item in record.get("UtteranceEvent", {}).get("Items", ()):
        if rng.random() < 0.1:
            item["BeginOffsetMillis"] = None
    return record
