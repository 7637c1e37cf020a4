"""Plans of calls, and the calls made of them: nothing may contradict the truth."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.callmaker import (
    AGENT,
    CUSTOMER,
    ROLES,
    CallSpec,
    ConversationSpec,
    LineConditions,
    make_call,
    varied_call,
    write_connect,
)
from callbeam.callmaker.script import converse
from callbeam.callmaker.telephone_line import mulaw_levels

BUSY = ConversationSpec(
    duration_ms=120_000,
    prompt=True,
    dtmf_digits=3,
    ringback_ms=4_000,
    hold_ms=9_000,
    interruptions=0.5,
    overlaps=0.2,
    backchannels=0.5,
)

specs = st.builds(
    ConversationSpec,
    duration_ms=st.integers(10_000, 300_000),
    agent_joins_ms=st.sampled_from([0, 5_000]),
    prompt=st.booleans(),
    dtmf_digits=st.integers(0, 4),
    ringback_ms=st.sampled_from([0, 4_000]),
    hold_ms=st.sampled_from([0, 10_000]),
    hold_sound=st.sampled_from(["tone", "music", "silence"]),
    interruptions=st.floats(0, 0.6),
    overlaps=st.floats(0, 0.3),
    backchannels=st.floats(0, 0.7),
    terminal_overlaps=st.floats(0, 0.4),
    long_pauses=st.floats(0, 0.3),
    median_turn_ms=st.integers(1_500, 7_000),
)


@settings(deadline=None, max_examples=150)
@given(specs, st.integers(0, 2**32))
def test_no_plan_contradicts_itself(spec, seed):
    script = converse(spec, np.random.default_rng(seed))
    for role in ROLES:
        own = sorted((s.begin_ms, s.end_ms) for s in script.sayings if s.role == role)
        for (_, end), (begin, _) in itertools.pairwise(own):
            assert begin - end >= 600  # utterances of one participant stay apart when edges are trimmed
    for saying in script.sayings:
        assert 0 <= saying.begin_ms < saying.end_ms
        assert saying.end_ms - saying.begin_ms >= 200
        if saying.kind == "prompt":
            continue
        assert saying.end_ms <= spec.duration_ms - 200
        if saying.role == AGENT:
            assert saying.begin_ms >= script.agent_on_line_ms
        holds = [s for s in script.signals if s.kind.startswith("hold")]
        assert all(saying.end_ms <= hold.begin_ms or saying.begin_ms >= hold.end_ms for hold in holds)
        if saying.over is not None:
            other = script.sayings[saying.over]
            assert other.role != saying.role
            _check_kind(saying, other)


def _check_kind(saying, other):
    overlap = min(saying.end_ms, other.end_ms) - saying.begin_ms
    assert overlap > 0
    if saying.kind == "interruption":
        assert saying.begin_ms - other.begin_ms >= 1_000
        assert 700 <= other.end_ms - saying.begin_ms <= 1_400
        assert saying.end_ms - other.end_ms >= 1_200
    elif saying.kind == "terminal_overlap":
        assert overlap < 450
    elif saying.kind == "backchannel":
        assert saying.end_ms - saying.begin_ms < 800
        assert other.end_ms - saying.end_ms >= 1_000
    else:
        assert saying.kind == "overlap"
        assert other.end_ms - saying.begin_ms > 2_000


@pytest.mark.parametrize("seed", range(6))
def test_truth_holds_what_was_planned(seed):
    call = make_call(CallSpec("c", 1_000_000, BUSY), seed)
    truth = write_connect(call).truth
    for role in ROLES:
        planned = [saying for saying in call.script.sayings if saying.role == role]
        speech = truth.channels[role].speech
        assert len(speech) == len(planned)  # bridging short pauses neither joins nor splits utterances
        for (begin, end), saying in zip(speech, sorted(planned, key=lambda saying: saying.begin_ms), strict=True):
            assert -5 <= begin - saying.begin_ms < 150
            assert -5 <= saying.end_ms - end < 200
    for event in truth.events:
        measures = event.measures
        if event.kind == "interruption":
            assert measures["prior_speech_ms"] >= 500
            assert 500 <= measures["overlap_ms"] <= 1_500
            assert measures["stopped_after_ms"] <= 1_500
            assert measures["went_on_ms"] >= 1_000
        elif event.kind == "terminal_overlap":
            assert 0 < measures["overlap_ms"] < 500
        elif event.kind == "backchannel":
            assert event.end_ms - event.begin_ms < 1_000
            assert measures["other_went_on_ms"] > 500


def test_everything_happens_in_some_call():
    kinds, interrupters = set(), set()
    for seed in range(6):
        call = make_call(CallSpec("c", 0, dataclasses.replace(BUSY, duration_ms=90_000)), seed)
        events = write_connect(call).truth.events
        kinds |= {event.kind for event in events}
        interrupters |= {event.role for event in events if event.kind == "interruption"}
    assert kinds == {
        "prompt",
        "dtmf",
        "ringback",
        "hold",
        "interruption",
        "overlap",
        "terminal_overlap",
        "backchannel",
    }
    assert interrupters == set(ROLES)


def test_upset_customers_say_the_same_otherwise():
    """Louder, higher and faster in the turns that the truth names, and nothing else of the plan changes."""
    plain = make_call(CallSpec("c", 0, dataclasses.replace(BUSY, upset=0)), 3)
    call = make_call(CallSpec("c", 0, dataclasses.replace(BUSY, upset=0.5)), 3)
    voices = [dataclasses.replace(saying, voice=old.voice) for saying, old in
              zip(call.script.sayings, plain.script.sayings, strict=True)]  # fmt: skip
    assert voices == plain.script.sayings
    truth = write_connect(call).truth
    spans = [(event.begin_ms, event.end_ms) for event in truth.events if event.kind == "upset"]
    speech = truth.channels[CUSTOMER].speech
    assert 0 < len(spans) < len(speech)
    sound, pitch = call.channels[CUSTOMER].pcm / 32768, call.channels[CUSTOMER].f0_hz

    def heard(some):
        level = np.concatenate([sound[begin * 8 : end * 8] for begin, end in some])
        return 10 * np.log10(np.mean(level**2)), np.nanmedian(
            np.concatenate([pitch[b // 10 : e // 10] for b, e in some])
        )

    upset = heard(spans)
    calm = heard([span for span in speech if not any(b < span[1] and span[0] < e for b, e in spans)])
    assert upset[0] - calm[0] == pytest.approx(5, abs=2)
    assert upset[1] / calm[1] == pytest.approx(1.25, rel=0.1)


def test_noise_lies_as_far_below_speech_as_asked():
    spec = ConversationSpec(duration_ms=30_000, backchannels=0, interruptions=0, overlaps=0, terminal_overlaps=0)
    for snr in (10.0, 25.0):
        line = LineConditions(snr_db=snr, level_dbfs=-22.0, band_hz=(300.0, 3400.0))
        call = make_call(CallSpec("c", 0, spec, line, line), 3)
        channel = call.channels[CUSTOMER]
        sound = channel.pcm / 32768
        spoken = np.zeros(len(sound), bool)
        for begin, end in channel.spans:
            spoken[max(begin - 800, 0) : end + 800] = True
        noise_db = 10 * np.log10(np.mean(sound[~spoken] ** 2))
        speech = np.concatenate([sound[begin:end] for begin, end in channel.spans])
        speech_db = 10 * np.log10(np.mean(speech**2) - 10 ** (noise_db / 10))
        assert noise_db == pytest.approx(-22 - snr, abs=0.7)
        assert speech_db == pytest.approx(-22, abs=0.3)


def test_a_telephone_call_holds_mulaw_levels_within_its_band():
    line = LineConditions(snr_db=20.0, packet_loss=0.03, echo_db=-25.0, gain_steps=((9_000, 6.0),))
    call = make_call(CallSpec("c", 0, ConversationSpec(duration_ms=20_000), line, line), 4)
    levels = set(mulaw_levels().tolist())
    for channel in call.channels.values():
        assert set(channel.pcm.tolist()) <= levels
        power = np.abs(np.fft.rfft(channel.pcm / 32768)) ** 2
        frequency = np.fft.rfftfreq(len(channel.pcm), 1 / 8000)
        assert power[(frequency < 180) | (frequency > 3650)].sum() < 0.01 * power.sum()


def test_the_agents_line_is_silent_before_the_agent_and_echo_comes_after():
    silent, loud = LineConditions(snr_db=None), LineConditions(snr_db=None, echo_db=-20.0, echo_delay_ms=100.0)
    spec = ConversationSpec(duration_ms=40_000, agent_joins_ms=6_000)
    call = make_call(CallSpec("c", 0, spec, silent, loud), 5)
    agent, customer = call.channels[AGENT].pcm, call.channels[CUSTOMER].pcm
    assert not agent[: call.script.agent_on_line_ms * 8].any()
    alone = np.ones(len(agent), bool)
    for begin, end in call.channels[AGENT].spans:
        alone[max(begin - 1_600, 0) : end + 2_400] = False
    alone[: call.script.agent_on_line_ms * 8 + 800] = False
    echo, source = agent[alone].astype(float), np.roll(customer, 800)[alone].astype(float)
    assert np.dot(echo, source) / np.dot(source, source) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_other_rates_have_the_same_conversation(rate):
    spec = ConversationSpec(duration_ms=12_000)
    wide = LineConditions(band_hz=(60.0, 7_000.0), companding="none")
    call = make_call(CallSpec("c", 0, spec, wide, wide, rate), 6)
    telephone = make_call(CallSpec("c", 0, spec), 6)
    assert call.script == telephone.script
    for role in ROLES:
        assert len(call.pcm[role]) == 12 * rate
        assert call.channels[role].f0_hz.shape == (1200,)
        assert np.nanmedian(call.channels[role].f0_hz) == pytest.approx(
            np.nanmedian(telephone.channels[role].f0_hz), rel=0.1
        )


def test_varied_calls_cover_the_conditions_of_real_lines():
    calls = [varied_call("c", 0, seed) for seed in range(200)]
    lines = [line for call in calls for line in (call.customer_line, call.agent_line)]
    snr = [line.snr_db for line in lines]
    assert min(snr) < 13
    assert max(snr) > 37
    assert all(10 <= value <= 40 for value in snr)
    assert {line.packet_loss > 0 for line in lines} == {True, False}
    assert all(0.01 <= line.packet_loss <= 0.03 for line in lines if line.packet_loss)
    assert all(-35 <= line.echo_db <= -20 for line in lines if line.echo_db is not None)
    assert any(line.echo_db is not None for line in lines)
    assert any(line.gain_steps for line in lines)
    assert {call.conversation.hold_sound for call in calls if call.conversation.hold_ms} == {"tone", "music", "silence"}
    assert any(call.conversation.prompt for call in calls)
    assert any(call.conversation.dtmf_digits for call in calls)
    assert any(call.conversation.ringback_ms for call in calls)
