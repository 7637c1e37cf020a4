"""Contacts whose streams have lost their media, and of which a recording of Live Call Analytics is left."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from callbeam.callmaker.demo_calls import DEMO_START_MS, SLOT_MS, SPREAD_MS
from callbeam.callmaker.made_call import make_call
from callbeam.callmaker.make_truth import LegTruth, truth_of_call
from callbeam.callmaker.random_calls import varied_call
from callbeam.callmaker.script import AGENT, CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from callbeam.callmaker.truth import CallTruth

LCA_FOLDER = "lca-audio-recordings"
"""Where Live Call Analytics puts its recordings."""

CALLS_PER_RECORDED = 6
"""How many calls of the demo lie on streams for one that does not any more."""

_PURPOSE = 9
"""Parts these calls' draws from those of the demo's others, which stay as they are without them."""


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A contact that a recording holds.

    Attributes
    ----------
    stream : str
        The stream that it was on.
    truth : CallTruth
        Its channels' ``stream`` is the recording's file.
    pcm : int16 array, shape (n, 2)
        The customer on the left, the agent on the right.
    """

    stream: str
    truth: CallTruth
    pcm: npt.NDArray[np.int16]

    def save(self, folder: Path) -> Path:
        """Write the recording as Live Call Analytics does: WAV of 8 kHz, 16 bits and two channels; return its path."""
        path = folder / LCA_FOLDER / f"{self.truth.call_id}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, self.pcm, 8000, subtype="PCM_16")
        return path


def make_recorded(count: int, *, seed: int = 1) -> Iterator[RecordedCall]:
    """Make up the contacts of a demo that were on its pooled streams in the hour before its other calls.

    Parameters
    ----------
    count : int
        How many calls the demo has.
    seed : int
        The same count and seed make the same calls.

    Yields
    ------
    RecordedCall
        One for every ``CALLS_PER_RECORDED`` calls or part of that.
    """
    for index in range(-(-count // CALLS_PER_RECORDED)):
        rng = np.random.default_rng([seed, index, _PURPOSE])
        call_id = str(uuid.UUID(bytes=rng.bytes(16), version=4))
        start_ms = DEMO_START_MS - SLOT_MS + int(rng.integers(SPREAD_MS))
        call_seed = int(rng.integers(2**31))
        call = make_call(varied_call(call_id, start_ms, call_seed, duration_ms=(40_000, 120_000)), call_seed)
        length = len(call.pcm[CUSTOMER])
        legs = {role: LegTruth(f"{call_id}.wav", "recording", start_ms, 0, [(0, length)]) for role in (CUSTOMER, AGENT)}
        yield RecordedCall(
            stream=f"demo-connect-contact-{index + 1:02d}",
            truth=truth_of_call(call, legs, source="connect", call_start_ms=start_ms),
            pcm=np.stack([call.pcm[CUSTOMER], call.pcm[AGENT]], axis=1),
        )
