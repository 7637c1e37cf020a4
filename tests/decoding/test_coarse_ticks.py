"""Timecodes in ticks longer than a block: what they cannot tell apart is audio that goes on, and none of it is lost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders.fragments import ticked_fragment
from builders.jobs import DAY_START_MS, make_leg

from callbeam.audio.channel_summary import core_samples, gaps
from callbeam.calls.piece_cutter import PieceCutter
from callbeam.decoding import DecodedPiece, decode_piece
from callbeam.kvs import HOUR_MS, FetchedFragment, ListedFragment, Unit
from callbeam.mkv import BlockSpec, read_documents

FRAGMENTS = 24
PCM = np.random.default_rng(5).integers(-3000, 3000, (2, FRAGMENTS * 8 * 1024), dtype=np.int16)


def decode(tick_ns: int, block_ms: int, fragment_ms: int, to_ticks: object) -> DecodedPiece:
    """Decode a leg of fragments without a gap, whose producer times are their timecodes."""
    fragments = []
    for number in range(FRAGMENTS):
        start_ms = DAY_START_MS + number * fragment_ms
        blocks = []
        for offset in range(0, fragment_ms, block_ms):
            at = (number * fragment_ms + offset) * 8
            blocks += [BlockSpec(n + 1, offset, PCM[n, at : at + block_ms * 8].tobytes()) for n in (0, 1)]
        (document,) = read_documents(ticked_fragment(tick_ns, start_ms, blocks, to_ticks))
        assert document.error is None
        says_ms = round(document.milliseconds(document.clusters[0]))
        fragments.append(FetchedFragment(ListedFragment(number, start_ms + 1200, says_ms), document))
    unit = Unit(DAY_START_MS, DAY_START_MS + HOUR_MS, 1, 1)
    cutter = PieceCutter(make_leg(DAY_START_MS), unit, fragments[0])
    pieces = [piece for fragment in fragments for piece in cutter.add(fragment)]
    (piece,) = [*pieces, *cutter.finish()]
    return decode_piece(piece)


@pytest.mark.parametrize("to_ticks", [round, math.floor])
@pytest.mark.parametrize(("block_ms", "fragment_ms"), [(20, 1000), (64, 1024)])
@pytest.mark.parametrize("tick_ms", [10, 33, 100, 1000])
def test_no_sample_is_lost(tick_ms: int, block_ms: int, fragment_ms: int, to_ticks: object) -> None:
    piece = decode(tick_ms * 1_000_000, block_ms, fragment_ms, to_ticks)
    assert {row.status for row in piece.ledger} == {"decoded"}
    for channel, pcm in zip(piece.channels, PCM, strict=True):
        np.testing.assert_array_equal(core_samples(channel), pcm[: FRAGMENTS * fragment_ms * 8])
        assert (np.diff(gaps(channel)) <= tick_ms * 8).all(), "no gap but what ticks leave"
