"""A channel's speech, joined over its pieces."""

from __future__ import annotations

import numpy as np

from callbeam.analysis import AnalysisConfig, analyse_piece
from callbeam.assembly.joined_activity import join_voices
from callbeam.audio import channel_of_pcm


class AllSpeech:
    def probabilities(self, channel, span, wanted=None):
        return np.ones(len(span.measured), np.float32)


def test_speech_is_as_long_as_in_seconds_also_where_the_last_frame_is_cut():
    samples = np.random.default_rng(1).integers(-9000, 9000, 16_030).astype(np.int16)
    (analysed,) = analyse_piece([channel_of_pcm(samples, 8000)], AnalysisConfig(), AllSpeech()).channels
    assert len(analysed.voice.speech) == 1
    speech_ms = join_voices({0: analysed.voice}, 0).columns["speech_ms"]
    assert speech_ms == sum(analysed.rows.seconds["speech_ms"].to_pylist()) == 2004
