"""Hold music in a piece as it is analysed: what saves work there must not lose it."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from builders.channels import make_channel

from callbeam.analysis import AnalysisConfig, analyse_piece
from callbeam.callmaker import LineConditions, band_pass, noise, quantise
from callbeam.callmaker.music import hold_music
from callbeam.callmaker.voices import random_voice, speak
from callbeam.line import HOLD_MUSIC
from callbeam.spans import as_spans, clip, length
from callbeam.voice import SileroDetector

RATE, MUSIC_S, GAP_S = 8000, 20, 1

KINDS = ("violin alone", "piano, quick", "bluegrass", "koto")
"""In them the detector hears the least signs of speech."""


@pytest.mark.parametrize("snr_db", [15, None])
@pytest.mark.parametrize("kind", KINDS)
def test_music_between_sayings_is_found(kind: str, snr_db: int | None) -> None:
    rng = np.random.default_rng([zlib.crc32(kind.encode()), 9])
    voice = random_voice(rng, female=True)
    before, after = (speak(voice, 3.0, RATE, rng).samples for _ in range(2))
    music = hold_music(kind, MUSIC_S, RATE, rng)
    gap = np.zeros(GAP_S * RATE, np.float32)
    sound = np.concatenate([before, gap, music / np.sqrt(np.square(music).mean()), gap, after])
    line = LineConditions()
    heard = band_pass(sound, line.band_hz, RATE)
    if snr_db is not None:
        heard += noise(len(sound), line, RATE, rng) * np.float32(10 ** (-snr_db / 20))
    channel = make_channel(quantise(heard * np.float32(10 ** (-20 / 20)), "none"))
    (analysed,) = analyse_piece([channel], AnalysisConfig(), SileroDetector()).channels
    found = as_spans((one.begin_ms, one.end_ms) for one in analysed.voice.detections if one.tone_kind == HOLD_MUSIC)
    begin_ms = (len(before) + len(gap)) * 1000 // RATE
    assert length(clip(found, begin_ms, begin_ms + 1000 * MUSIC_S)) >= 750 * MUSIC_S
