"""How right the demo's tables are: rough bounds on a few calls; ``benchmarks/bench_accuracy.py`` has the figures.

Bounds are for the Connect contacts: each leg of a Chime call is analysed alone, and its echo is taken for speech.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from callbeam.callmaker import load_truth
from callbeam.scoring import add_up, compare_with_truth, score_call

if TYPE_CHECKING:
    from callbeam.scoring import CallScores, ChannelScores

TABLES = ("calls", "channels", "utterances", "events", "phases", "frames")


@pytest.fixture(scope="module")
def scores(demo_output: Any) -> list[CallScores]:
    tables = {name: demo_output.table(name) for name in TABLES}
    truths = [load_truth(path) for path in sorted(demo_output.truth.glob("*.json"))]
    return [score_call(truth, tables) for truth in truths if truth.source == "connect"]


@pytest.fixture(scope="module")
def channels(scores: list[CallScores]) -> list[ChannelScores]:
    return [channel for call in scores for channel in call.channels]


def test_speech_is_found_and_little_else(channels: list[ChannelScores]) -> None:
    assert add_up(channel.speech_with_collar for channel in channels).error_rate < 0.04
    assert add_up(channel.borders for channel in channels).rate > 0.8
    assert np.median([abs(channel.talk_error) for channel in channels]) < 0.05


def test_events_are_found_and_few_others(scores: list[CallScores]) -> None:
    assert add_up(call.non_talk for call in scores).f1 > 0.8
    assert add_up(call.interruptions for call in scores).f1 > 0.7
    holds = add_up(call.hold_music for call in scores)
    assert holds.extras == 0
    assert holds.hits >= 0.8 * (holds.hits + holds.misses)
    assert sum(call.speech_as_hold_ms for call in scores) <= 1_000


def test_pitch_follows_the_voice(channels: list[ChannelScores]) -> None:
    pitch = add_up(channel.pitch for channel in channels)
    assert pitch.voiced_found > 0.7
    assert pitch.gross_error_rate < 0.03
    assert np.median([abs(channel.f0_error) for channel in channels]) < 0.03


def test_responses_take_as_long_as_they_do(scores: list[CallScores]) -> None:
    assert np.median([abs(error) for call in scores for error in call.latency_errors_ms]) < 120


def test_the_summary_sets_each_call_beside_its_truth(demo_output: Any) -> None:
    comparison = compare_with_truth(demo_output.output, demo_output.truth)
    assert comparison.exact, "\n".join(comparison.lines())
    connect = [
        match
        for match in comparison.talk
        if load_truth(demo_output.truth / f"{match.call_id}.json").source == "connect"
    ]
    assert len(connect) == 4
    for match in connect:
        assert match.ours.agent_talk_ratio == pytest.approx(match.truth.agent_talk_ratio, abs=0.1)
        assert match.ours.non_talk_ms == pytest.approx(match.truth.non_talk_ms, abs=8_000)
        assert abs(match.ours.interruptions - match.truth.interruptions) <= 2
        assert None not in match.ours.latency_ms.values()
