"""Tones in a conversation: none is speech, whatever the detector hears, and only a hold tone is hold."""

from __future__ import annotations

import numpy as np
import pytest
from builders.channels import make_channel

from callbeam.analysis import AnalysisConfig, analyse_piece
from callbeam.callmaker import AGENT, CUSTOMER, CallSpec, ConversationSpec, LineConditions, make_call
from callbeam.callmaker.line_signals import on_air
from callbeam.callmaker.tone_plans import PLANS
from callbeam.conversation import ChannelTalk
from callbeam.conversation.phases import find_phases
from callbeam.line import TONE, may_be_swapped
from callbeam.spans import as_spans, bridge, intersect, length
from callbeam.voice import SileroDetector

CASES = {
    "a fax that calls, a busy line, then call waiting": ("Italy", ("fax_cng", "busy", "call_waiting")),
    "an answering fax, reorder, recording": ("Netherlands", ("fax_ced", "reorder", "recording_beep")),
    "a modem, special information": ("United States", ("modem", "sit", "call_waiting")),
    "dial tone": ("South Africa", ("dial",)),
}


def bursts_of(signal):
    """Where a signal sounds, in milliseconds."""
    cadence = PLANS.get(signal.detail, {}).get(signal.kind, ("", ()))[1]
    if signal.kind == "fax_cng":
        cadence = (500, 3000)
    sounding = on_air(np.arange(signal.end_ms - signal.begin_ms) / 1000, cadence)
    return as_spans(
        np.flatnonzero(np.diff(sounding.astype(np.int8), prepend=0, append=0)).reshape(-1, 2) + signal.begin_ms
    )


@pytest.mark.parametrize("case", CASES)
def test_tones_are_no_speech_and_no_hold(case):
    plan, tones = CASES[case]
    line = LineConditions(snr_db=25.0)
    spec = ConversationSpec(duration_ms=60_000, tone_plan=plan, tones=tones, ringback_ms=5_000)
    call = make_call(CallSpec("c", 0, spec, line, line), 5)
    channels = [make_channel(call.channels[role].pcm) for role in (CUSTOMER, AGENT)]
    piece = analyse_piece(channels, AnalysisConfig(), SileroDetector())
    voices = dict(zip((CUSTOMER, AGENT), (channel.voice for channel in piece.channels), strict=True))

    for signal in call.script.signals:
        said = as_spans(call.channels[signal.role].spans // 8)
        alone = bursts_of(signal) if not length(intersect(bursts_of(signal), said)) else as_spans(())
        assert length(intersect(voices[signal.role].speech, alone)) == 0, signal
        if len(alone):
            over = [m for m in voices[signal.role].marks if m.begin_ms < signal.end_ms and signal.begin_ms < m.end_ms]
            # The first of two beeps that talk leaves to be heard is any tone.
            allowed = {signal.kind, "other"} if signal.kind.endswith(("waiting", "beep")) else {signal.kind}
            assert {mark.tone_kind for mark in over if mark.kind == TONE} <= allowed, signal
    for role, voice in voices.items():
        truth = bridge(call.channels[role].spans // 8, 500)
        heard = bridge(voice.speech, 500)
        assert length(intersect(truth, heard)) >= 0.95 * length(truth)
        assert length(heard) <= 1.05 * length(truth)

    assert not may_be_swapped(voices[CUSTOMER].marks, voices[AGENT].marks)
    talks = [
        ChannelTalk(
            channel_id=role,
            participant_role=role,
            begin_ms=0,
            end_ms=60_000,
            utterances=(),
            speech=voice.speech,
            masked=as_spans(()),
            marks=voice.marks,
        )
        for role, voice in voices.items()
    ]
    assert {phase.phase for phase in find_phases(talks, 60_000)} == {"ringing", "unknown"}
