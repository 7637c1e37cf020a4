"""A piece of one channel: the echo of a participant whose own channel lies on another stream is no speech."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from builders.channels import make_channel
from builders.jobs import make_leg

from callbeam.analysis import AnalysedChannel, AnalysisConfig, analyse_piece
from callbeam.callmaker import CallSpec, ConversationSpec, LineConditions, make_call
from callbeam.spans import as_spans, bridge, intersect, length, subtract
from callbeam.voice import SileroDetector

START_MS = 1_772_443_800_000


@cache
def analysed(role: str, echo_db: float | None) -> tuple[AnalysedChannel, np.ndarray]:
    """Analyse one channel of a made-up call by itself; return its true speech, too, in ms."""
    line = LineConditions(snr_db=35.0, echo_db=echo_db)
    made = make_call(CallSpec("c-1", START_MS, ConversationSpec(duration_ms=100_000), line, line), 6)
    leg = make_leg(START_MS, source="chime", first_number=1000)
    channel = make_channel(made.pcm[role], role=None, leg=leg, track_name="AUDIO", clock_start_ms=START_MS)
    analysis = analyse_piece([channel], AnalysisConfig(), SileroDetector())
    assert analysis.comparisons == {}
    (heard,) = analysis.channels
    return heard, bridge(made.channels[role].spans // 8, 500)


@pytest.mark.parametrize("role", ["CUSTOMER", "AGENT"])
@pytest.mark.parametrize("echo_db", [-22.0, -30.0])
def test_what_is_heard_of_the_other_is_no_speech(role: str, echo_db: float) -> None:
    channel, truth = analysed(role, echo_db)
    near = as_spans([(begin - 250, end + 250) for begin, end in truth.tolist()])
    speech = channel.voice.speech
    assert length(subtract(speech, near)) < 0.02 * length(speech)
    assert length(intersect(speech, truth)) > 0.9 * length(truth)
    begins = channel.utterances["begin_ts"].cast("int64").to_numpy() - START_MS
    assert (np.abs(begins[:, None] - truth[None, :, 0]).min(axis=1) <= 150).mean() >= 0.9


@pytest.mark.parametrize("role", ["CUSTOMER", "AGENT"])
def test_hardly_anything_is_decided_otherwise_than_without_an_echo(role: str) -> None:
    (echoed, _), (plain, _) = analysed(role, -26.0), analysed(role, None)
    differing = length(subtract(echoed.voice.speech, plain.voice.speech))
    differing += length(subtract(plain.voice.speech, echoed.voice.speech))
    assert differing < 0.04 * length(plain.voice.speech)
    assert abs(echoed.utterances.num_rows - plain.utterances.num_rows) <= 1
