"""Captures and calls that others recorded: they lie beside the project, are no part of it, and may be absent."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
CALLS = SHARED / "calls"


def real_call(side: str) -> np.ndarray:
    """Return a real call's samples at 8 kHz, of the ``agent`` or the ``caller``; skip the test where it is absent."""
    path = CALLS / f"Auto_Repairs_40_UTC_{side}.wav"
    if not path.exists():
        pytest.skip(f"the third-party call of {CALLS} is absent")
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
