"""Units at the border of two pieces: a window names the utterance that runs into it, which is no context of it then."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from callbeam.analysis import AnalysisConfig, analyse_piece
from callbeam.assembly import Keyed, assemble_call, call_parts, channel_part, pack
from callbeam.audio import Channel
from callbeam.callmaker import CUSTOMER, CallSpec, ConversationSpec, make_call
from callbeam.calls import CallIdentity, Leg, LegEnd
from callbeam.kvs import HOUR_MS, Job, Stream
from callbeam.timeline import LegClock
from callbeam.voice import SileroDetector

START_MS = 1_772_409_600_000  # 2026-03-02T00:00:00Z
STREAM = Stream("arn:aws:kinesisvideo:us-east-1:111122223333:stream/s/1", 1, 24)
DAY_MS = 24 * HOUR_MS
TIMES = (START_MS, START_MS + DAY_MS, START_MS + 2 * DAY_MS)
JOB = Job("job", ("*",), (STREAM,), "111122223333", "us-east-1", *TIMES)
LEG = Leg(CallIdentity("c-1", "connect", instance_id="i-1"), STREAM, 1000, START_MS)
SECONDS, BORDER, LEAD = 120, 60, 30


def rows(samples: np.ndarray, cores: list[tuple[int, int]]) -> dict[str, list[dict]]:
    """Return the rows of a call of one channel that is analysed in pieces with these cores, in seconds."""
    parts = [Keyed("c-1", call_parts.LEGS, LegEnd(LEG, 1, START_MS + 1000 * SECONDS, False))]
    for number, core in enumerate(cores):
        begin, end = (second * 8000 for second in (max(core[0] - LEAD, 0), min(core[1] + LEAD, SECONDS)))
        channel = Channel(
            LEG, "0123456789ab", CUSTOMER, CUSTOMER, "track_name", "A_AAC", 8000, START_MS, begin, samples[begin:end],
            np.array([[begin, end]]), core[0] * 8000, core[1] * 8000,
        )  # fmt: skip
        (analysed,) = analyse_piece([channel], AnalysisConfig(), SileroDetector()).channels
        parts.append(
            Keyed("c-1", call_parts.CHANNELS, channel_part(analysed, LegClock("producer", START_MS, 50), number))
        )
        parts.append(Keyed("c-1", call_parts.UTTERANCES, pack(analysed.utterances)))
        parts.append(Keyed("c-1", call_parts.UNITS, pack(analysed.units)))
    batches = assemble_call("c-1", parts, JOB).batches
    return {name: pa.Table.from_batches(some).to_pylist() for name, some in batches.items()}


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    """Someone who speaks over the border, for 2 s before it at least."""
    spoken = make_call(CallSpec("c-1", START_MS, ConversationSpec(duration_ms=SECONDS * 1000)), 6).pcm[CUSTOMER]
    whole = rows(spoken, [(0, SECONDS)])["utterances"]
    longest = max(whole, key=lambda row: row["duration_ms"])
    assert longest["duration_ms"] > 4000
    return np.roll(spoken, (BORDER * 1000 - longest["begin_offset_ms"] - 2500) * 8)


def test_windows_name_what_they_hold_or_cut(samples: np.ndarray) -> None:
    tables = rows(samples, [(0, BORDER), (BORDER, SECONDS)])
    said = sorted(tables["utterances"], key=lambda row: row["begin_offset_ms"])
    windows = [row for row in tables["sentiment_inputs"] if row["unit_type"] == "window"]
    after = [row for row in windows if row["begin_offset_ms"] == BORDER * 1000]
    assert len(after) == 1, "the window behind the border holds enough speech"
    over = [row for row in said if row["begin_offset_ms"] < BORDER * 1000 < row["end_offset_ms"]]
    assert len(over) == 1, "an utterance runs over the border"
    for window in windows:
        begin, end = window["begin_offset_ms"], window["end_offset_ms"]
        inside = [row for row in said if row["begin_offset_ms"] < end and row["end_offset_ms"] > begin]
        assert window["utterance_ids"] == [row["utterance_id"] for row in inside]
        named = {turn["utterance_id"] for turn in window["context"]}
        assert not named & set(window["utterance_ids"])
    assert over[0]["utterance_id"] == after[0]["utterance_ids"][0]
