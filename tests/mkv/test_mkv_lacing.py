"""Laced blocks: what any of the three ways packs comes out frame by frame; what is cut is damage, never a crash."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeam.mkv import CONNECT, BlockSpec, MkvError, TrackSpec, ids, read_documents, write_fragment
from callbeam.mkv.lacing import EBML, FIXED, XIPH, lace
from callbeam.mkv.writer import element

TRACK = TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC", b"\x11\x90")


def number(value: int, length: int) -> bytes:
    """Write a number of variable length on ``length`` bytes."""
    return ((1 << 7 * length) | value).to_bytes(length, "big")


def laced(frames: list[bytes], lacing: int, length: int = 4) -> bytes:
    """Pack frames as a muxer does: their number, all sizes but the last, the frames."""
    sizes = b""
    if lacing == XIPH:
        for frame in frames[:-1]:
            sizes += b"\xff" * (len(frame) // 255) + bytes([len(frame) % 255])
    elif lacing == EBML and len(frames) > 1:
        sizes = number(len(frames[0]), length)
        for one, two in pairwise(frames[:-1]):
            sizes += number(len(two) - len(one) + (1 << 7 * length - 1) - 1, length)
    return bytes([len(frames) - 1]) + sizes + b"".join(frames)


@given(
    st.lists(st.binary(max_size=600), min_size=1, max_size=20),
    st.sampled_from([XIPH, EBML]),
    st.integers(2, 4),
    st.binary(max_size=5),
)
def test_what_is_laced_comes_out(frames, lacing, length, before) -> None:
    data = before + laced(frames, lacing, length) + b"next"
    spans = lace(memoryview(data), len(before), len(data) - 4, lacing)
    assert [data[start:end] for start, end in spans] == [frame for frame in frames if frame]


@given(st.integers(1, 256), st.integers(0, 300))
def test_frames_of_one_size_come_out(count, size) -> None:
    frames = [bytes([n % 256]) * size for n in range(count)]
    data = laced(frames, FIXED)
    assert [data[start:end] for start, end in lace(data, 0, len(data), FIXED)] == [frame for frame in frames if frame]


@given(st.binary(max_size=400), st.sampled_from([XIPH, FIXED, EBML]))
def test_any_bytes_are_frames_within_the_block_or_an_error(data, lacing) -> None:
    try:
        spans = lace(data, 0, len(data), lacing)
    except MkvError:
        spans = []
    assert all(0 < start < end <= len(data) for start, end in spans)
    assert all(one[1] == two[0] for one, two in pairwise(spans))


@pytest.mark.parametrize("lacing", [XIPH, FIXED, EBML])
@pytest.mark.parametrize("group", [False, True])
def test_a_reader_gives_each_frame_as_a_block_at_the_blocks_timecode(lacing: int, group: bool) -> None:
    frames = [bytes([n]) * 40 for n in range(3)]
    plain = write_fragment(
        dialect=CONNECT, tracks=[TRACK], blocks=[BlockSpec(1, 0, b"first")], timecode_ms=1_000, tags_after=()
    )
    block = b"\x81" + struct.pack(">hB", 20, lacing) + laced(frames, lacing)
    added = element(ids.BLOCK_GROUP, element(ids.BLOCK, block)) if group else element(ids.SIMPLE_BLOCK, block)
    (document,) = read_documents(plain + added)
    assert document.error is None
    assert document.laced
    assert [(b.timecode, bytes(document.payload(b))) for b in document.blocks] == [
        (1_000, b"first"), *((1_020, frame) for frame in frames)
    ]  # fmt: skip
