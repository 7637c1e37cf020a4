"""Small fragments, as their producers write them, and the parts that they are made of."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable

from callbeam.mkv import (
    CHIME,
    CONNECT,
    LIBAV,
    BlockSpec,
    Dialect,
    TrackSpec,
    children,
    element_id_bytes,
    ids,
    read_element,
    unknown_size,
    write_fragment,
)
from callbeam.mkv.build import element, uint_element

FROM_CUSTOMER = TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC", b"\x11\x90")
TO_CUSTOMER = TrackSpec(2, "AUDIO_TO_CUSTOMER", "A_AAC", b"\x11\x90")
TRACKS = (FROM_CUSTOMER, TO_CUSTOMER)

SIZED = dataclasses.replace(CONNECT, known_segment=True, known_cluster=True, cluster_size_length=8)
DIALECTS = {
    "connect": CONNECT,
    "chime": CHIME,
    "libav": LIBAV,
    "padded": dataclasses.replace(CONNECT, nul_padded_strings=True),
    "sized": SIZED,
    "sized segment": dataclasses.replace(CONNECT, known_segment=True),
    "short sizes": dataclasses.replace(CONNECT, segment_size_length=1, block_size_length=2, uint_length=None),
    "odd sizes": dataclasses.replace(CONNECT, block_size_length=5, master_size_length=3, tag_size_length=6),
    "block groups": dataclasses.replace(LIBAV, block_groups=True),
    "several clusters": dataclasses.replace(CONNECT, blocks_per_cluster=2),
    "several sized clusters": dataclasses.replace(LIBAV, blocks_per_cluster=3),
    "fine scale": dataclasses.replace(CONNECT, timecode_scale_ns=100_000, blocks_per_cluster=2),
}
"""What producers write, and what Matroska allows them to."""

DOCUMENT_START = bytes.fromhex("1a45dfa3 8b 4282886d6174726f736b61")
OPEN_SEGMENT = element_id_bytes(ids.SEGMENT) + unknown_size(8)
OPEN_CLUSTER = element_id_bytes(ids.CLUSTER) + unknown_size(1)

START_MS = 1_772_443_800_000
"""2026-03-02T09:30:00Z."""


def make_fragment(
    index: int = 0, *, blocks: int = 8, payload_bytes: int = 256, dialect: Dialect = CONNECT, start_ms: int = START_MS
) -> bytes:
    """Write a second of two tracks whose payloads tell which fragment and block they are."""
    specs = [
        BlockSpec(1 + block % 2, block // 2 * 64, bytes([index % 251, block]) * (payload_bytes // 2))
        for block in range(blocks)
    ]
    return write_fragment(
        dialect=dialect,
        tracks=TRACKS,
        blocks=specs,
        timecode_ms=start_ms + index * 1000,
        tags_after=[("ContactId", "11111111-2222-4333-8444-555555555555")],
    )


def ticked_fragment(
    tick_ns: int, start_ms: int, blocks: list[BlockSpec], to_ticks: Callable[[float], int] = round
) -> bytes:
    """Write a fragment whose timecodes are rounded to ticks of any length."""
    dialect = dataclasses.replace(CONNECT, timecode_scale_ns=tick_ns)
    head = write_fragment(dialect=dialect, tracks=TRACKS, blocks=(), timecode_ms=0)
    first = to_ticks(start_ms * 1_000_000 / tick_ns)
    parts = [uint_element(ids.TIMECODE, first)]
    for block in blocks:
        ticks = to_ticks((start_ms + block.offset_ms) * 1_000_000 / tick_ns) - first
        parts.append(element(ids.SIMPLE_BLOCK, struct.pack(">BhB", 0x80 | block.track, ticks, 0x80) + block.payload))
    return head + OPEN_CLUSTER + b"".join(parts)


def in_each_track(fragment: bytes, addition: bytes) -> bytes:
    """Put an element into each TrackEntry of a fragment whose Segment is of unknown size."""
    at = fragment.index(element_id_bytes(ids.TRACKS))
    _, start, end = read_element(fragment, at, len(fragment))
    entries = [element(ids.TRACK_ENTRY, fragment[a:b] + addition) for _, a, b in children(fragment, start, end)]
    return fragment[:at] + element(ids.TRACKS, b"".join(entries)) + fragment[end:]


def content_encodings(*each: bytes) -> bytes:
    """Write a ContentEncodings that holds a ContentEncoding of each payload."""
    return element(ids.CONTENT_ENCODINGS, b"".join(element(ids.CONTENT_ENCODING, one) for one in each))


ZLIB, HEADER_STRIPPING = (
    element(ids.CONTENT_COMPRESSION, uint_element(ids.CONTENT_COMP_ALGO, algorithm)) for algorithm in (0, 3)
)
ENCRYPTION = uint_element(ids.CONTENT_ENCODING_TYPE, 1)
