"""Text for a lake: ``callbeam enrich``, all of it, over a million segments of ten thousand calls of a month.

The calls' tables are made up (utterances alone, without audio). What is said of them are Contact Lens files, a call a
file, and records of Live Call Analytics, as Firehose leaves them. Run it with ``python benchmarks/bench_enrich.py``.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from emulated import DAY_MS, START_MS, measure

UTTERANCES = 100
DAYS = 30
SHIFT_MS = 3_000
GOAL_S, GOAL_MB = 180, 1_500
WORDS = [
    "so",
    "the",
    "account",
    "was",
    "charged",
    "twice",
    "last",
    "week",
    "and",
    "I",
    "would",
    "like",
    "to",
    "know",
    "why",
]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="callbeam-bench-") as folder:
        # in a process of its own: Linux counts the memory of what starts a process towards the peak of that
        subprocess.run([sys.executable, __file__, "make", folder, str(options.segments)], check=True)
        words = ["enrich", f"{folder}/out", "--source", f"{folder}/said", "--text-policy", "raw"]
        cpu, wall, rss = measure([sys.executable, "-m", "callbeam.pipelines.cli", *words])
    print("| segments | CPU s | wall s | peak RSS MB |\n|---|---|---|---|")
    print(f"| {options.segments:,} | {cpu:.1f} | {wall:.1f} | {rss / 1e6:.0f} |")
    print(f"\ngoal: {GOAL_S} s, {GOAL_MB} MB")


def make(folder: str, segments: int) -> None:
    """Write tables of calls, and what is said of them: half of the calls by one source, half by the other."""
    draw = random.Random(1)
    calls = segments // UTTERANCES
    for day in range(DAYS):
        ids = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(day, calls, DAYS)]
        spoken = {call_id: _utterances(draw) for call_id in ids}
        _publish(folder, START_MS // DAY_MS * DAY_MS + day * DAY_MS, spoken)
        _say(Path(folder) / "said", START_MS // DAY_MS * DAY_MS + day * DAY_MS, spoken)


def _utterances(draw: random.Random) -> list[tuple[str, int, int]]:
    at, found = 1_000, []
    for _ in range(UTTERANCES):
        length = 400 + int(draw.gammavariate(2, 1_200))
        found.append((draw.choice(("AGENT", "CUSTOMER")), at, at + length))
        at += length + 100 + int(draw.gammavariate(1.5, 400))
    return found


def _publish(folder: str, day_ms: int, spoken: dict[str, list[tuple[str, int, int]]]) -> None:
    import pyarrow as pa  # noqa: PLC0415  (keeps the measuring process small)

    from callbeam.kvs import Job  # noqa: PLC0415
    from callbeam.schemas import TABLES  # noqa: PLC0415
    from callbeam.storage import StorageConfig, open_store  # noqa: PLC0415
    from callbeam.tables import Outcome, PublishConfig, publish, stage_table  # noqa: PLC0415

    def filled(table: str, values: dict[str, Any]) -> dict[str, Any]:
        empty = {"string": "", "bool": False}
        return {
            column.name: values.get(
                column.name,
                None if column.nullable else [] if pa.types.is_list(column.type) else empty.get(str(column.type), 0),
            )
            for column in TABLES[table].schema
        }

    job = Job(f"bench-{day_ms}", ("bench",), (), "", "", day_ms, day_ms + DAY_MS, as_of_ms=day_ms + DAY_MS)
    rows: dict[str, list[dict[str, Any]]] = {"calls": [], "utterances": []}
    for call_id, utterances in spoken.items():
        about = {"job_id": job.job_id, "call_id": call_id}
        rows["calls"].append(filled("calls", {**about, "call_start_ts": day_ms + 36_000_000}))
        for role, begin, end in utterances:
            spans = {"begin_offset_ms": begin, "end_offset_ms": end, "duration_ms": end - begin}
            names = {"utterance_id": f"{role}-{begin}", "channel_id": f"{call_id[:8]}-{role}", "participant_role": role}
            rows["utterances"].append(filled("utterances", {**about, **names, **spans}))
    store = open_store(StorageConfig(f"{folder}/out"))
    staged = [
        stage_table(store, job, "made", TABLES[name], 0, pa.Table.from_pylist(some, schema=TABLES[name].schema))
        for name, some in rows.items()
    ]
    publish(store, job, staged, Outcome(), PublishConfig(attempt="made", options_sha256=""))


def _say(folder: Path, day_ms: int, spoken: dict[str, list[tuple[str, int, int]]]) -> None:
    folder.mkdir(exist_ok=True)
    with (folder / f"lca-{day_ms}.json").open("w", encoding="utf-8") as stream:
        for number, (call_id, utterances) in enumerate(spoken.items()):
            if number % 2:
                stream.writelines(json.dumps(record) for record in _live(call_id, day_ms + 36_000_000, utterances))
            else:
                name = f"{call_id}_analysis_2026-03-02T12_00_00Z.json"
                (folder / name).write_text(json.dumps(_lens(utterances)), encoding="utf-8")


def _text(begin: int, end: int) -> str:
    return " ".join(WORDS[(begin + n) % len(WORDS)] for n in range(max(1, (end - begin) // 330)))


def _live(call_id: str, start_ms: int, utterances: list[tuple[str, int, int]]) -> list[dict[str, Any]]:
    return [
        {
            "EventType": "ADD_TRANSCRIPT_SEGMENT",
            "CallId": call_id,
            "Channel": "CALLER" if role == "CUSTOMER" else "AGENT",
            "SegmentId": f"s-{begin}",
            "StartTime": (begin + SHIFT_MS) / 1000,
            "EndTime": (end + SHIFT_MS) / 1000,
            "Transcript": _text(begin, end),
            "IsPartial": False,
            "CreatedAt": datetime.fromtimestamp((start_ms + end + 1_500) / 1000, tz=timezone.utc).isoformat(),
        }
        for role, begin, end in utterances
    ]


def _lens(utterances: list[tuple[str, int, int]]) -> dict[str, Any]:
    return {
        "Channel": "VOICE",
        "ContentMetadata": {"Output": "Redacted"},
        "ConversationCharacteristics": {},
        "Participants": [{"ParticipantId": role, "ParticipantRole": role} for role in ("AGENT", "CUSTOMER")],
        "Transcript": [
            {
                "Id": f"t-{begin}",
                "ParticipantId": role,
                "BeginOffsetMillis": begin + SHIFT_MS,
                "EndOffsetMillis": end + SHIFT_MS,
                "Content": _text(begin, end),
                "Sentiment": "NEUTRAL",
                "LoudnessScore": [70.0, 71.5],
            }
            for role, begin, end in utterances
        ],
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(sys.argv[2], int(sys.argv[3]))
    else:
        main()
