"""The tables of a made-up call scored against its truth, on rows whose errors are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from builders.made_talk import END_MS, call

from callbeam.callmaker import CallTruth
from callbeam.callmaker.truth import EventTruth
from callbeam.schemas import TABLES
from callbeam.scoring import SpeechScore, score_call
from callbeam.scoring.detector_scores import BorderScore, MatchScore, PitchScore

START_MS = 1_772_443_800_000
INTERRUPTION = EventTruth("interruption", "AGENT", 13_000, 14_000, {"overlap_ms": 1_000})
TRUTH = call(
    agent=[[6_000, 10_000], [13_000, 18_000]],
    customer=[[10_300, 14_000], [35_000, 40_000]],
    events=(INTERRUPTION,),
)


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    schema = pa.schema([field.with_nullable(True) for field in TABLES[name].schema])
    return pa.Table.from_pylist([{"call_id": TRUTH.call_id, **row} for row in rows], schema=schema)


def spoken(role: str, *spans: tuple[int, int]) -> list[dict[str, Any]]:
    return [{"channel_id": role, "begin_offset_ms": begin, "end_offset_ms": end} for begin, end in spans]


def happened(kind: str, begin: int, end: int, channel_id: str | None = None) -> dict[str, Any]:
    return {"event_type": kind, "begin_offset_ms": begin, "end_offset_ms": end, "channel_id": channel_id}


def phase(kind: str, begin: int, end: int) -> dict[str, Any]:
    return {"phase": kind, "begin_offset_ms": begin, "end_offset_ms": end}


def heard(role: str, **measures: Any) -> dict[str, Any]:
    """Return a channel's row; its id is the role, and nothing tells the role."""
    return {"channel_id": role, "stream_arn": "arn:x:stream/s/1", "track_name": role, **measures}


def tables(**changes: pa.Table) -> dict[str, pa.Table]:
    """Return what would be right: agent and customer heard exactly, save for what is changed."""
    totals = {"response_latency_agent_p50_ms": -1_000.0, "response_latency_customer_p50_ms": 8_650.0}
    right = {
        "calls": table("calls", [{"call_start_ts": START_MS, "metrics_scope": "whole_call", **totals}]),
        "channels": table("channels", [heard(role) for role in ("AGENT", "CUSTOMER")]),
        "utterances": table(
            "utterances",
            spoken("AGENT", (6_000, 10_000), (13_000, 18_000)) + spoken("CUSTOMER", (10_300, 14_000), (35_000, END_MS)),
        ),
        "events": table(
            "events",
            [
                happened("non_talk", 0, 6_000),
                happened("non_talk", 18_000, 35_000),
                happened("interruption", 13_000, 14_000, "AGENT"),
            ],
        ),
        "phases": table("phases", [phase("unknown", 0, END_MS)]),
    }
    return {**right, **changes}


def test_what_is_right_has_no_error() -> None:
    scores = score_call(TRUTH, tables())
    agent, customer = scores.channels
    assert agent.speech == SpeechScore(9_000, 0, 0)
    assert customer.speech == SpeechScore(8_700, 0, 0)
    assert agent.borders == customer.borders == BorderScore(4, 4)
    assert agent.talk_error == customer.talk_error == 0
    assert scores.non_talk == MatchScore(2, 0, 0)
    assert scores.non_talk_time == SpeechScore(23_000, 0, 0)
    assert scores.interruptions == MatchScore(1, 0, 0)
    assert scores.latency_errors_ms == (0, 0)
    assert scores.hold_music == MatchScore(0, 0, 0)
    assert scores.speech_as_hold_ms == 0
    assert agent.pitch is None
    assert agent.f0_error is None


def test_speech_errors_count_where_they_are() -> None:
    found = spoken("AGENT", (6_050, 10_000), (12_000, 18_200)) + spoken("CUSTOMER", (10_300, 14_000))
    scores = score_call(TRUTH, tables(utterances=table("utterances", found)))
    agent, customer = scores.channels
    assert agent.speech == SpeechScore(9_000, 50, 1_200)
    assert agent.speech_with_collar == SpeechScore(9_000 - 4 * 250, 0, 750)
    assert agent.borders == BorderScore(4, 2)
    assert agent.talk_error == pytest.approx(1_150 / 9_000)
    assert customer.speech == SpeechScore(8_700, 5_000, 0)
    assert customer.talk_error == pytest.approx(-5_000 / 8_700)


def test_events_count_by_kind_and_channel() -> None:
    found = [
        happened("non_talk", 1_000, 5_000),
        happened("digital_silence", 18_000, 35_000),
        happened("interruption", 13_000, 14_000, "CUSTOMER"),
    ]
    scores = score_call(TRUTH, tables(events=table("events", found)))
    assert scores.non_talk == MatchScore(1, 1, 0)
    assert scores.non_talk_time == SpeechScore(23_000, 2_000 + 17_000, 0)
    assert scores.interruptions == MatchScore(0, 1, 1)


def test_latencies_compare_where_both_sides_have_them() -> None:
    row = {"call_start_ts": START_MS, "response_latency_agent_p50_ms": -940.0}
    assert score_call(TRUTH, tables(calls=table("calls", [row]))).latency_errors_ms == (60,)


def test_gaps_are_not_scored() -> None:
    cut = call(agent=[[6_000, 10_000]], customer=[], gaps=[[7_000, 8_000]])
    found = table("utterances", spoken("AGENT", (6_000, 10_000)))
    agent = score_call(cut, tables(utterances=found)).channels[0]
    assert agent.speech == SpeechScore(3_000, 0, 0)


def test_pitch_is_compared_hop_by_hop() -> None:
    known = replace(TRUTH.channels["AGENT"], f0_hz=[None, 100.0, 100.0, 100.0], f0_begin_ms=40, f0_median_hz=100.0)
    truth = CallTruth(
        1, TRUTH.call_id, "connect", START_MS, END_MS, 0, {"AGENT": known, "CUSTOMER": TRUTH.channels["CUSTOMER"]}, []
    )
    found = [None, 100.0, 110.0, 210.0]
    hops = [{"channel_id": "AGENT", "ts": START_MS + 40 + 10 * at, "f0_hz": hz} for at, hz in enumerate(found)]
    hops += [{"channel_id": "CUSTOMER", "ts": START_MS + 50, "f0_hz": 300.0}]
    channels = table("channels", [heard("AGENT", f0_median_hz=110.0)])
    agent, customer = score_call(truth, tables(frames=table("frames", hops), channels=channels)).channels
    assert agent.pitch == PitchScore(voiced=3, compared=3, gross=1)
    assert agent.f0_error == pytest.approx(0.1)
    assert customer.f0_error is None
    assert customer.speech.missed_ms == 8_700  # its channel is not there


def test_a_call_that_is_not_there_cannot_be_scored() -> None:
    with pytest.raises(ValueError, match="holds 0123456789 0 times"):
        score_call(TRUTH, tables(calls=table("calls", [])))


def test_a_hold_is_found_where_half_of_it_is_covered() -> None:
    hold = EventTruth("hold", "AGENT", 20_000, 32_000, {"sound": "music"})
    truth = replace(TRUTH, events=(INTERRUPTION, hold))

    def score(phases: list[dict[str, Any]], music: list[tuple[int, int, str]]) -> tuple[MatchScore, int]:
        tones = [{**happened("tone", begin, end, channel), "tone_kind": "hold_music"} for begin, end, channel in music]
        rows = tables(phases=table("phases", phases), events=table("events", tones))
        scores = score_call(truth, rows)
        return scores.hold_music, scores.speech_as_hold_ms

    assert score([], []) == (MatchScore(0, 1, 0), 0)
    assert score([phase("unknown", 0, 40_000)], [(26_001, 32_000, "AGENT")]) == (MatchScore(0, 1, 0), 0)
    assert score([], [(26_000, 32_000, "AGENT")]) == (MatchScore(1, 0, 0), 0)
    assert score([], [(20_000, 32_000, "CUSTOMER")]) == (MatchScore(0, 1, 0), 0)
    assert score([phase("hold", 20_000, 26_000)], []) == (MatchScore(1, 0, 0), 0)
    # The agent speaks from 6 to 10 s and from 13 to 18 s.
    assert score([phase("hold", 8_000, 12_000)], [(17_000, 27_000, "AGENT")]) == (MatchScore(1, 0, 1), 3_000)
