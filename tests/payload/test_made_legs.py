"""Legs whose headers are true, as producers and networks cut and stamp them: none may be taken for anything else.

``CALLBEAM_MADE_LEGS=10000 python -m pytest -n 0 tests/payload/test_made_legs.py`` makes as many; the suite a few.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from builders.made_legs import Wire, encoded, evidence, sound

from callbeam.payload import SAMPLE_BYTES, AudioFormat
from callbeam.payload.format_detection import judge

LEGS = int(os.environ.get("CALLBEAM_MADE_LEGS", "240"))
PARTS = 12


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_leg_under_true_headers_is_what_they_say(part: int) -> None:
    for number in range(part, LEGS, PARTS):
        rng = np.random.default_rng(number)
        rate = int(rng.choice([8000, 8000, 8000, 8000, 16_000, 11_025, 44_100, 48_000]))
        encoding = str(rng.choice(["s16le"] * 6 + ["s16be", "s24le", "s32le", "f32le", "alaw", "ulaw"]))
        samples = sound(rng, (12 if rate <= 16_000 else 5) * rate, rate)
        wire = Wire.draw(rng)
        width = SAMPLE_BYTES[encoding]
        declared = AudioFormat(rate, encoding)
        made = evidence(rng, encoded(samples, encoding).tobytes(), rate * width, declared, wire, align=width)
        verdict = judge(made)
        assert verdict.form == declared, (number, wire, verdict)
        assert set(verdict.warnings) <= {"resampled"}, (number, wire, verdict)
