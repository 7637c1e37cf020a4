"""Decoding one piece: codecs, roles, positions, and the account of each fragment."""

from __future__ import annotations

import hashlib
import struct
import zlib

import numpy as np
import pytest
from builders.fragments import ENCRYPTION, ZLIB, content_encodings, in_each_track
from builders.jobs import make_leg, make_stream

from callbeam.audio import channel_extent
from callbeam.audio.channel_summary import core_samples, gaps, pcm_sha256
from callbeam.calls import Piece, participant_role
from callbeam.decoding import DecodedPiece, decode_piece
from callbeam.decoding.track import channel_id, read_run
from callbeam.kvs import HOUR_MS, FetchedFragment, FragmentStatus, ListedFragment, Unit
from callbeam.mkv import CONNECT, LIBAV, Block, BlockSpec, Dialect, Track, TrackSpec, read_documents, write_fragment
from callbeam.payload import AudioFormat, declared_format, is_audio
from callbeam.timeline import Run, start_clock

T0 = 1_700_000_000_000
UNIT = Unit(T0, T0 + HOUR_MS, 1, 1)
FROM = TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC", b"\x11\x90")
TO = TrackSpec(2, "AUDIO_TO_CUSTOMER", "A_AAC", b"\x11\x90")
L16 = (("ContactId", "c-1"), ("MimeType", "audio/L16;rate=8000;channels=1;"))
RANDOM = np.random.default_rng(3)


def pcm(samples: int) -> np.ndarray:
    return RANDOM.integers(-32768, 32768, samples).astype("<i2")


def fetched(
    number: int,
    at_ms: int,
    *blocks: tuple[int, int, bytes | np.ndarray],
    tracks: tuple[TrackSpec, ...] = (FROM, TO),
    tags: tuple[tuple[str, str], ...] = L16,
    dialect: Dialect = CONNECT,
    in_tracks: bytes = b"",
) -> FetchedFragment:
    """Make a fragment at ``at_ms`` of the leg through the writer and the reader."""
    specs = [BlockSpec(track, offset, bytes(payload)) for track, offset, payload in blocks]
    data = write_fragment(dialect=dialect, tracks=tracks, blocks=specs, timecode_ms=T0 + at_ms, tags_after=tags)
    (document,) = read_documents(in_each_track(data, in_tracks) if in_tracks else data)
    return FetchedFragment(ListedFragment(number, T0 + at_ms + 400, T0 + at_ms, len(data)), document)


def decode(*fragments: FetchedFragment, source: str = "connect", owned: tuple[int, int] | None = None) -> DecodedPiece:
    first_owned, end_owned = owned or (0, len(fragments))
    leg = make_leg(T0 + 400, source=source, first_number=fragments[0].listed.number)
    clock = start_clock(fragments[0])
    return decode_piece(Piece(leg, clock, UNIT, 0, True, fragments, first_owned, end_owned))


def statuses(piece: DecodedPiece) -> list[str]:
    return [row.status for row in piece.ledger]


class TestChannels:
    def test_two_tracks_are_split_by_name_sample_for_sample(self) -> None:
        a, b = pcm(512), pcm(512)
        swapped = (TrackSpec(1, TO.name, "A_AAC", b"\x11\x90"), TrackSpec(2, FROM.name, "A_AAC", b"\x11\x90"))
        piece = decode(
            fetched(1, 0, (1, 0, a[:256]), (2, 0, b[:256])),
            fetched(2, 32, (1, 0, b[256:]), (2, 0, a[256:]), tracks=swapped),
        )
        customer, agent = piece.channels
        assert (customer.participant_role, agent.participant_role) == ("CUSTOMER", "AGENT")
        assert customer.track_name == "AUDIO_FROM_CUSTOMER"
        np.testing.assert_array_equal(customer.samples, a)
        np.testing.assert_array_equal(agent.samples, b)
        assert customer.samples.dtype == np.int16
        assert (customer.sample_rate_hz, customer.codec, customer.clock_start_ms) == (8000, "A_AAC", T0)
        assert (customer.core_start, customer.core_end, customer.first_sample) == (0, 512, 0)
        assert statuses(piece) == ["decoded", "decoded"]
        assert piece.dead_letters == ()

    def test_a_padded_name_is_the_same_track(self) -> None:
        samples = pcm(2000)
        names = ("AUDIO_FROM_CUSTOMER ", "AUDIO_FROM_CUSTOMER\0\0", "\tAUDIO_FROM_CUSTOMER\r\n", "AUDIO_FROM_CUSTOMER")
        piece = decode(
            *(
                fetched(
                    10 + i,
                    i * 62,
                    (1, 0, samples[i * 500 : (i + 1) * 500]),
                    tracks=(TrackSpec(1, name, "A_AAC", b"\x12\x10"),),
                    tags=(("ContactId", "c-1"),),  # the name alone tells that this is Connect's PCM
                )
                for i, name in enumerate(names)
            )
        )
        (channel,) = piece.channels
        assert (channel.track_name, channel.participant_role) == ("AUDIO_FROM_CUSTOMER", "CUSTOMER")
        np.testing.assert_array_equal(channel.samples, samples)

    def test_gaps_hold_zeros_and_are_listed(self) -> None:
        a, b = pcm(800), pcm(800)
        (channel,) = decode(fetched(1, 0, (1, 0, a)), fetched(2, 1_000, (1, 0, b))).channels
        np.testing.assert_array_equal(channel.covered, [[0, 800], [8000, 8800]])
        np.testing.assert_array_equal(gaps(channel), [[800, 8000]])
        np.testing.assert_array_equal(channel.samples[800:8000], 0)
        np.testing.assert_array_equal(core_samples(channel), np.concatenate((a, b)))
        assert pcm_sha256(channel) == hashlib.sha256(a.tobytes() + b.tobytes()).hexdigest()
        extent = channel_extent(channel)
        assert (extent.samples, extent.gap_count, extent.gap_ms, extent.begin, extent.end) == (1600, 1, 900, 0, 8800)

    def test_libav_declares_the_rate_in_its_audio_master(self) -> None:
        track = TrackSpec(1, None, "A_PCM/INT/LIT", sample_rate_hz=44_100.0, channels=1, bit_depth=16)
        a = pcm(4_410)
        (channel,) = decode(
            fetched(1, 0, (1, 0, a[:2205]), tracks=(track,), tags=(), dialect=LIBAV),
            fetched(2, 50, (1, 0, a[2205:]), tracks=(track,), tags=(), dialect=LIBAV),
            source="untagged",
        ).channels
        np.testing.assert_array_equal(channel.samples, a)
        assert (channel.sample_rate_hz, channel.participant_role, channel.role_source) == (44_100, None, "unknown")

    def test_big_endian_pcm_is_swapped(self) -> None:
        track = TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_PCM/INT/BIG", sample_rate_hz=8_000.0, channels=1)
        a = pcm(100)
        (channel,) = decode(fetched(1, 0, (1, 0, a.astype(">i2")), tracks=(track,), tags=())).channels
        np.testing.assert_array_equal(channel.samples, a)

    def test_a_fragment_without_the_rate_has_the_legs(self) -> None:
        wide = (("MimeType", "audio/L16;rate=16000;channels=1"),)
        a = pcm(1_600)
        (channel,) = decode(
            fetched(1, 0, (1, 0, a[:800]), tracks=(FROM,), tags=wide),
            fetched(2, 50, (1, 0, a[800:]), tracks=(FROM,), tags=()),
        ).channels
        assert channel.sample_rate_hz == 16_000
        np.testing.assert_array_equal(channel.samples, a)

    def test_channel_ids_tell_legs_and_tracks_apart(self) -> None:
        legs = [make_leg(T0, first_number=number) for number in (1, 2)]
        names = {channel_id(leg, name) for leg in legs for name in ("", "AUDIO_FROM_CUSTOMER")}
        assert len(names) == 4
        assert all(len(name) == 12 and int(name, 16) >= 0 for name in names)


class TestAccount:
    def test_a_replayed_fragment_is_a_duplicate(self) -> None:
        a = pcm(800)
        piece = decode(fetched(1, 0, (1, 0, a)), fetched(2, 0, (1, 0, a)))
        assert statuses(piece) == ["decoded", "duplicate"]
        assert piece.dead_letters == ()
        assert channel_extent(piece.channels[0]).samples == 800

    def test_no_audio(self) -> None:
        video = (TrackSpec(1, "kinesis_video", "V_MPEG4/ISO/AVC", track_type=1),)
        piece = decode(
            fetched(1, 0, (1, 0, b"\0\0\0\1"), tracks=video, tags=()),
            fetched(2, 100),
            fetched(3, 200, (1, 0, b"")),
        )
        assert statuses(piece) == ["no_audio"] * 3
        assert piece.channels == piece.dead_letters == ()

    def test_a_fragment_of_another_codec_is_unsupported_and_its_neighbours_go_on(self) -> None:
        aac = (TrackSpec(1, "AUDIO_FROM_CUSTOMER", "A_AAC", b"\x11\x90", sample_rate_hz=48_000.0, channels=2),)
        a = pcm(800)
        piece = decode(fetched(1, 0, (1, 0, a)), fetched(2, 100, (1, 0, a), tracks=aac, tags=()))
        assert statuses(piece) == ["decoded", "unsupported_codec"]
        (letter,) = piece.dead_letters
        assert (letter.reason, letter.number, letter.stream, letter.call_id) == (
            "unsupported_codec",
            2,
            make_stream(),
            "c-1",
        )
        assert "the format changes from s16le of 1 channels to aac of 2" in letter.detail
        assert letter.sample.startswith(b"\x1a\x45\xdf\xa3")
        assert len(letter.sample) == 64
        assert piece.ledger[1].reason == letter.detail

    def test_one_usable_track_is_decoded_with_a_dead_letter_for_the_other(self) -> None:
        vorbis = TrackSpec(2, "AUDIO_TO_CUSTOMER", "A_VORBIS")
        piece = decode(fetched(1, 0, (1, 0, pcm(80)), (2, 0, b"vorbis"), tracks=(FROM, vorbis)))
        assert statuses(piece) == ["decoded"]
        assert [letter.reason for letter in piece.dead_letters] == ["unsupported_codec"]
        assert "track 'AUDIO_TO_CUSTOMER': codec A_VORBIS" in piece.dead_letters[0].detail

    def test_frames_that_are_compressed_or_encrypted_are_no_samples(self) -> None:
        a = pcm(800)
        piece = decode(
            fetched(1, 0, (1, 0, a)),
            fetched(2, 100, (1, 0, zlib.compress(a.tobytes())), in_tracks=content_encodings(ZLIB)),
            fetched(3, 200, (1, 0, a), in_tracks=content_encodings(ENCRYPTION)),
            fetched(4, 300, (1, 0, a)),
        )
        assert statuses(piece) == ["decoded", "unsupported_codec", "unsupported_codec", "decoded"]
        assert [letter.detail.partition(",")[0] for letter in piece.dead_letters] == [
            "track 'AUDIO_FROM_CUSTOMER': ContentEncodings (zlib)",
            "track 'AUDIO_FROM_CUSTOMER': ContentEncodings (encryption)",
        ]
        assert gaps(piece.channels[0]).tolist() == [[800, 2400]]

    def test_an_odd_byte_goes_to_the_block_that_follows_in_whatever_fragment(self) -> None:
        a = pcm(240)
        stream = a.tobytes()
        piece = decode(
            fetched(1, 0, (1, 0, stream[:161]), (1, 10, stream[161:322]), (1, 20, stream[322:323])),
            fetched(2, 20, (1, 0, stream[323:])),
        )
        np.testing.assert_array_equal(piece.channels[0].samples, a)
        assert statuses(piece) == ["decoded", "decoded"]
        assert piece.dead_letters == ()

    def test_an_odd_byte_before_a_gap_is_left_out_and_reported(self) -> None:
        a = pcm(80)
        piece = decode(fetched(1, 0, (1, 0, a.tobytes() + b"x"), (1, 100, a)))
        np.testing.assert_array_equal(core_samples(piece.channels[0]), np.concatenate((a, a)))
        assert statuses(piece) == ["decoded"]
        assert [letter.reason for letter in piece.dead_letters] == ["damaged"]

    def test_a_fragment_without_time_is_reported(self) -> None:
        lost = fetched(2, 0, (1, 0, pcm(80)))
        lost = FetchedFragment(ListedFragment(2, None, None, 10), lost.document)
        piece = decode(fetched(1, 1_000, (1, 0, pcm(80))), lost)
        assert statuses(piece) == ["decoded", "no_timestamp"]
        assert [letter.reason for letter in piece.dead_letters] == ["no_timestamp"]

    def test_a_fragment_without_media_keeps_its_status(self) -> None:
        gone = FetchedFragment(ListedFragment(2, T0 + 900), None, FragmentStatus.NOT_FOUND, "3000", b"x")
        piece = decode(fetched(1, 0, (1, 0, pcm(80))), gone)
        assert statuses(piece) == ["decoded", "not_found"]
        assert (piece.dead_letters[0].detail, piece.dead_letters[0].sample) == ("3000", b"x")

    def test_only_owned_fragments_are_accounted_for(self) -> None:
        made = [fetched(number, 100 * number, (1, 0, pcm(800))) for number in range(4)]
        piece = decode(*made, owned=(1, 3))
        assert [row.number for row in piece.ledger] == [1, 2]
        assert channel_extent(piece.channels[0]).samples == 3200

    def test_a_row_says_when_and_where(self) -> None:
        (row,) = decode(fetched(7, 0, (1, 0, pcm(80)))).ledger
        assert (row.server_ms, row.producer_ms, row.unit_start_ms, row.call_id) == (T0 + 400, T0, T0, "c-1")
        assert row.bytes > 160


CONNECT_TRACK = Track(1, "AUDIO_FROM_CUSTOMER", "A_AAC", b"\x11\x90", 2)
LIT = Track(1, None, "A_PCM/INT/LIT", b"", 2)


def wave(tag: int, channels: int, rate: int, bits: int) -> bytes:
    """Write a WAVEFORMATEX, as ``A_MS/ACM`` has it in its CodecPrivate."""
    frame = channels * bits // 8
    return struct.pack("<HHIIHHH", tag, channels, rate, rate * frame, frame, bits, 0)[: 16 if tag == 0xFFFE else 18]


def opus_head(channels: int, family: int, streams: int) -> bytes:
    """Write an OpusHead, as ``A_OPUS`` has it in its CodecPrivate (RFC 7845, 5.1)."""
    return struct.pack("<8sBBHIhBBB", b"OpusHead", 1, channels, 312, 48_000, 0, family, streams, 1) + bytes(channels)


class TestFormats:
    @pytest.mark.parametrize(
        ("track", "tags", "expected"),
        [
            (CONNECT_TRACK, [("MimeType", "audio/L16;rate=8000;channels=1;")], AudioFormat(8000)),
            (CONNECT_TRACK, [("MimeType", "audio/L16; rate=16000")], AudioFormat(16_000)),
            (CONNECT_TRACK, [("MediaType", "audio/L16")], AudioFormat(None)),
            (CONNECT_TRACK, [("mediatype", "AUDIO/l16")], AudioFormat(None)),
            (CONNECT_TRACK, [("MimeType  ", "audio/L16;rate=16000")], AudioFormat(16_000)),
            (CONNECT_TRACK, [], AudioFormat(None)),
            (Track(1, "", "A_AAC", b"\x11\x90", 2), [], AudioFormat(None)),
            (Track(1, "x", "A_AAC/MPEG4/MAIN", b"", 2), [("MimeType", "audio/L16;rate=8000")], AudioFormat(8000)),
            (LIT, [], AudioFormat(None)),
            (Track(1, None, "A_PCM/INT/LIT", b"", 2, 48_000.0, 1, 16), [], AudioFormat(48_000)),
            (Track(1, None, "A_PCM/INT/BIG", b"", 2, 8_000.0), [], AudioFormat(8000, encoding="s16be")),
            (Track(1, "a", "A_AAC", b"", 2, 16_000.0), [("MimeType", "audio/L16;rate=8000")], AudioFormat(16_000)),
            (CONNECT_TRACK, [("MimeType", "audio/L16;rate=8000;channels=2")], AudioFormat(8000, "s16le", 2)),
            (CONNECT_TRACK, [("MimeType", "audio/PCMU;rate=8000")], AudioFormat(8000, "ulaw")),
            (CONNECT_TRACK, [("MimeType", "audio/basic")], AudioFormat(None, "ulaw")),
            (CONNECT_TRACK, [("MediaType", "audio/PCMA")], AudioFormat(None, "alaw")),
            (CONNECT_TRACK, [("MimeType", "audio/aac")], AudioFormat(48_000, "aac", 2, b"\x11\x90")),
            (Track(1, "x", "A_AAC", b"\x14\x08", 2), [], AudioFormat(16_000, "aac", 1, b"\x14\x08")),
            (Track(1, "x", "A_AAC", b"", 2, 32_000.0, 2), [], AudioFormat(32_000, "aac", 2)),
            (Track(1, "x", "A_OPUS", b"", 2, 16_000.0, 1), [], AudioFormat(48_000, "opus")),
            (Track(1, "x", "A_OPUS", opus_head(2, 1, 1), 2), [], AudioFormat(48_000, "opus", 2, opus_head(2, 1, 1))),
            (Track(1, "x", "A_MS/ACM", wave(6, 1, 8000, 8), 2, 16_000.0), [], AudioFormat(8000, "alaw")),
            (Track(1, "x", "A_MS/ACM", wave(7, 2, 8000, 8)), [], AudioFormat(8000, "ulaw", 2)),
            (Track(1, "x", "A_MS/ACM", wave(1, 1, 16_000, 24)), [], AudioFormat(16_000, "s24le")),
            (Track(1, "x", "A_MS/ACM", wave(1, 1, 8000, 8)), [], AudioFormat(8000, "u8")),
            (Track(1, "x", "A_MS/ACM", wave(3, 1, 48_000, 32)), [], AudioFormat(48_000, "f32le")),
            (
                Track(1, "x", "A_MS/ACM", wave(0xFFFE, 2, 8000, 16) + b"\x16\0" + b"\0" * 6 + b"\1\0"),
                [],
                AudioFormat(8000, "s16le", 2),
            ),
            (Track(1, "x", "A_PCM/INT/LIT", wave(7, 1, 8000, 8)), [], AudioFormat(8000, "ulaw")),
            (Track(1, "x", "A_PCM/INT/LIT", b"", 2, 8000.0), [("MimeType", "audio/PCMA")], AudioFormat(8000, "alaw")),
            (Track(1, "x", "A_PCM/INT/BIG", b"", 2, 8000.0, 2, 24), [], AudioFormat(8000, "s24be", 2)),
            (Track(1, "x", "A_PCM/INT/LIT", b"", 2, 8000.0, 1, 32), [], AudioFormat(8000, "s32le")),
            (Track(1, "x", "A_PCM/FLOAT/IEEE", b"", 2, 8000.0), [], AudioFormat(8000, "f32le")),
            (Track(1, "x", "A_PCM/FLOAT/IEEE", b"", 2, 8000.0, 1, 64), [], AudioFormat(8000, "f64le")),
            (Track(1, "x", "A_PCM/INT/LIT", b"", 2, 11_025.0), [], AudioFormat(11_025)),
        ],
    )
    def test_pcm_is_recognised(self, track: Track, tags: list[tuple[str, str]], expected: AudioFormat) -> None:
        assert declared_format(track, tags) == expected

    @pytest.mark.parametrize(
        ("track", "tags", "reason"),
        [
            (CONNECT_TRACK, [("MimeType", "audio/L16;channels=9")], "9 channels in one track"),
            (CONNECT_TRACK, [("MimeType", "audio/L16;channels=0")], "0 channels in one track"),
            (CONNECT_TRACK, [("MimeType", "audio/L16;rate=fast")], "sample rate fast Hz"),
            (CONNECT_TRACK, [("MimeType", "audio/L16;rate=" + "9" * 5000)], "whole numbers from 4000"),
            (CONNECT_TRACK, [("MimeType", "audio/amr")], "codec A_AAC as audio/amr"),
            (Track(1, "x", None, b"", 2), [], "no tag says audio/L16"),
            (Track(1, "x", "A_VORBIS", b"", 2), [], "codec A_VORBIS is none that is decoded"),
            (Track(1, "x", "A_MS/ACM", b"", 2), [], "without a WAVEFORMATEX"),
            (Track(1, "x", "A_MS/ACM", wave(2, 1, 8000, 4)), [], "WAVE format 2 of 4 bits"),
            (Track(1, None, "A_PCM/INT/LIT", b"", 2, 8_000.0, 1, 20), [], "20-bit PCM"),
            (Track(1, None, "A_PCM/INT/LIT", b"", 2, float("nan")), [], "sample rate nan Hz"),
            (Track(1, None, "A_PCM/INT/LIT", b"", 2, 11_025.5), [], "sample rate 11025.5 Hz"),
            (Track(1, None, "A_PCM/FLOAT/IEEE", b"", 2, 8_000.0, 1, 16), [], "16-bit PCM"),
            (Track(1, "x", "A_AAC", b"\x11\xb0", 2, 48_000.0, 6), [], "AAC of 6 channels"),
            (Track(1, "x", "A_OPUS", opus_head(4, 1, 2), 2, 48_000.0, 4), [], "Opus of 4 channels"),
            (Track(1, "x", "A_OPUS", opus_head(4, 1, 2), 2), [], "Opus of 4 channels"),
            (Track(1, "x", "A_OPUS", opus_head(2, 255, 2), 2), [], "one stream of 1 or 2"),
        ],
    )
    def test_the_rest_has_a_reason(self, track: Track, tags: list[tuple[str, str]], reason: str) -> None:
        answer = declared_format(track, tags)
        assert isinstance(answer, str)
        assert reason in answer

    def test_audio_is_told_by_type_else_by_codec(self) -> None:
        assert is_audio(CONNECT_TRACK)
        assert is_audio(Track(1, None, "A_AAC"))
        assert not is_audio(Track(1, None, "V_VP8"))
        assert not is_audio(Track(1, None, "A_AAC", track_type=1))
        assert not is_audio(Track(1))


@pytest.mark.parametrize(
    ("name", "source", "role", "role_source"),
    [
        ("AUDIO_FROM_CUSTOMER", "connect", "CUSTOMER", "track_name"),
        ("AUDIO_TO_CUSTOMER", "connect", "AGENT", "track_name"),
        ("AUDIO_FROM_CUSTOMER", "untagged", "CUSTOMER", "track_name"),
        ("Track_audio/L16", "connect", "CUSTOMER", "default"),
        ("", "connect", "CUSTOMER", "default"),
        ("Track_audio/L16", "chime", None, "unknown"),
        ("", "chime", None, "unknown"),
        ("", "untagged", None, "unknown"),
        ("something", "connect", None, "unknown"),
    ],
)
def test_roles(name: str, source: str, role: str | None, role_source: str) -> None:
    assert participant_role(name, source) == (role, role_source)


def test_read_run_joins_blocks_at_any_offset() -> None:
    a, form = pcm(10), AudioFormat(8000)
    data = b"x" + a[:4].tobytes() + b"yyy" + a[4:].tobytes()
    np.testing.assert_array_equal(
        read_run(memoryview(data), Run(5, 15, [Block(1, 0, 1, 9), Block(1, 0, 12, 24)]), form), a
    )
    np.testing.assert_array_equal(read_run(data, Run(0, 4, [Block(1, 0, 1, 9)]), form), a[:4])
