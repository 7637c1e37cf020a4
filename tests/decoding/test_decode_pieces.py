"""A leg decoded in pieces is the leg decoded whole: same samples, same positions, same account."""

from __future__ import annotations

import hashlib
from itertools import count

import numpy as np
import pytest
from builders.jobs import make_leg
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callbeam.audio import channel_extent, join_extents
from callbeam.audio.channel_summary import core_covered, core_samples
from callbeam.calls import Piece
from callbeam.calls.piece_cutter import PieceCutter
from callbeam.decoding import DecodedPiece, decode_piece
from callbeam.kvs import HOUR_MS, FetchedFragment, ListedFragment, Unit
from callbeam.mkv import Block, Document, Track
from callbeam.payload import TrackVerdict, survey
from callbeam.timeline import LEAD_MS, PIECE_MS, Placer, start_clock

T0 = 1_700_000_000_000
MINUTE = 60_000
RATE = 1_000


pytestmark = pytest.mark.usefixtures("low_rates")


LEG = make_leg(T0)
UNIT = Unit(T0, T0 + HOUR_MS, 1, 1)
NAMES = ("AUDIO_FROM_CUSTOMER", "AUDIO_TO_CUSTOMER")

BLOCKS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1]),
        st.one_of(
            st.integers(-30, 300), st.integers(0, 8).map(lambda k: 64 * k), st.sampled_from([9_000, 20_000, 30_000])
        ),
        st.one_of(st.just(64), st.integers(0, 150), st.sampled_from([15_000, 26_000])),
    ),
    min_size=1,
    max_size=6,
)
STEPS = st.one_of(
    st.integers(-25, 25).map(lambda jitter: 512 + jitter),
    st.sampled_from([-2_000, -512, 0, 15_000, 29_000, 2 * MINUTE, 12 * MINUTE, 25 * MINUTE, 50 * MINUTE, -4 * MINUTE]),
)
LEGS = st.lists(
    st.tuples(STEPS, BLOCKS, st.sampled_from(["ok"] * 6 + ["none", "far"]), st.booleans()), min_size=1, max_size=40
)


def leg_of(steps) -> list[FetchedFragment]:
    """Make fragments in order of number whose producer time walks by the steps; each sample has its own value."""
    made, at, server, value = [], 0, T0, count(1)
    for number, (step, blocks, producer, swapped) in enumerate(steps):
        at += step if number else 0
        server = max(server + 1, T0 + at)
        producer_ms = {"ok": T0 + at, "none": None, "far": 17}[producer if number else "ok"]
        order = (1, 0) if swapped else (0, 1)
        tracks = tuple(
            Track(n + 1, NAMES[which], "A_PCM/INT/LIT", sample_rate_hz=RATE, track_type=2)
            for n, which in enumerate(order)
        )
        first, payload, placed = at % 50_021, b"", []
        for which, offset, samples in blocks:
            pcm = ((np.arange(samples) * 31 + next(value) * 977) % 65536).astype("<u2").tobytes()
            placed.append(Block(order.index(which) + 1, first + offset, len(payload), len(payload) + len(pcm)))
            payload += pcm
        document = Document(
            index=0, offset=0, data=memoryview(payload), tracks=tracks, clusters=(first,), blocks=placed
        )
        made.append(FetchedFragment(ListedFragment(number, server, producer_ms, 10), document))
    return made


def cut(fragments: list[FetchedFragment]) -> list[Piece]:
    """Cut a leg by what the clock says: what closes a piece is its last, what reaches into its lead-in its first."""
    placer = Placer(start_clock(fragments[0]))
    states = [(placer.clock, placer.anchors())]
    for each in fragments:
        placer.place(each)
        states.append((placer.clock, placer.anchors()))
    pieces, owned, index, total = [], 0, 0, len(fragments)
    while owned < total or not pieces:
        lead_in = index * PIECE_MS - LEAD_MS
        first = min(next((i for i in range(total) if states[i + 1][0].reach_ms > lead_in), total), owned)
        end = next((i + 1 for i in range(total) if states[i + 1][0].closed_ms >= (index + 1) * PIECE_MS), None)
        last = end is None
        end = total if last else end
        if first < end:
            clock, anchors = states[first]
            some = tuple(fragments[first:end])
            pieces.append(Piece(LEG, clock, UNIT, index, last, some, owned - first, end - first, anchors))
        owned, index = end, index + 1
    first = next((i for i in range(total) if states[i + 1][0].reach_ms > index * PIECE_MS - LEAD_MS), None)
    if not pieces[-1].last and first is not None:  # the last fragment closed a piece and lies beyond it
        clock, anchors = states[first]
        pieces.append(
            Piece(LEG, clock, UNIT, index, True, tuple(fragments[first:]), total - first, total - first, anchors)
        )
    return pieces


def whole_of(
    fragments: list[FetchedFragment],
    positions: tuple[int | None, ...] = (),
    verdicts: tuple[TrackVerdict, ...] = (),
) -> DecodedPiece:
    some, total = tuple(fragments), len(fragments)
    clock = start_clock(fragments[0])
    return decode_piece(Piece(LEG, clock, UNIT, 0, True, some, 0, total, positions=positions, verdicts=verdicts))


def joined(intervals: np.ndarray) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in intervals.tolist():
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def assert_same(pieces: list[DecodedPiece], whole: DecodedPiece) -> None:
    assert [row for piece in pieces for row in piece.ledger] == list(whole.ledger)
    assert [letter for piece in pieces for letter in piece.dead_letters] == list(whole.dead_letters)
    assert {c.channel_id for piece in pieces for c in piece.channels} == {c.channel_id for c in whole.channels}
    for channel in whole.channels:
        parts = [part for piece in pieces for part in piece.channels if part.channel_id == channel.channel_id]
        covered = np.concatenate([core_covered(part) for part in parts])
        assert joined(covered) == [tuple(interval) for interval in channel.covered.tolist()]
        np.testing.assert_array_equal(np.concatenate([core_samples(p) for p in parts]), core_samples(channel))
        assert [part.core_start for part in parts] == sorted({part.core_start for part in parts})
        extent, expected = join_extents([channel_extent(part) for part in parts]), channel_extent(channel)
        digests = "".join(hashlib.sha256(core_samples(part).astype("<i2").tobytes()).hexdigest() for part in parts)
        assert extent.pcm_sha256 == (digests if len(parts) == 1 else hashlib.sha256(digests.encode()).hexdigest())
        for name in ("samples", "gap_count", "gap_samples", "begin", "end"):
            assert getattr(extent, name) == getattr(expected, name)


def assert_sound(piece: DecodedPiece, whole: DecodedPiece) -> None:
    """Check what every channel promises, and that its lead-in is the whole leg's."""
    for channel in piece.channels:
        covered = channel.covered
        assert channel.first_sample == covered[0, 0]
        assert channel.first_sample + len(channel.samples) == covered[-1, 1]
        assert (covered[:, 0] < covered[:, 1]).all()
        assert (covered[1:, 0] > covered[:-1, 1]).all()
        assert covered[0, 0] >= channel.core_start - LEAD_MS * RATE // 1000
        assert piece.last or covered[-1, 1] <= channel.core_end + LEAD_MS * RATE // 1000
        (full,) = [c for c in whole.channels if c.channel_id == channel.channel_id]
        begin, end = channel.first_sample, min(channel.core_end, channel.first_sample + len(channel.samples))
        np.testing.assert_array_equal(
            channel.samples[: end - begin], full.samples[begin - full.first_sample : end - full.first_sample]
        )


@settings(deadline=None, max_examples=150)
@given(LEGS)
def test_pieces_join_to_the_whole_leg(steps) -> None:
    fragments = leg_of(steps)
    whole = whole_of(fragments)
    assert [row.number for row in whole.ledger] == list(range(len(fragments)))
    pieces = [decode_piece(piece) for piece in cut(fragments)]
    assert_same(pieces, whole)
    for piece in pieces:
        assert_sound(piece, whole)


BLOCKS_30_S_APART = [
    (512, [(0, 0, 64)], "ok", False),
    (512, [(0, 0, 64), (0, 30_000, 0)], "ok", False),
    (512, [(0, 1, 2), (0, 0, 1), (0, 30_000, 0)], "ok", False),
    (512, [(0, 0, 0), (0, 30_000, 64), (0, 0, 64), (0, 30_000, 64)], "ok", False),
]
LIKE_PACKETS = [(0, [(0, 64 * k, 64 - 7 * k) for k in range(6)], "ok", False)]
"""A leg whose blocks the survey takes for a codec's: all vary in size, at equal distances."""


@settings(deadline=None, max_examples=100)
@given(LEGS)
@example(BLOCKS_30_S_APART)
@example(LIKE_PACKETS)
def test_what_the_cutter_gives_out_joins_to_the_whole_leg(steps) -> None:
    fragments = leg_of(steps)
    cutter = PieceCutter(LEG, UNIT, fragments[0])
    pieces = [piece for each in fragments for piece in cutter.add(each)]
    pieces += cutter.finish()
    assert len(pieces) == cutter.emitted
    owned = [at_ns for piece in pieces for at_ns in piece.positions[piece.first_owned : piece.end_owned]]
    # what a track holds is decided once for a leg, whatever piece of it is decoded where: so for the whole of it, too
    verdicts = tuple(survey(each.document for each in fragments).values())
    assert_same([decode_piece(piece) for piece in pieces], whole_of(fragments, tuple(owned), verdicts))


def test_a_gap_across_a_border_counts_once() -> None:
    step = [(0, 0, 1_000)]
    pieces = [decode_piece(piece) for piece in cut(leg_of([(20 * MINUTE, step, "ok", False)] * 4))]
    assert [len(piece.channels) for piece in pieces] == [1, 1]
    extent = join_extents([channel_extent(piece.channels[0]) for piece in pieces])
    assert (extent.gap_count, extent.gap_ms) == (3, 3 * (20 * MINUTE - 1_000))
    assert (extent.begin, extent.end, extent.samples) == (0, 60 * MINUTE + 1_000, 4_000)
