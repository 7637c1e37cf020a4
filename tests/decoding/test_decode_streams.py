"""Payloads that are no 16-bit mono PCM in whole samples: streams of bytes, several channels, packets, odd rates."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from builders.jobs import make_leg
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.audio.channel_summary import core_samples
from callbeam.calls import LegRole, Piece, leg_role, leg_roles, parse_role_map, participant_role
from callbeam.calls.piece_cutter import PieceCutter
from callbeam.decoding import DecodeConfig, DecodedPiece, decode_piece
from callbeam.decoding.resampling import resample
from callbeam.decoding.track import read_run
from callbeam.errors import UsageError
from callbeam.kvs import HOUR_MS, FetchedFragment, ListedFragment, Unit
from callbeam.mkv import Block, Document, Track
from callbeam.payload import read_samples, survey
from callbeam.records import Contact, StreamingSession
from callbeam.timeline import PIECE_MS, Placer, start_clock

T0 = 1_700_000_000_000
LEG = make_leg(T0, source="untagged")
UNIT = Unit(T0, T0 + HOUR_MS, 1, 1)


def track(encoding: str, rate: int, channels: int = 1) -> Track:
    codec = {"f32le": "A_PCM/FLOAT/IEEE"}.get(encoding, "A_PCM/INT/BIG" if encoding.endswith("be") else "A_PCM/INT/LIT")
    bits = {"u8": 8}.get(encoding, int(encoding[1:3]) if encoding[1:3].isdigit() else None)
    return Track(1, "line", codec, b"", 2, float(rate), channels, bits)


def fragment(number: int, of: Track, blocks: list[tuple[float, bytes]]) -> FetchedFragment:
    """Make a fragment of blocks at milliseconds of the leg."""
    first = T0 + round(blocks[0][0])
    data, placed = b"", []
    for at_ms, payload in blocks:
        placed.append(Block(1, T0 + round(at_ms), len(data), len(data) + len(payload)))
        data += payload
    document = Document(0, 0, memoryview(data), tracks=(of,), clusters=(first,), blocks=placed)
    return FetchedFragment(ListedFragment(number, first + 300, first), document)


def stream_of(
    payload: bytes, of: Track, bytes_per_s: float, cuts: list[int], per_fragment: int
) -> list[FetchedFragment]:
    """Cut a payload at any bytes; a block's timecode is that of its first byte."""
    borders = [0, *cuts, len(payload)]
    blocks = [(a / bytes_per_s * 1000, payload[a:b]) for a, b in pairwise(borders)]
    groups = [blocks[at : at + per_fragment] for at in range(0, len(blocks), per_fragment)]
    return [fragment(number, of, group) for number, group in enumerate(groups)]


def decode(fragments: list[FetchedFragment], config: DecodeConfig | None = None) -> DecodedPiece:
    verdicts = tuple(survey(each.document for each in fragments).values())
    clock = start_clock(fragments[0])
    return decode_piece(
        Piece(LEG, clock, UNIT, 0, True, tuple(fragments), 0, len(fragments), verdicts=verdicts), config
    )


FORMS = st.sampled_from([("s16le", 1), ("s16be", 1), ("s16le", 2), ("s24be", 1), ("f32le", 2), ("u8", 1), ("s32le", 3)])


@settings(deadline=None, max_examples=100)
@given(FORMS, st.lists(st.integers(1, 3_999), max_size=30, unique=True), st.integers(1, 8), st.data())
def test_a_stream_of_bytes_is_whole_however_it_is_cut(form, cuts, per_fragment, data) -> None:
    encoding, channels = form
    of = track(encoding, 8000, channels)
    payload = np.random.default_rng(len(cuts)).bytes(4_000)
    width = {"s16": 2, "s24": 3, "f32": 4, "s32": 4}.get(encoding[:3], 1) * channels
    fragments = stream_of(payload, of, 8000 * width, sorted(cuts), per_fragment)
    split = data.draw(st.integers(0, len(fragments)))
    placer, parts = Placer(start_clock(fragments[0])), []
    for number, each in enumerate(fragments):
        if number == split:
            placer = Placer(placer.clock, placer.anchors())
        for placed in placer.place(each).tracks:
            assert placed.odd == 0
            parts += [read_run(each.document.data, run, placed.form) for run in placed.runs]
    found = np.concatenate([part.reshape(-1) for part in parts])
    np.testing.assert_array_equal(found, read_samples(payload[: 4_000 // width * width], encoding))


def test_a_replay_of_odd_blocks_changes_nothing() -> None:
    of = track("s16le", 8000)
    payload = np.random.default_rng(1).bytes(6_006)
    cuts = list(range(1_001, 6_006, 1_001))
    fragments = stream_of(payload, of, 16_000, cuts, 1)
    again = [*fragments[:3], *fragments[:2], *fragments[3:]]
    (channel,) = decode(again).channels
    np.testing.assert_array_equal(channel.samples, np.frombuffer(payload, "<i2"))


@pytest.mark.parametrize("damage", ["a byte too many", "a byte lost"])
@pytest.mark.parametrize("across", [False, True])
def test_one_damaged_block_does_not_shift_what_follows(damage: str, across: bool) -> None:
    tone = (8_000 * np.sin(2 * np.pi * 300 * np.arange(16_000) / 8000)).astype("<i2")
    blocks = [(64 * k, tone[512 * k : 512 * k + 512].tobytes()) for k in range(30)]
    hurt = blocks[4][1] + b"x" if damage == "a byte too many" else blocks[4][1][:-1]
    blocks[4] = (blocks[4][0], hurt)
    per = 5 if across else 10
    of = track("s16le", 8000)
    piece = decode([fragment(k, of, blocks[k * per : k * per + per]) for k in range(30 // per)])
    (channel,) = piece.channels
    short = 0 if damage == "a byte too many" else 1
    expected = np.concatenate((tone[: 5 * 512 - short], tone[5 * 512 : 30 * 512]))
    np.testing.assert_array_equal(core_samples(channel), expected)
    assert [letter.reason for letter in piece.dead_letters] == ["damaged"]


def test_a_stream_that_was_cut_once_within_a_sample_stays_a_stream() -> None:
    tone = (8_000 * np.sin(2 * np.pi * 300 * np.arange(16_000) / 8000)).astype("<i2")
    cuts = [1_024, 2_047, *range(3_071, 32_000, 1_024)]
    piece = decode(stream_of(tone.tobytes(), track("s16le", 8000), 16_000, cuts, 5))
    np.testing.assert_array_equal(piece.channels[0].samples, tone)
    assert piece.dead_letters == ()


def test_fragments_that_contradict_their_leg_are_refused_and_the_rest_goes_on() -> None:
    random, of = np.random.default_rng(5), track("s16le", 8000)

    def second(number: int, size: int) -> FetchedFragment:
        pcm = random.integers(-900, 900, 8 * size).astype("<i2").tobytes()
        step = 1000 / 16
        return fragment(number, of, [(1000 * number + k * step, pcm[k * size : (k + 1) * size]) for k in range(16)])

    piece = decode([second(number, 2_000 if number in {25, 26} else 1_000) for number in range(30)])
    assert [row.status for row in piece.ledger] == ["decoded"] * 25 + ["unsupported_codec"] * 2 + ["decoded"] * 3
    assert "hold 15991 Hz where the leg's hold 8000 Hz" in piece.ledger[25].reason
    (channel,) = piece.channels
    assert channel.covered.tolist() == [[0, 200_000], [216_000, 240_000]]


class TestSeveralChannels:
    PAYLOAD = np.random.default_rng(2).integers(-999, 999, (8000, 2)).astype("<i2")

    def leg(self) -> list[FetchedFragment]:
        cuts = list(range(1_280, 32_000, 1_280))
        return stream_of(self.PAYLOAD.tobytes(), track("s16le", 8000, 2), 32_000, cuts, 10)

    def test_each_is_a_channel_of_its_own(self) -> None:
        channels = decode(self.leg()).channels
        assert [(c.track_name, c.track_channel, c.participant_role, c.role_source) for c in channels] == [
            ("line", 0, None, "unknown"), ("line", 1, None, "unknown"),
        ]  # fmt: skip
        assert len({c.channel_id for c in channels}) == 2
        for index, channel in enumerate(channels):
            np.testing.assert_array_equal(channel.samples, self.PAYLOAD[:, index])
            assert channel.samples.flags.c_contiguous

    def test_roles_are_given_by_channel(self) -> None:
        config = DecodeConfig(parse_role_map(["line:1=agent", "line:0 = CUSTOMER"]))
        channels = decode(self.leg(), config).channels
        assert [(c.participant_role, c.role_source) for c in channels] == [
            ("CUSTOMER", "role_map"),
            ("AGENT", "role_map"),
        ]


class TestRoleMap:
    def test_it_wins_over_what_a_name_means(self) -> None:
        roles = dict(parse_role_map(["AUDIO_FROM_CUSTOMER=AGENT", "=CUSTOMER", "a=b:0=AGENT"]))
        assert participant_role("AUDIO_FROM_CUSTOMER", "connect", roles) == ("AGENT", "role_map")
        assert participant_role("AUDIO_TO_CUSTOMER", "connect", roles) == ("AGENT", "track_name")
        assert participant_role("", "chime", roles) == ("CUSTOMER", "role_map")
        assert participant_role("a=b", "chime", roles, 0) == ("AGENT", "role_map")
        assert participant_role("a=b", "chime", roles, 1) == (None, "unknown")

    def test_a_name_alone_is_all_its_channels_but_those_named(self) -> None:
        roles = dict(parse_role_map(["x=CUSTOMER", "x:1=AGENT"]))
        assert [participant_role("x", "chime", roles, n)[0] for n in (0, 1)] == ["CUSTOMER", "AGENT"]

    @pytest.mark.parametrize("entry", ["Track_1", "Track_1=", "Track_1=caller", "CUSTOMER", ""])
    def test_a_bad_entry_is_one_clear_line(self, entry: str) -> None:
        with pytest.raises(UsageError, match="is not NAME=CUSTOMER or NAME=AGENT") as error:
            parse_role_map([entry])
        assert "\n" not in str(error.value)

    def test_two_roles_for_one_name_are_refused(self) -> None:
        with pytest.raises(UsageError, match="gives 'x' two roles"):
            parse_role_map(["x=AGENT", "x=CUSTOMER"])


class TestLegsOfTheRoleMap:
    def test_a_stream_goes_before_a_label_before_the_caller(self) -> None:
        roles = dict(
            parse_role_map(["@stream:vc-*=AGENT", "@stream:vc-1=CUSTOMER", "@label:2=AGENT", "@caller=CUSTOMER"])
        )
        assert leg_role(roles, "vc-1", is_caller=False, label="2") == "CUSTOMER"
        assert leg_role(roles, "vc-2", is_caller=True) == "AGENT"
        assert leg_role(roles, "x", is_caller=True, label="2") == "AGENT"
        assert leg_role(roles, "x", is_caller=True, label="1") == "CUSTOMER"
        assert leg_role(roles, "x", is_caller=False) is None

    def test_it_wins_over_what_records_tell(self) -> None:
        arn = "arn:aws:kinesisvideo:us-east-1:111122223333:stream/vc-1/1"
        session = StreamingSession(
            stream_arn=arn, role="AGENT", role_source="is_caller", is_caller=True, media_label="1"
        )
        contact = Contact(call_id="t-1", system="chime", sessions=(session,))
        assert leg_roles([contact]) == (LegRole("t-1", arn, "AGENT", "is_caller"),)
        assert leg_roles([contact], {"@label:1": "CUSTOMER"}) == (LegRole("t-1", arn, "CUSTOMER", "role_map"),)

    @pytest.mark.parametrize(
        "entry", ["@agent=AGENT", "@label:=AGENT", "@stream:=AGENT", "@stream:a*b=AGENT", "@=AGENT"]
    )
    def test_a_leg_of_no_such_kind_is_one_clear_line(self, entry: str) -> None:
        with pytest.raises(UsageError, match="a leg is @caller, @callee") as error:
            parse_role_map([entry])
        assert "\n" not in str(error.value)


class TestResampling:
    @pytest.mark.parametrize(("rate", "target"), [(11_025, 11_000), (22_050, 22_000), (6_000, 8_000)])
    def test_a_tone_keeps_its_place_and_level(self, rate: int, target: int) -> None:
        tone = (10_000 * np.sin(2 * np.pi * 440 * np.arange(3 * rate) / rate)).astype("<i2")
        cuts = list(range(rate // 5, 6 * rate, rate // 5))
        (channel,) = decode(stream_of(tone.tobytes(), track("s16le", rate), 2 * rate, cuts, 10)).channels
        assert (channel.sample_rate_hz, channel.declared_rate_hz) == (target, rate)
        assert [notice.warning for notice in channel.notices] == ["resampled"]
        assert channel.covered.tolist() == [[0, 3 * target]]
        expected = 10_000 * np.sin(2 * np.pi * 440 * np.arange(3 * target) / target)
        inner = slice(target // 10, -target // 10)
        np.testing.assert_allclose(channel.samples[inner], expected[inner], atol=3)

    def test_gaps_stay_gaps(self) -> None:
        samples = np.ones(11_025 * 3, np.int16) * 1000
        samples[5_000:9_000] = 0
        covered = np.array([[100, 5_100], [9_100, 33_175]])
        first, found, present = resample(samples, covered, 11_025, 11_000)
        assert present.tolist() == [[100, 5_088], [9_079, 33_100]]
        assert (first, len(found)) == (100, 33_000)
        assert not found[5_088 - 100 : 9_079 - 100].any()

    @settings(deadline=None, max_examples=10)
    @given(st.integers(0, 200_000), st.integers(0, 150_000), st.sampled_from([11_025, 22_050]))
    def test_what_a_stretch_gives_does_not_depend_on_where_it_begins(self, begin: int, less: int, rate: int) -> None:
        samples = np.random.default_rng(3).integers(-20_000, 20_000, 45 * 11_025).astype(np.int16)
        end = len(samples) - less
        target = rate // 441 * 440
        first, whole, _ = resample(samples, np.array([[0, len(samples)]]), rate, target)
        at, part, _ = resample(samples[begin:end], np.array([[begin, end]]), rate, target)
        context = 12 * target
        np.testing.assert_array_equal(part[context:-context], whole[at + context : at + len(part) - context])
        assert first == 0

    def test_pieces_give_what_the_whole_leg_gives(self) -> None:
        rate, seconds = 11_025, PIECE_MS // 1000 + 120
        of, random = track("s16le", rate), np.random.default_rng(4)
        fragments = []
        for number in range(0, seconds, 10):
            if number not in {50, 60, PIECE_MS // 1000 - 10}:
                pcm = random.integers(-9_000, 9_000, rate * 10).astype("<i2").tobytes()
                fragments.append(fragment(number, of, [(1000 * number + 1000 * k, pcm[k * 2 * rate : (k + 1) * 2 * rate]) for k in range(10)]))  # fmt: skip # noqa: E501
        (whole,) = decode(fragments).channels
        cutter = PieceCutter(LEG, UNIT, fragments[0])
        pieces = [piece for each in fragments for piece in cutter.add(each)]
        pieces += cutter.finish()
        parts = [decode_piece(piece).channels[0] for piece in pieces]
        assert len(parts) == 2
        np.testing.assert_array_equal(np.concatenate([core_samples(part) for part in parts]), core_samples(whole))


def encoded_packets(codec: str, rate: int, channels: int, sound: np.ndarray) -> tuple[bytes, list[bytes]]:
    """Encode sound (n, channels); return the codec's header and its packets."""
    av = pytest.importorskip("av")
    encoder = av.CodecContext.create(codec, "w")
    encoder.sample_rate, encoder.layout = rate, "stereo" if channels == 2 else "mono"
    encoder.format = "fltp" if codec == "aac" else "flt"
    encoder.open()
    size, packets = encoder.frame_size, []
    for at in range(0, len(sound) - size + 1, size):
        part = np.ascontiguousarray(sound[at : at + size].astype(np.float32))
        planar = np.ascontiguousarray(part.T) if codec == "aac" else part.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(planar, format=encoder.format.name, layout=encoder.layout.name)
        frame.sample_rate, frame.pts = rate, at
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return bytes(encoder.extradata or b""), packets


def packet_leg(of: Track, packets: list[bytes], packet_ms: float, per_fragment: int) -> list[FetchedFragment]:
    groups = [list(enumerate(packets))[at : at + per_fragment] for at in range(0, len(packets), per_fragment)]
    return [fragment(n, of, [(k * packet_ms, packet) for k, packet in group]) for n, group in enumerate(groups)]


class TestPackets:
    def aac(self, rate: int = 16_000, channels: int = 1) -> tuple[Track, list[bytes], np.ndarray]:
        time = np.arange(20 * rate) / rate
        voice = 0.3 * np.sin(2 * np.pi * 300 * time) * (1 + np.sin(2 * np.pi * 1.5 * time)) / 2
        sound = np.stack([voice, 0.2 * np.sin(2 * np.pi * 500 * time)], axis=1)[:, :channels]
        config, packets = encoded_packets("aac", rate, channels, sound)
        return Track(1, "line", "A_AAC", config, 2, float(rate), channels), packets, sound

    @pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (48_000, 2), (8_000, 1)])
    def test_aac_comes_out_as_it_went_in(self, rate: int, channels: int) -> None:
        of, packets, sound = self.aac(rate, channels)
        piece = decode(packet_leg(of, packets, 1024_000 / rate, 15))
        assert {row.status for row in piece.ledger} == {"decoded"}
        assert len(piece.channels) == channels
        for index, channel in enumerate(piece.channels):
            assert channel.notices == ()
            assert len(channel.samples) == 1024 * len(packets)
            delayed = channel.samples[1024:].astype(np.float64) / 32768  # the encoder's own delay
            right = sound[: len(delayed), index]
            assert np.corrcoef(delayed[: len(right)], right)[0, 1] > 0.99

    def test_fragments_decode_to_what_one_decoder_gives(self) -> None:
        of, packets, _ = self.aac()
        one = decode(packet_leg(of, packets, 64, len(packets))).channels[0].samples
        many = decode(packet_leg(of, packets, 64, 7)).channels[0].samples
        assert np.abs(one.astype(int) - many).max() <= 1

    def test_a_packet_that_cannot_be_decoded_is_a_gap_with_a_reason(self) -> None:
        of, packets, _ = self.aac()
        packets[40] = b"\xff" * len(packets[40])
        piece = decode(packet_leg(of, packets, 64, 10))
        (channel,) = piece.channels
        assert channel.covered.tolist() == [[0, 40 * 1024], [41 * 1024, len(packets) * 1024]]
        (letter,) = piece.dead_letters
        assert "1 of 10 packets of AAC cannot be decoded" in letter.detail
        assert {row.status for row in piece.ledger} == {"decoded"}

    def test_packets_of_noise_are_damaged(self) -> None:
        of, packets, _ = self.aac()
        noise = [b"\x01" + np.random.default_rng(k).bytes(len(packet)) for k, packet in enumerate(packets)]
        piece = decode(packet_leg(of, noise, 64, 10))
        decoded = sum(len(core_samples(channel)) for channel in piece.channels)
        assert decoded < 0.5 * 1024 * len(packets)
        assert piece.dead_letters

    def test_opus_comes_out_as_it_went_in(self) -> None:
        time = np.arange(4 * 48_000) / 48_000
        sound = (0.3 * np.sin(2 * np.pi * 400 * time))[:, None]
        config, packets = encoded_packets("libopus", 48_000, 1, sound)
        of = Track(1, "line", "A_OPUS", config, 2, 48_000.0, 1)
        (channel,) = decode(packet_leg(of, packets, 20, 25)).channels
        assert (channel.sample_rate_hz, len(channel.samples)) == (48_000, 960 * len(packets))
        heard = channel.samples[4_800:].astype(np.float64)
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
        assert abs(np.argmax(spectrum) * 48_000 / len(heard) - 400) < 2
        assert np.sqrt(np.mean(heard**2)) == pytest.approx(0.3 * 32768 / np.sqrt(2), rel=0.1)
        whole = decode(packet_leg(of, packets, 20, len(packets))).channels[0].samples
        assert np.abs(whole.astype(int) - channel.samples).max() <= 64

    @pytest.mark.parametrize("tick_ms", [10, 100])
    def test_packets_between_two_ticks_are_all_there(self, tick_ms: int) -> None:
        of, packets, _ = self.aac()
        ticked = []
        for each in packet_leg(of, packets, 64, 10):
            blocks = [replace_timecode(one, one.timecode // tick_ms * tick_ms) for one in each.document.blocks]
            first = blocks[0].timecode
            document = replace(each.document, clusters=(first,), blocks=blocks, coarse=True)
            ticked.append(FetchedFragment(replace(each.listed, producer_ms=first), document))
        cutter = PieceCutter(LEG, UNIT, ticked[0])
        pieces = [piece for each in ticked for piece in cutter.add(each)]
        (piece,) = map(decode_piece, [*pieces, *cutter.finish()])
        assert {row.status for row in piece.ledger} == {"decoded"}
        assert len(core_samples(piece.channels[0])) == 1024 * len(packets)

    def test_a_laced_block_of_packets_is_its_packets(self) -> None:
        of, packets, _ = self.aac()
        plain = packet_leg(of, packets, 64, 10)
        laced = []
        for each in plain:
            blocks = [
                replace_timecode(block, each.document.blocks[n // 5 * 5].timecode)
                for n, block in enumerate(each.document.blocks)
            ]
            laced.append(replace(each, document=replace(each.document, blocks=blocks, laced=True)))
        np.testing.assert_array_equal(decode(laced).channels[0].samples, decode(plain).channels[0].samples)


def replace_timecode(block: Block, timecode: int) -> Block:
    return block._replace(timecode=timecode)
