"""What a made-up conversation amounts to, on calls small enough to count by hand, and the table that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders.made_talk import END_MS, call

from callbeam.callmaker import non_talk, talk_figures
from callbeam.callmaker.talk_truth import response_latencies, turns_of
from callbeam.callmaker.truth import EventTruth
from callbeam.schemas import TABLES
from callbeam.scoring import compare_with_truth
from callbeam.scoring.conversation_comparison import CALL_COLUMNS, match_talk, talk_lines

if TYPE_CHECKING:
    from pathlib import Path

# A prompt until 4 s; the agent from 6 to 10 s, murmured to at 8 s; an answer after 300 ms, interrupted after 2.7 s;
# then 17 s of silence.
MURMUR = EventTruth("backchannel", "CUSTOMER", 8_000, 8_500, {"overlap_ms": 500})
INTERRUPTION = EventTruth("interruption", "AGENT", 13_000, 14_000, {"overlap_ms": 1_000})
CALL = call(
    agent=[[1_000, 4_000], [6_000, 10_000], [13_000, 18_000]],
    customer=[[8_000, 8_500], [10_300, 14_000], [35_000, 40_000]],
    events=(MURMUR, INTERRUPTION),
)


def test_the_figures_of_a_whole_call() -> None:
    figures = talk_figures(CALL)
    assert figures.agent_talk_ratio == pytest.approx(12_000 / (12_000 + 9_200))
    assert figures.interruptions == 1
    assert figures.latency_ms == {"AGENT": -1_000.0, "CUSTOMER": (300 + 17_000) / 2}
    assert figures.non_talk_ms == 17_000


def test_before_the_agent_nothing_counts_where_that_is_known() -> None:
    figures = talk_figures(CALL, "agent_phase")
    assert figures.agent_talk_ratio == pytest.approx(9_000 / (9_000 + 9_200))
    assert figures.interruptions == 1
    assert figures.non_talk_ms == 17_000


def test_murmurs_neither_answer_nor_are_answered() -> None:
    turns = turns_of(CALL)
    assert [turn.is_backchannel for turn in turns] == [False, False, True, False, False, False]
    assert response_latencies(turns) == {"AGENT": [-1_000], "CUSTOMER": [300, 17_000]}


def test_who_gives_up_does_not_take_the_turn() -> None:
    turns = turns_of(call(agent=[[0, 9_000]], customer=[[3_000, 4_500], [9_400, 11_000]]))
    assert response_latencies(turns) == {"AGENT": [], "CUSTOMER": [400]}


def test_no_answer_is_timed_over_a_hold_or_a_gap() -> None:
    held = call(
        agent=[[0, 2_000], [9_000, 10_000]],
        customer=[[2_300, 4_000], [12_000, 14_000]],
        events=(EventTruth("hold", "AGENT", 5_000, 8_000, {"sound": "music"}),),
        gaps=[[10_500, 10_600]],
    )
    assert talk_figures(held).latency_ms == {"AGENT": None, "CUSTOMER": 300.0}


def test_gaps_are_neither_speech_nor_silence() -> None:
    cut = call(agent=[[0, 10_000]], customer=[[20_000, 40_000]], gaps=[[8_000, 9_000], [14_000, 16_000]])
    assert talk_figures(cut).agent_talk_ratio == pytest.approx(9_000 / 29_000)
    assert non_talk(cut).tolist() == [[10_000, 14_000], [16_000, 20_000]]


def test_a_short_gap_inside_silence_is_silence_and_one_next_to_speech_is_not() -> None:
    cut = call(agent=[[0, 10_000]], customer=[[20_000, 40_000]], gaps=[[10_300, 10_500], [14_000, 15_000]])
    assert non_talk(cut).tolist() == [[10_500, 20_000]]


def test_a_call_in_which_nobody_speaks_has_no_share() -> None:
    figures = talk_figures(call([], []))
    assert figures.agent_talk_ratio is None
    assert figures.latency_ms == {"AGENT": None, "CUSTOMER": None}
    assert figures.non_talk_ms == END_MS


def row(call_id: str, **columns: object) -> dict[str, object]:
    return {**dict.fromkeys(CALL_COLUMNS), "call_id": call_id, "metrics_scope": "whole_call", **columns}


def test_the_table_shows_ours_beside_the_truth() -> None:
    found = row(
        CALL.call_id,
        agent_talk_ratio=0.5,
        interruptions_total_count=0,
        response_latency_agent_p50_ms=-990.4,
        response_latency_customer_p50_ms=None,
        non_talk_time_total_ms=16_940,
    )
    lines = talk_lines(match_talk([CALL, call([], [], call_id="01234567x")], [found]))
    assert " ".join(lines[2].split()) == "012345678 - 5.0 s 50.0% 56.6% 0 1 -990 ms -1000 ms - 8650 ms 16.9 s 17.0 s"
    assert " ".join(lines[3].split()) == "01234567x - 5.0 s - - - 0 - - - - - 40.0 s"
    assert "whole calls" in lines[4]
    truth_ends = [at for at in range(len(lines[1]) + 1) if lines[1].endswith("truth", 0, at)]
    assert [lines[2][at - 1] for at in truth_ends] == ["s", "%", "1", "s", "s", "s"]
    assert max(map(len, lines)) <= 120


def test_the_scope_of_the_row_is_the_scope_of_the_truth() -> None:
    (match,) = match_talk([CALL], [row(CALL.call_id, metrics_scope="agent_phase")])
    assert match.truth == talk_figures(CALL, "agent_phase")
    assert not any("whole calls" in line for line in talk_lines([match]))


def test_a_run_is_compared_from_its_files(tmp_path: Path) -> None:
    CALL.save(tmp_path / "truth")
    figures = talk_figures(CALL)
    write(
        tmp_path,
        "calls",
        row(
            CALL.call_id,
            agent_talk_ratio=figures.agent_talk_ratio,
            interruptions_total_count=2,
            non_talk_time_total_ms=figures.non_talk_ms,
        ),
    )
    write(tmp_path, "channels", None)
    write(tmp_path, "seconds", None)
    write(tmp_path, "phases", {"call_id": CALL.call_id, "phase": "agent", "begin_offset_ms": 5_600})
    comparison = compare_with_truth(tmp_path, tmp_path / "truth")
    assert comparison.calls_found == 1
    (match,) = comparison.talk
    assert match.ours.interruptions == 2
    assert match.ours.agent_from_ms == 5_600
    assert match.ours.non_talk_ms == match.truth.non_talk_ms == 17_000
    assert match.ours.agent_talk_ratio == pytest.approx(match.truth.agent_talk_ratio)
    assert any("17.0 s" in line for line in comparison.lines())


def write(output: Path, table: str, values: dict[str, object] | None) -> None:
    """Write a table of one row, or of none."""
    schema = pa.schema([field.with_nullable(True) for field in TABLES[table].schema])
    folder = output / table / "dt=2026-03-02"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist([values] if values else [], schema=schema), folder / "j-00000.parquet")
