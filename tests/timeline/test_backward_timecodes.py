"""Timecodes that go back within a fragment: a clock that was set moves all that follows, jitter one block."""

from __future__ import annotations

import numpy as np
import pytest

from callbeam.mkv import Block, Document
from callbeam.payload import AudioFormat
from callbeam.timeline.backward_timecodes import straightened

BYTES = 320  # 20 ms


def document(timecodes: list[int], payloads: list[bytes]) -> Document:
    blocks = [Block(1, at, BYTES * k, BYTES * (k + 1)) for k, at in enumerate(timecodes)]
    return Document(0, 0, memoryview(b"".join(payloads)), clusters=(0,), blocks=blocks)


def straight(timecodes: list[int], payloads: list[bytes] | None = None) -> list[int]:
    rng = np.random.default_rng(0)
    made = document(timecodes, payloads or [rng.bytes(BYTES) for _ in timecodes])
    return [block.timecode for block in straightened(made.blocks, AudioFormat(8000), 8000, made)]


@pytest.mark.parametrize(
    ("timecodes", "expected"),
    [
        ([0, 20, 40, 60], [0, 20, 40, 60]),
        ([0, 35, 25, 60, 80], [0, 35, 55, 60, 80]),  # jitter
        ([0, 20, -1980, -1960, -1940], [0, 20, 40, 60, 80]),  # set back by 2 s
        ([0, 20, -1980, -1960, -3960, -3940], [0, 20, 40, 60, 80, 100]),  # twice
        ([0, 20, -1980, -1950, -1965, -1920], [0, 20, 40, 70, 90, 100]),  # and jitter
    ],
)
def test_new_bytes_go_on(timecodes: list[int], expected: list[int]) -> None:
    assert straight(timecodes) == expected


def test_bytes_that_lie_there_and_silence_stay_where_they_claim_to_be() -> None:
    rng = np.random.default_rng(1)
    one, two = rng.bytes(BYTES), rng.bytes(BYTES)
    assert straight([0, 20, 0, 20], [one, two, one, two]) == [0, 20, 0, 20]
    assert straight([0, 20, 0, 20], [one, two, bytes(BYTES), bytes(BYTES)]) == [0, 20, 0, 20]
