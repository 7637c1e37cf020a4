"""An output as a backfill would write it: made-up calls in the tables' own schemas, files, and a manifest."""

from __future__ import annotations

import hashlib
import io
import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from callbeam.schemas import TABLES
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import Manifest, Outcome
from callbeam.tables.manifest import FileEntry
from callbeam.tables.object_names import manifest_key
from callbeam.tables.parquet_files import encode_table

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]

START = datetime(2026, 3, 2, 9, 30, tzinfo=timezone.utc)
JOB_ID = "0123456789abcdef"
ROLES = ("CUSTOMER", "AGENT")
ZEROS = {"string": "", "bool": False, "timestamp[ms, tz=UTC]": START}


def row(table: str, **values: Any) -> Row:
    """Fill a row: NULL where that is allowed, an empty value elsewhere."""
    filled = {}
    for column in TABLES[table].schema:
        empty = [] if pa.types.is_list(column.type) else ZEROS.get(str(column.type), 0)
        filled[column.name] = values.pop(column.name, None if column.nullable else empty)
    assert not values, f"{table} has no {list(values)}"
    return {**filled, "job_id": filled["job_id"] or JOB_ID}


@dataclass
class MadeOutput:
    """Rows by table, and the folder that they are published in."""

    folder: Path
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def publish(self, *, without: dict[str, set[str]] | None = None, unnamed: tuple[str, ...] = ()) -> Path:
        """Write a file a table and the manifest, which leaves the tables ``unnamed`` out; drop columns ``without``."""
        store = open_store(StorageConfig(str(self.folder)))
        entries = []
        for name, rows in self.rows.items():
            data = bytes(encode_table(TABLES[name], pa.Table.from_pylist(rows, schema=TABLES[name].schema)))
            if without and name in without:
                table = pq.read_table(pa.BufferReader(data)).drop_columns(sorted(without[name]))
                sink = io.BytesIO()
                pq.write_table(table, sink)
                data = sink.getvalue()
            key = f"{name}/dt=2026-03-02/{JOB_ID}-00000.parquet"
            store.put(key, data)
            if name not in unnamed:
                entries.append(FileEntry(key, name, len(rows), len(data), hashlib.sha256(data).hexdigest()))
        manifest = Manifest(
            job_id=JOB_ID,
            sources=("calls-*",),
            streams=(),
            account="111122223333",
            region="us-east-1",
            start_ms=0,
            end_ms=86_400_000,
            options_sha256="00",
            versions={},
            outcome=Outcome(call_count=len(self.rows.get("calls", ()))),
            files=tuple(entries),
        )
        store.put(manifest_key(JOB_ID), manifest.to_json())
        return self.folder

    def add(self, table: str, **values: Any) -> Row:
        """Add a row."""
        self.rows.setdefault(table, []).append(row(table, **values))
        return self.rows[table][-1]

    def add_said(self, call_id: str) -> None:
        """Add what others say of a call: two segments, a figure, a label and messages of three types."""
        about = {"call_id": call_id, "call_known": True, "source": "contact_lens", "place": "f", "record_count": 1}
        for number, (begin, text) in enumerate(((3_000, "Good <morning>"), (9_000, None))):
            spans = {"begin_offset_ms": begin, "end_offset_ms": begin + 2_000, "source_begin_ms": begin}
            names = {"source_segment_id": f"s-{number}", "participant_role": "AGENT"}
            self.add("segments", **about, **spans, **names, text=text, text_status="linked")
        spans = {"begin_offset_ms": 3_000, "end_offset_ms": 5_000}
        self.add("labels", **about, label_id="1", name="talk_time_agent_ms", score=12_300.0)
        self.add("labels", **about, **spans, label_id="2", name="sentiment", value="NEGATIVE", participant_role="AGENT")
        for number, kind in enumerate(("START", "ADD_TRANSCRIPT_SEGMENT", "END")):
            self.add("messages", **about, message_id=f"{number}", kind=kind, offset_ms=1_000 * number, payload="{}")

    def add_call(self, call_id: str, *, seed: int = 1, duration_ms: int = 60_000, **values: Any) -> None:
        """Add a call in which two people talk by turns, with everything that the tables say of it."""
        rng = np.random.default_rng(seed)
        start = START + timedelta(minutes=7 * seed)
        turns = _turns(rng, duration_ms)
        channels = {role: hashlib.md5(f"{call_id}{role}".encode()).hexdigest() for role in ROLES}
        talk = {role: sum(end - begin for who, begin, end in turns if who == role) for role in ROLES}
        pauses = [(one[2], two[1]) for one, two in itertools.pairwise(turns) if two[1] - one[2] >= 3000]
        self._add_conversation(call_id, turns, pauses, channels, rng)
        for role in ROLES:
            self._add_channel(call_id, role, channels[role], start, duration_ms, turns, rng)
        quiet = sum(end - begin for begin, end in pauses)
        figures: Row = {
            "source": "connect",
            "call_start_ts": start,
            "duration_ms": duration_ms,
            "status": "ok",
            "leg_count": 1,
            "channel_count": 2,
            "fragment_count": duration_ms // 1000,
            "clock_source": "producer",
            "clock_uncertainty_ms": 40,
            "metrics_scope": "whole_call",
            "channel_layout": "stereo",
            "total_conversation_duration_ms": turns[-1][2] if turns else 0,
            "talk_time_agent_ms": talk["AGENT"],
            "talk_time_customer_ms": talk["CUSTOMER"],
            "talk_time_total_ms": sum(talk.values()),
            "non_talk_time_total_ms": quiet,
            "dead_air_ms": quiet,
            "longest_non_talk_ms": max((end - begin for begin, end in pauses), default=0),
            "non_talk_count": len(pauses),
            "agent_talk_ratio": talk["AGENT"] / max(sum(talk.values()), 1),
            "interruptions_agent_count": int(rng.integers(0, 3)),
            "interruptions_customer_count": int(rng.integers(0, 3)),
            "overlap_ratio": float(rng.uniform(0.01, 0.06)),
            "response_latency_agent_p50_ms": float(rng.uniform(400, 800)),
            "response_latency_customer_p50_ms": float(rng.uniform(300, 700)),
            "speaker_switches_per_min": float(rng.uniform(8, 14)),
            "warnings": [],
        }
        self.add("calls", call_id=call_id, **{**figures, **values})

    def _add_conversation(
        self,
        call_id: str,
        turns: list[tuple[str, int, int]],
        pauses: list[tuple[int, int]],
        channels: dict[str, str],
        rng: np.random.Generator,
    ) -> None:
        for index, (role, begin, end) in enumerate(turns):
            utterance_id = f"{channels[role]}-{begin:08d}"
            shared = {"call_id": call_id, "begin_offset_ms": begin, "end_offset_ms": end, "duration_ms": end - begin}
            self.add(
                "utterances",
                **shared,
                channel_id=channels[role],
                participant_role=role,
                utterance_id=utterance_id,
                begin_ts=START + timedelta(milliseconds=begin),
                speech_ms=end - begin,
                turn_index=index,
                quarter=1,
                response_latency_ms=int(rng.integers(100, 900)),
                overlap_ms=0,
                is_interruption=index == 3,
                is_backchannel=index == 5,
                level_mean_dbfs=float(rng.normal(-24, 2)),
                f0_median_hz=float(rng.normal(150, 20)),
                articulation_rate_hz=4.0,
                snr_db=25.0,
            )
            if index == 3:
                event = {**shared, "end_offset_ms": begin + 700, "duration_ms": 700}
                self.add("events", **event, event_id=f"i{begin}", event_type="interruption", by_role=role,
                         channel_id=channels[role], utterance_id=utterance_id, overlap_ms=700,
                         prior_speech_ms=1200, stopped_after_ms=700, went_on_ms=1500)  # fmt: skip
        for begin, end in pauses:
            self.add("events", call_id=call_id, event_id=f"n{begin}", event_type="non_talk", begin_offset_ms=begin,
                     end_offset_ms=end, duration_ms=end - begin)  # fmt: skip
        self.add("events", call_id=call_id, event_id="t1000", event_type="tone", begin_offset_ms=1000, by_role="AGENT",
                 end_offset_ms=1120, duration_ms=120, channel_id=channels["AGENT"], tone_kind="dtmf", dtmf_digit="5",
                 frequency_hz=1336.0, level_dbfs=-12.0)  # fmt: skip
        half = turns[len(turns) // 2][1] if turns else 0
        for name, begin, end in (("unknown", 0, half), ("hold", half, half + 5000)):
            self.add("phases", call_id=call_id, phase=name, begin_offset_ms=begin, end_offset_ms=end,
                     duration_ms=end - begin, source="audio")  # fmt: skip

    def _add_channel(
        self,
        call_id: str,
        role: str,
        channel_id: str,
        start: datetime,
        duration_ms: int,
        turns: list[tuple[str, int, int]],
        rng: np.random.Generator,
    ) -> None:
        peaks = rng.integers(0, 3, duration_ms // 50)
        for who, begin, end in turns:
            if who == role:
                peaks[begin // 50 : end // 50] = rng.integers(15, 90, end // 50 - begin // 50)
        kept: list[int | None] = peaks.tolist()
        kept[20:40] = [None] * 20
        whose = {"call_id": call_id, "channel_id": channel_id, "participant_role": role}
        self.add("channels", **whose, role_source="track_name", role_confidence=1.0, sample_rate_hz=8000,
                 start_ts=start, end_offset_ms=duration_ms, snr_db=float(rng.uniform(20, 35)), active_level_dbfs=-24.0,
                 peaks=kept, speech_ms=5000, clipping_ratio=0.0)  # fmt: skip
        for at in range(duration_ms // 1000):
            loud = int(peaks[20 * at : 20 * at + 20].max()) > 10
            self.add("seconds", **whose, start_ts=start + timedelta(seconds=at), begin_offset_ms=1000 * at,
                     covered_ms=1000, level_dbfs=float(rng.normal(-22 if loud else -55, 2)),
                     f0_median_hz=float(rng.normal(140, 12)) if loud else None)  # fmt: skip

    def add_clip(
        self, call_id: str, role: str, begin_ms: int, duration_ms: int, *, unit_type: str = "utterance"
    ) -> None:
        """Add the audio of a unit: a tone, as FLAC."""
        call = next(each for each in self.rows["calls"] if each["call_id"] == call_id)
        channel = next(
            each for each in self.rows["channels"] if (each["call_id"], each["participant_role"]) == (call_id, role)
        )
        sound = (8000 * np.sin(np.arange(8 * duration_ms) / 5)).astype(np.int16)
        file = io.BytesIO()
        soundfile.write(file, sound, 8000, format="FLAC", subtype="PCM_16")
        unit_id = f"{channel['channel_id']}-{unit_type}-{begin_ms}"
        shared = {
            "call_id": call_id,
            "channel_id": channel["channel_id"],
            "participant_role": role,
            "unit_id": unit_id,
            "begin_ts": call["call_start_ts"] + timedelta(milliseconds=begin_ms),
            "duration_ms": duration_ms,
        }
        self.add("clips", **shared, audio={"bytes": file.getvalue(), "path": f"{unit_id}.flac"})
        self.add("sentiment_inputs", **shared, unit_type=unit_type, begin_offset_ms=begin_ms)


def _turns(rng: np.random.Generator, duration_ms: int) -> list[tuple[str, int, int]]:
    turns = []
    at, who = 1500, 1
    while True:
        end = at + int(rng.integers(900, 6500))
        if end > duration_ms - 500:
            return turns
        turns.append((ROLES[who], at, end))
        at = end + (int(rng.integers(3200, 7000)) if rng.random() < 0.12 else int(rng.integers(-300, 900)))
        who = 1 - who


@pytest.fixture
def made(tmp_path: Path) -> MadeOutput:
    """Give an output without rows."""
    return MadeOutput(tmp_path / "out")
