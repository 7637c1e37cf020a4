"""A conversation against what the call maker meant, and against what it made."""

import time

import numpy as np
import pytest
from builders.talk import talk

from callbeam.callmaker import make_call, varied_call, write_chime, write_connect
from callbeam.callmaker import script as plan
from callbeam.conversation import converse
from callbeam.spans import as_spans, bridge, subtract

PAIRS = ("interruption", "overlap", "terminal_overlap", "backchannel")
MEASURES = ("overlap_ms", "prior_speech_ms", "stopped_after_ms", "went_on_ms", "other_went_on_ms")


def found_pairs(conversation):
    return {
        (event.event_type, event.by_role, event.begin_offset_ms, event.end_offset_ms): {
            name: getattr(event, name) for name in MEASURES if getattr(event, name) is not None
        }
        for event in conversation.events
        if event.event_type in PAIRS
    }


def planned_pairs(script):
    """Return what the sayings of a script do to each other."""
    pairs = {}
    for saying in script.sayings:
        if saying.over is None or (other := script.sayings[saying.over]).end_ms <= saying.begin_ms:
            continue
        begin, end = saying.begin_ms, min(saying.end_ms, other.end_ms)
        measures = {"overlap_ms": end - begin, "prior_speech_ms": begin - other.begin_ms}
        if saying.kind in ("interruption", "terminal_overlap"):
            measures |= {"stopped_after_ms": other.end_ms - begin, "went_on_ms": saying.end_ms - other.end_ms}
        else:
            measures |= {"other_went_on_ms": other.end_ms - saying.end_ms}
        pairs[saying.kind, saying.role, begin, end] = measures
    return pairs


def test_what_200_scripts_mean_is_found():
    meant = 0
    for seed in range(200):
        spec = varied_call("call", 0, seed, chime=seed % 3 == 2).conversation
        script = plan.converse(spec, np.random.default_rng(seed))
        channels = [
            talk(
                role,
                bridge(as_spans((s.begin_ms, s.end_ms) for s in script.sayings if s.role == role), 500).tolist(),
                end=spec.duration_ms,
            )
            for role in plan.ROLES
        ]
        planned = planned_pairs(script)
        assert found_pairs(converse(channels, comparable=True, duration_ms=spec.duration_ms)) == planned, seed
        meant += len(planned)
    assert meant > 1_500


@pytest.fixture(scope="module")
def truths():
    """Make six calls, of both sources, and return what is true of them."""
    calls = [(seed, varied_call(f"call-{seed}", 1_700_000_000_000, seed, chime=seed % 2 == 1)) for seed in range(6)]
    return [(write_chime if seed % 2 else write_connect)(make_call(spec, seed)).truth for seed, spec in calls]


def channels_of(truth):
    return [
        talk(role, one.speech, begin=one.begin_ms, end=one.end_ms, masked=one.gaps)
        for role, one in truth.channels.items()
    ]


def test_what_calls_were_made_of_is_found(truths):
    for truth in truths:
        conversation = converse(channels_of(truth), comparable=True, duration_ms=truth.duration_ms)
        meant = {
            (event.kind, event.role, event.begin_ms, event.end_ms): event.measures
            for event in truth.events
            if event.kind in PAIRS
        }
        assert found_pairs(conversation) == meant
        assert meant


def test_silence_is_what_speech_leaves_over(truths):
    for truth in truths:
        channels = channels_of(truth)
        there = as_spans((one.begin_ms, one.end_ms) for one in channels)
        silent = subtract(there, as_spans(span for one in truth.channels.values() for span in one.speech))
        expected = [span for span in silent.tolist() if span[1] - span[0] >= 3_000]
        conversation = converse(channels, comparable=True, duration_ms=truth.duration_ms)
        found = [
            [event.begin_offset_ms, event.end_offset_ms]
            for event in conversation.events
            if event.event_type == "non_talk"
        ]
        assert found == expected
        assert conversation.totals["non_talk_time_total_ms"] == sum(end - begin for begin, end in expected)


def test_an_hour_of_talk_is_cheap():
    rng = np.random.default_rng(1)
    channels = []
    for role in plan.ROLES:
        begins = np.cumsum(rng.integers(800, 8_000, 1_500))
        said = [(int(at), int(at + rng.integers(200, 700))) for at in begins]
        channels.append(talk(role, said, end=7_200_000, masked=[(at + 750, at + 760) for at, _ in said[::10]]))
    begun = time.process_time()
    conversation = converse(channels, comparable=True, duration_ms=7_200_000)
    assert time.process_time() - begun < 1.0  # about 0.05 s
    assert len(conversation.turns) == 3_000


def test_a_channel_that_is_masked_throughout_is_not_heard():
    customer = talk("CUSTOMER", [(1_000, 4_000)], end=10_000)
    masked = talk("AGENT", [], end=10_000, masked=[(0, 10_000)])
    conversation = converse([customer, masked], comparable=True, duration_ms=10_000)
    assert conversation.totals["talk_time_customer_ms"] == 3_000
    assert conversation.totals["talk_time_agent_ms"] is None
    assert conversation.totals["non_talk_time_total_ms"] is None
    assert "one_participant_heard" in conversation.warnings
    nobody = converse([masked], comparable=True, duration_ms=10_000)
    assert {name: value for name, value in nobody.totals.items() if value is not None} == {"masked_ms": 10_000}
    assert nobody.metrics_scope is None
