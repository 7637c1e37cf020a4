"""Units at the border of two pieces: a window names the utterance that runs into it, which is no context of it then."""

from __future__ import annotations

import numpy as np
import pytest
from builders.analysed_legs import leg_parts, rows_by_table
from builders.channels import make_channel
from builders.jobs import DAY_START_MS, make_job, make_leg

from callbeam.assembly import assemble_call
from callbeam.callmaker import CUSTOMER, CallSpec, ConversationSpec, make_call

SECONDS, BORDER, LEAD = 120, 60, 30


def rows(samples: np.ndarray, cores: list[tuple[int, int]]) -> dict[str, list[dict]]:
    """Return the rows of a call of one channel that is analysed in pieces with these cores, in seconds."""
    leg = make_leg(DAY_START_MS, first_number=1000)
    pieces = []
    for core in cores:
        begin, end = (second * 8000 for second in (max(core[0] - LEAD, 0), min(core[1] + LEAD, SECONDS)))
        channel = make_channel(
            samples[begin:end],
            first_sample=begin,
            core=(core[0] * 8000, core[1] * 8000),
            role=CUSTOMER,
            leg=leg,
            clock_start_ms=DAY_START_MS,
        )
        pieces.append([channel])
    parts = leg_parts(pieces, DAY_START_MS + 1000 * SECONDS)
    return rows_by_table(assemble_call("c-1", parts, make_job()))


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    """Someone who speaks over the border, for 2 s before it at least."""
    spoken = make_call(CallSpec("c-1", DAY_START_MS, ConversationSpec(duration_ms=SECONDS * 1000)), 6).pcm[CUSTOMER]
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
