"""Borders of speech on levels that are made up: a voice that rises and fades at known rates over a background."""

import numpy as np
import pytest

from callbeam.spans import as_spans
from callbeam.voice.speech_borders import move_to_level

BEGIN, LOUD, FADES, END, COUNT = 100, 103, 190, 200, 300
"""It rises by 30 dB over 30 ms, and fades by as much over 100 ms."""

DECIDED = as_spans([(104, 212)])
"""As a network decides: a begin a little late, an end 120 ms late."""


def levels(background_dbfs, *, swing_db=0.5):
    """Return frames' levels: powers of voice and background add."""
    voice = np.interp(np.arange(COUNT), [BEGIN, LOUD, FADES, END - 1], [-50.0, -20.0, -20.0, -50.0], -200, -200)
    noise = background_dbfs + swing_db * np.random.default_rng(1).standard_normal(COUNT)
    return (10 * np.log10(10 ** (voice / 10) + 10 ** (noise / 10))).astype(np.float32)


def moved(level, others=None):
    (span,) = move_to_level(DECIDED, level, as_spans([(0, COUNT)]), 0, others).tolist()
    return span


@pytest.mark.parametrize("snr_db", [10, 15, 20, 25, 35, 60])
def test_a_border_does_not_depend_on_the_background(snr_db):
    begin, end = moved(levels(-20 - snr_db))
    assert begin == pytest.approx(BEGIN, abs=4)
    assert end == pytest.approx(END, abs=4)


def test_an_unsteady_background_is_no_speech():
    begin, end = moved(levels(-45, swing_db=1.5))
    assert begin == pytest.approx(BEGIN, abs=4)
    assert end <= END + 2


def test_a_border_does_not_move_onto_anothers_voice():
    level = levels(-60)
    level[84:94] = np.maximum(level[84:94], -42)  # the other's last word, as an echo
    assert moved(level)[0] == 84
    others = np.zeros(COUNT, dtype=bool)
    others[84:94] = True
    assert moved(level, others)[0] == pytest.approx(BEGIN, abs=4)


def test_what_fades_ends_where_audio_does():
    level = levels(-30)
    assert moved(level)[1] > 195
    (span,) = move_to_level(as_spans([(104, 195)]), level, as_spans([(0, 195)]), 0).tolist()
    assert span[1] == 195
