"""Fragments and audio that others made, decoded: what their publishers say of them comes out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from builders.jobs import make_leg
from builders.shared_data import SHARED, real_call

from callbeam.audio import channel_extent
from callbeam.audio.channel_summary import core_samples, gaps
from callbeam.calls import Piece
from callbeam.decoding import DecodedPiece, decode_piece
from callbeam.kvs import HOUR_MS, FetchedFragment, ListedFragment, Unit
from callbeam.mkv import CONNECT, BlockSpec, TrackSpec, fragment_tags, read_documents, write_fragment
from callbeam.timeline import start_clock

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"the third-party data of {SHARED} is absent"),
]


def decode(fragments: list[FetchedFragment]) -> DecodedPiece:
    leg = make_leg(0, first_number=fragments[0].listed.number)
    clock = start_clock(fragments[0])
    unit = Unit(0, HOUR_MS, len(fragments), 1)
    return decode_piece(Piece(leg, clock, unit, 0, True, tuple(fragments), 0, len(fragments)))


def capture(path: Path, count: int | None = None) -> list[FetchedFragment]:
    """Read a capture; where its tags give no server time, the listing says half a second after producer time."""
    fragments = []
    for number, document in enumerate(read_documents(path.read_bytes())):
        tags = fragment_tags(document)
        producer_ms = tags.producer_ms
        server_ms = tags.server_ms
        if server_ms is None and producer_ms is not None:
            server_ms = producer_ms + 500
        fragments.append(FetchedFragment(ListedFragment(number, server_ms, producer_ms), document))
    return fragments[:count]


def shape(name: str, count: int | None = None) -> DecodedPiece:
    return decode(capture(SHARED / "connect-shapes" / f"{name}.mkv", count))


def by_name(piece: DecodedPiece) -> dict[str, list[list[int]]]:
    return {channel.track_name: channel.covered.tolist() for channel in piece.channels}


@pytest.mark.parametrize("name", json.loads((SHARED / "connect-shapes" / "manifest.json").read_text())
                         if SHARED.is_dir() else [])  # fmt: skip
def test_every_shape_is_decoded_whole(name: str) -> None:
    manifest = json.loads((SHARED / "connect-shapes" / "manifest.json").read_text())[name]
    count = 2 if name == "stream_reuse" else manifest["fragments"]  # two contacts, five days apart: two legs
    piece = shape(name, count)
    assert [row.status for row in piece.ledger] == ["decoded"] * count
    assert piece.dead_letters == ()
    fragments = capture(SHARED / "connect-shapes" / f"{name}.mkv", count)
    sizes = sum(block.end - block.start for each in fragments for block in each.document.blocks)
    assert sum(channel_extent(channel).samples for channel in piece.channels) * 2 == sizes
    payloads = b"".join(each.document.payload(block) for each in fragments for block in each.document.blocks)
    decoded = np.concatenate([core_samples(channel) for channel in piece.channels])
    np.testing.assert_array_equal(np.sort(decoded), np.sort(np.frombuffer(payloads, "<i2")))
    start_ms = piece.channels[0].clock_start_ms
    assert start_ms == round(float(manifest["producer_timestamps"][0]) * 1000)


def test_the_gap_of_two_dropped_fragments_is_2048_ms() -> None:
    piece = shape("gap")
    (channel,) = piece.channels
    starts = (channel.covered[:, 0] * 1000 / channel.sample_rate_hz).tolist()
    assert starts == [0, 1024, 4096]
    assert starts[2] - starts[1] - 1024 == 2048
    assert len(gaps(channel)) == 2


def test_a_fragment_without_tags_continues_by_timecode() -> None:
    (channel,) = shape("tagless_single").channels
    assert channel.covered[:, 0].tolist() == [0, 8192, 16384]


def test_the_short_block_leaves_a_hole_of_52_ms() -> None:
    piece = shape("short_block_mid_track")
    holes = {channel.track_name: gaps(channel).tolist() for channel in piece.channels}
    assert sorted(len(hole) for hole in holes.values()) == [0, 1]
    ((start, end),) = next(hole for hole in holes.values() if hole)
    assert (end - start) / 8000 == 0.052


def test_tracks_are_named_not_numbered() -> None:
    piece = shape("track_order_swapped")
    (document,) = [each.document for each in capture(SHARED / "connect-shapes" / "track_order_swapped.mkv")]
    names = {track.number: track.name for track in document.tracks}
    assert names[1] == "AUDIO_TO_CUSTOMER"
    for channel in piece.channels:
        payload = b"".join(document.payload(b) for b in document.blocks if names[b.track] == channel.track_name)
        assert core_samples(channel).astype("<i2").tobytes() == payload
    assert {channel.participant_role for channel in piece.channels} == {"CUSTOMER", "AGENT"}


def test_the_connect_shape_is_pcm_although_it_declares_aac() -> None:
    piece = shape("connect_real_shape")
    assert {channel.codec for channel in piece.channels} == {"A_AAC"}
    assert by_name(piece) == {"AUDIO_FROM_CUSTOMER": [[0, 24]], "AUDIO_TO_CUSTOMER": [[0, 24]]}


@pytest.mark.parametrize(
    "name", ["output_get_media", "output-get-media-non-increasing-timecode", "empty-mkv-with-tags"]
)
def test_video_is_no_audio(name: str) -> None:
    fragments = [f for f in capture(SHARED / "getmedia" / f"{name}.mkv") if f.document and f.document.error is None]
    piece = decode(fragments)
    assert {row.status for row in piece.ledger} == {"no_audio"}
    assert piece.channels == ()


def test_a_real_call_comes_back_sample_for_sample() -> None:
    voices = {}
    for name, side in (("AUDIO_FROM_CUSTOMER", "caller"), ("AUDIO_TO_CUSTOMER", "agent")):
        voices[name] = real_call(side).tobytes()
    fragments, t0 = [], 1_700_000_000_000
    for number, at in enumerate(range(0, max(map(len, voices.values())), 16 * 1024)):
        order = list(voices) if number % 3 else list(reversed(voices))
        tracks = [TrackSpec(n + 1, name, "A_AAC", b"\x11\x90") for n, name in enumerate(order)]
        blocks = [
            BlockSpec(track.number, 64 * k, voices[name][at + 1024 * k : at + 1024 * (k + 1)])
            for k in range(16)
            for track, name in zip(tracks, order, strict=True)
        ]
        at_ms = t0 + at // 16
        data = write_fragment(dialect=CONNECT, tracks=tracks, blocks=[b for b in blocks if b.payload],
                              timecode_ms=at_ms, tags_after=[("ContactId", "c-1")])  # fmt: skip
        (document,) = read_documents(data)
        fragments.append(FetchedFragment(ListedFragment(number, at_ms + 700, at_ms), document))
    piece = decode(fragments)
    assert {row.status for row in piece.ledger} == {"decoded"}
    for channel in piece.channels:
        assert channel.covered.tolist() == [[0, len(voices[channel.track_name]) // 2]]
        assert channel.samples.astype("<i2").tobytes() == voices[channel.track_name]
