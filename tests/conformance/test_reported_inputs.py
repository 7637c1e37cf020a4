"""Inputs that people reported, rebuilt small: each comes out as its audio is, whatever its headers say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders.jobs import make_leg
from builders.shared_data import SHARED

from callbeam.calls import parse_role_map
from callbeam.calls.piece_cutter import PieceCutter
from callbeam.decoding import DecodeConfig, DecodedPiece, decode_piece
from callbeam.kvs import HOUR_MS, FetchedFragment, ListedFragment, Unit
from callbeam.mkv import fragment_tags, read_documents
from callbeam.payload import format_detection, survey
from callbeam.payload.samples import g711_levels

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not (SHARED / "reports").is_dir(), reason=f"the reported inputs of {SHARED} are absent"),
]
NAMES = ["AUDIO_FROM_CUSTOMER", "AUDIO_TO_CUSTOMER"]


def capture(path: Path) -> list[FetchedFragment]:
    fragments = []
    for number, document in enumerate(read_documents(path.read_bytes())):
        tags = fragment_tags(document)
        server_ms = tags.server_ms if tags.server_ms is not None else (tags.producer_ms or 0) + 500
        fragments.append(FetchedFragment(ListedFragment(number, server_ms, tags.producer_ms), document))
    return fragments


def decoded(name: str, config: DecodeConfig | None = None) -> DecodedPiece:
    """Read a reported input as a job reads a leg."""
    fragments = capture(SHARED / "reports" / f"{name}.mkv")
    cutter = PieceCutter(make_leg(0), Unit(0, HOUR_MS, len(fragments), 1), fragments[0])
    pieces = [piece for fragment in fragments for piece in cutter.add(fragment)]
    (piece,) = [*pieces, *cutter.finish()]
    return decode_piece(piece, config)


def payload(name: str, track: int = 1) -> bytes:
    documents = [fragment.document for fragment in capture(SHARED / "reports" / f"{name}.mkv")]
    return b"".join(bytes(d.payload(b)) for d in documents for b in d.blocks if b.track == track)


def warnings(piece: DecodedPiece) -> list[list[str]]:
    return [[notice.warning for notice in channel.notices] for channel in piece.channels]


def sound(piece: DecodedPiece) -> None:
    assert {row.status for row in piece.ledger} == {"decoded"}
    assert piece.dead_letters == ()
    for channel in piece.channels:
        assert channel.covered.tolist() == [[0, len(channel.samples)]]


def test_what_connect_writes_is_sound() -> None:
    piece = decoded("f00-base")
    sound(piece)
    assert warnings(piece) == [[], []]
    assert [channel.track_name for channel in piece.channels] == NAMES
    for track, channel in enumerate(piece.channels, 1):
        assert channel.samples.tobytes() == payload("f00-base", track)
        assert (channel.sample_rate_hz, channel.declared_rate_hz, channel.track_channel) == (8000, 8000, None)


def test_real_aac_under_connects_headers_is_decoded_as_aac() -> None:
    pytest.importorskip("av")
    piece = decoded("f01a-chime-meeting-aac", DecodeConfig(parse_role_map(["Track_1:0=AGENT", "Track_1:1=CUSTOMER"])))
    sound(piece)
    assert warnings(piece) == [["encoding_from_samples"]] * 2
    assert [(c.track_channel, c.participant_role, c.role_source) for c in piece.channels] == [
        (0, "AGENT", "role_map"), (1, "CUSTOMER", "role_map"),
    ]  # fmt: skip
    assert len({channel.channel_id for channel in piece.channels}) == 2
    base = decoded("f00-base").channels
    for channel in piece.channels:
        assert channel.sample_rate_hz == 48_000
        assert len(channel.samples) / 48_000 == pytest.approx(10.03, abs=0.03)
        power = np.square(channel.samples.astype(np.float64))
        spectrum = np.abs(np.fft.rfft(channel.samples))
        assert spectrum[: len(spectrum) // 6].sum() > 0.9 * spectrum.sum()  # speech below 4 kHz, no noise
        assert 0.2 < np.sqrt(power.mean()) / np.sqrt(np.square(base[0].samples.astype(np.float64)).mean()) < 2


def test_without_the_extra_real_aac_is_unsupported_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(format_detection, "codecs_installed", lambda: False)
    piece = decoded("f01a-chime-meeting-aac")
    assert {row.status for row in piece.ledger} == {"unsupported_codec"}
    assert piece.channels == ()
    assert all("pip install 'callbeam[codecs]'" in letter.detail for letter in piece.dead_letters)


def test_alaw_is_decoded() -> None:
    piece = decoded("f02-kvssink-alaw")
    sound(piece)
    assert warnings(piece) == [[]]
    codes = np.frombuffer(payload("f02-kvssink-alaw"), np.uint8)
    np.testing.assert_array_equal(piece.channels[0].samples, g711_levels("alaw")[codes])


def test_laced_blocks_are_decoded() -> None:
    piece = decoded("f09-laced")
    sound(piece)
    assert warnings(piece) == [[]]
    (channel,), base = piece.channels, decoded("f00-base").channels[0]
    assert channel.samples.tobytes() == payload("f09-laced")
    assert np.mean(channel.samples == base.samples) > 0.999


def test_blocks_of_odd_sizes_are_one_stream_of_bytes() -> None:
    piece = decoded("f25-oddchunks")
    sound(piece)
    assert warnings(piece) == [[]]
    samples = piece.channels[0].samples
    np.testing.assert_array_equal(samples, decoded("f00-base").channels[0].samples[: len(samples)])
    assert samples.tobytes() == payload("f25-oddchunks")


def test_network_byte_order_is_told_from_the_bytes() -> None:
    piece, base = decoded("f26-bigendian"), decoded("f00-base")
    sound(piece)
    assert warnings(piece) == [["encoding_from_samples"]] * 2
    for channel, right in zip(piece.channels, base.channels, strict=True):
        np.testing.assert_array_equal(channel.samples, right.samples)


def test_16_khz_under_tags_that_say_8_khz_is_16_khz() -> None:
    piece = decoded("f28-16k-as-8k")
    sound(piece)
    assert warnings(piece) == [["rate_from_timecodes"]] * 2
    for track, channel in enumerate(piece.channels, 1):
        assert (channel.sample_rate_hz, channel.declared_rate_hz) == (16_000, 8000)
        assert channel.samples.tobytes() == payload("f28-16k-as-8k", track)


SOUND = [*sorted((SHARED / "connect-shapes").glob("*.mkv")), *sorted((SHARED / "reports").glob("d*.mkv"))]


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_nothing_is_found_in_what_connect_writes(path: Path) -> None:
    verdicts = survey(fragment.document for fragment in capture(path))
    assert verdicts
    for found in verdicts.values():
        assert (found.form.encoding, found.form.sample_rate_hz, found.warnings) == ("s16le", 8000, ())
