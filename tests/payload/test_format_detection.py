"""What a payload is under headers that do not say so, and that no sound is taken for anything but sound."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from builders.made_legs import TICK_NS, Wire, companded, encoded, evidence, speech_like
from builders.shared_data import real_call

from callbeam.mkv import Block, Document
from callbeam.payload import SAMPLE_BYTES, AudioFormat, format_detection
from callbeam.payload.block_statistics import Pair, block_pairs
from callbeam.payload.format_detection import TrackEvidence, judge

L16 = AudioFormat(8000)
RATE, ENCODING, CHANNELS, IMPLAUSIBLE = (
    "rate_from_timecodes", "encoding_from_samples", "channels_from_samples", "implausible_samples",
)  # fmt: skip
WIRES = [
    Wire(),
    Wire(block_ms=20),
    Wire(block_ms=200, fragment_ms=10_000),
    Wire(jitter_ms=5),
    Wire(burst=4),
    Wire(loss=0.05),
]


@cache
def speech(rate: int, seconds: float = 8, seed: int = 1) -> np.ndarray:
    values = speech_like(np.random.default_rng(seed), int(seconds * rate), rate)
    return np.clip(np.rint(values * 32768), -32768, 32767).astype(np.int16)


def made(
    payload: bytes, bytes_per_s: float, declared: AudioFormat = L16, wire: Wire | None = None, align: int = 2
) -> TrackEvidence:
    return evidence(np.random.default_rng(0), payload, bytes_per_s, declared, wire or Wire(), align=align)


@pytest.mark.parametrize("wire", WIRES, ids=str)
@pytest.mark.parametrize(
    ("true", "told"),
    [(16_000, 8000), (8000, 16_000), (48_000, 8000), (8000, 48_000), (8000, 11_025), (44_100, 8000), (11_025, 8000),
     (24_000, 16_000), (8000, None), (16_000, None)],
)  # fmt: skip
def test_the_rate_follows_from_bytes_and_timecodes(true: int, told: int | None, wire: Wire) -> None:
    found = judge(made(speech(true).tobytes(), 2 * true, AudioFormat(told), wire))
    assert found.form == AudioFormat(true)
    assert (RATE in found.warnings) == (true != (told or 8000))
    assert set(found.warnings) <= {RATE, "resampled"}
    assert found.blocks_rate_hz == pytest.approx(true, rel=0.06)


@pytest.mark.parametrize("gain_db", [-40, -20, 0, 20, 40])
@pytest.mark.parametrize("true", ["s16be", "s16le"])
def test_byte_order_is_told_from_the_samples(true: str, gain_db: int) -> None:
    loud = np.clip(np.rint(speech(8000) * 10 ** (gain_db / 20)), -32768, 32767).astype(np.int16)
    for declared in ("s16le", "s16be"):
        found = judge(made(encoded(loud, true).tobytes(), 16_000, AudioFormat(8000, declared)))
        assert found.form == AudioFormat(8000, true)
        assert found.warnings == ((ENCODING,) if declared != true else ())


@pytest.mark.parametrize("true", ["s24le", "s24be", "s32le", "f32le", "ulaw", "alaw", "u8"])
@pytest.mark.parametrize("wire", [Wire(), Wire(block_ms=20, jitter_ms=3)], ids=str)
def test_another_width_under_a_tag_of_16_bits_is_told_from_both(true: str, wire: Wire) -> None:
    fine = speech(8000) if true != "u8" else (speech(8000) * 3.0).clip(-32768, 32767).astype(np.int16)
    width = SAMPLE_BYTES[true]
    found = judge(made(encoded(fine, true).tobytes(), 8000 * width, L16, wire, width))
    assert found.form == AudioFormat(8000, true)
    assert found.warnings == (ENCODING,)


def test_24_bits_that_use_them_are_told_too() -> None:
    fine = speech(8000).astype(np.int64) * 256 + np.random.default_rng(2).integers(0, 256, 64_000)
    payload = np.stack([(fine >> shift) & 0xFF for shift in (0, 8, 16)], axis=1).astype(np.uint8).tobytes()
    assert judge(made(payload, 24_000, L16, align=3)).form == AudioFormat(8000, "s24le")


def test_two_channels_in_turn_under_a_tag_of_one_are_told() -> None:
    payload = np.stack([speech(8000, seed=1), speech(8000, seed=2)], axis=1).tobytes()
    found = judge(made(payload, 32_000, L16, align=4))
    assert found.form == AudioFormat(8000, "s16le", 2)
    assert found.warnings == (CHANNELS,)


def test_two_persons_who_take_turns_are_not_one_of_them_in_wider_samples() -> None:
    turn = np.repeat(np.arange(8) % 2, 8000)
    one, other = (np.rint(speech(8000, seed=seed) * np.where(turn == mine, 1, 0.02)) for mine, seed in ((0, 1), (1, 2)))
    payload = np.stack([one, other], axis=1).astype(np.int16).tobytes()
    found = judge(made(payload, 32_000, L16, align=4))
    assert (found.form, found.warnings) == (AudioFormat(8000, "s16le", 2), (CHANNELS,))


@pytest.mark.parametrize("bytes_per_s", [16_000 * 1.75, 16_000 * 0.62, 3_000])
def test_bytes_that_come_to_no_rate_are_refused(bytes_per_s: float) -> None:
    found = judge(made(speech(8000).tobytes(), bytes_per_s))
    assert isinstance(found.form, str)
    assert "neither the declared 8000 Hz nor another known rate" in found.form


def test_bytes_that_are_no_sound_keep_their_samples_with_a_warning() -> None:
    noise = np.random.default_rng(3).bytes(160_000)
    found = judge(made(noise, 16_000))
    assert (found.form, found.warnings) == (L16, (IMPLAUSIBLE,))
    assert found.implausible


def test_g711_whose_bytes_come_as_16_bit_samples_would_is_no_sound() -> None:
    found = judge(made(encoded(speech(16_000), "ulaw").tobytes(), 16_000))
    assert found.warnings == (IMPLAUSIBLE,)


def test_quiet_g711_whose_bytes_come_as_16_bit_samples_would_is_no_sound() -> None:
    quiet = (speech(16_000) // 16).astype(np.int16)
    found = judge(made(encoded(quiet, "ulaw").tobytes(), 16_000))
    assert found.warnings == (IMPLAUSIBLE,)


def packets_of(sizes: np.ndarray, period_ms: float, head: bytes = b"", declared: AudioFormat = L16) -> TrackEvidence:
    """Make a leg of packets of random bytes behind a head."""
    rng, at, blocks, packets = np.random.default_rng(4), 0, [], []
    for number, size in enumerate(sizes.tolist()):
        blocks.append(Block(1, round(number * period_ms), at, at + size))
        packets.append((head + rng.bytes(size))[:size])
        at += size
    pairs = tuple(block_pairs(blocks, TICK_NS))
    return TrackEvidence("t", (declared,), tuple(sizes.tolist()), pairs, b"".join(packets), tuple(packets[:64]))


SIZES = np.random.default_rng(5).integers(180, 320, 400)


def test_raw_aac_frames_under_connects_headers_are_aac() -> None:
    for declared in (L16, AudioFormat(None), AudioFormat(48_000, "aac", 2, b"\x11\x90")):
        found = judge(packets_of(SIZES, 1024 / 48, b"\x21", declared))
        assert (found.form.encoding, found.form.sample_rate_hz, found.form.channels) == ("aac", 48_000, 2)
        assert found.warnings == (() if declared.encoding == "aac" else (ENCODING,))
    mono = judge(packets_of(SIZES, 64, b"\x01", AudioFormat(48_000, "aac", 2, b"\x11\x90")))
    assert mono.form == AudioFormat(16_000, "aac", 1, b"\x14\x08")
    assert mono.warnings == (RATE,)


def test_without_the_extra_aac_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(format_detection, "codecs_installed", lambda: False)
    found = judge(packets_of(SIZES, 1024 / 48, b"\x21"))
    assert found.form == "AAC is decoded with the extra: pip install 'callbeam[codecs]'"


@pytest.mark.parametrize(("period_ms", "head"), [(20, b"\x78"), (1024 / 48, b"\xf8"), (30, b"\x21"), (20, b"\x21")])
def test_packets_of_another_codec_are_refused(period_ms: float, head: bytes) -> None:
    found = judge(packets_of(SIZES, period_ms, head))
    assert isinstance(found.form, str)
    assert "vary in size as a codec's frames do" in found.form


def test_latm_is_refused_and_adts_is_aac() -> None:
    latm = packets_of(SIZES, 1024 / 48)
    framed = tuple(bytes((0x56, 0xE0 | (len(p) - 3) >> 8, (len(p) - 3) & 0xFF)) + p[3:] for p in latm.packets)
    assert "LATM" in str(judge(TrackEvidence("t", (L16,), latm.sizes, latm.pairs, latm.payload, framed)).form)
    heads = tuple(
        bytes((0xFF, 0xF1, 0x4C, 0x80 | len(p) >> 11, len(p) >> 3 & 0xFF, (len(p) & 7) << 5 | 0x1F, 0xFC)) + p[7:]
        for p in latm.packets
    )
    found = judge(TrackEvidence("t", (L16,), latm.sizes, latm.pairs, latm.payload, heads))
    assert found.form == AudioFormat(48_000, "aac", 2)


def test_a_declared_aac_whose_blocks_are_none_is_refused() -> None:
    found = judge(made(speech(8000).tobytes(), 16_000, AudioFormat(48_000, "aac", 2, b"\x11\x90")))
    assert found.form == "the blocks are no AAC frames; what they hold is not known"


def test_five_packets_are_enough() -> None:
    assert judge(packets_of(SIZES[:5], 1024 / 48, b"\x21")).form == AudioFormat(48_000, "aac", 2, b"\x11\x90")


@pytest.mark.parametrize(
    ("period_ms", "jitter_ms"), [(64, 15), (64, 40), (100, 30), (140, 30), (200, 20), (256, 26), (500, 50), (1000, 100)]
)
def test_pcm_written_on_a_timer_is_no_packets(period_ms: int, jitter_ms: int) -> None:
    arrivals = np.arange(3000) * 20 + np.random.default_rng(7).exponential(jitter_ms, 3000)
    sizes = 320 * np.histogram(arrivals, np.arange(0, 58_000, period_ms))[0]
    ends = np.cumsum(sizes).tolist()
    blocks = [Block(1, k * period_ms, begin, end) for k, (begin, end) in enumerate(pairwise([0, *ends]))]
    payload = speech(8000, 58).tobytes()
    packets = tuple(payload[block.start : block.end] for block in blocks[:64])
    pairs = tuple(block_pairs(blocks, TICK_NS))
    found = judge(TrackEvidence("t", (L16,), tuple(sizes.tolist()), pairs, payload, packets))
    assert (found.form, found.warnings) == (L16, ())
    for first in range(0, len(blocks) - 16, 16):
        document = Document(index=0, offset=0, data=memoryview(payload), tags=())
        assert found.contradicted(blocks[first : first + 16], document) is None


def test_blocks_between_gaps_of_the_same_length_are_no_packets() -> None:
    pairs = tuple(Pair(size, 30_000_000_000) for size in (128, 2, 0, 128))
    assert judge(TrackEvidence("t", (L16,), (128, 128, 0, 4, 2, 0, 0, 128, 128, 128), pairs)).form == L16


def test_too_little_tells_nothing() -> None:
    few = TrackEvidence("t", (L16,), (1024,) * 5, (Pair(1024, 1, 1),) * 4, b"\1\2" * 2560, ())
    assert (judge(few).form, judge(few).warnings) == (L16, ())
    assert judge(TrackEvidence("t", ("no codec",))).form == "no codec"


@cache
def telephone_sounds() -> dict[str, np.ndarray]:
    """Return sounds that are easily taken for noise, or noise for them; at 8 kHz, float, full scale at 1."""
    rng, time = np.random.default_rng(6), np.arange(64_000) / 8000
    tone = {f"tone of {hz} Hz": 0.9 * np.sin(2 * np.pi * hz * time) for hz in (50, 440, 1100, 2100, 3400, 3990)}
    noise = {f"white noise of {db} dBFS": 10 ** (db / 20) * rng.normal(0, 1, len(time)) for db in range(-90, -2, 6)}
    comfort = np.convolve(rng.normal(0, 0.003, len(time)), np.ones(4) / 4, "same")
    square = 0.99 * np.sign(np.sin(2 * np.pi * 350 * time))
    chords = 0.2 * sum(np.sin(2 * np.pi * f * time) * np.exp(-(time % 0.5) * 4) for f in (220, 277, 330, 880, 1760))
    two = {"dtmf": 0.4 * (np.sin(2 * np.pi * 941 * time) + np.sin(2 * np.pi * 1477 * time)) * ((time % 0.2) < 0.1)}
    voice = speech_like(rng, len(time), 8000, -20)
    clipped = {f"speech of {db} dB more": voice * 10 ** (db / 20) for db in (-50, -20, 20, 40, 60)}
    crackle = (rng.random(len(time)) < 0.002) * rng.normal(0, 0.5, len(time))
    other = {"silence": 0 * time, "a single click": (time == 1) * 1.0, "offset": 0 * time + 0.3, "crackle": crackle}
    sweep = 0.5 * np.sin(2 * np.pi * 100 * time**2)
    music = {"comfort noise": comfort, "square": square, "chords": chords, "sweep": sweep}
    return {**tone, **noise, **two, **clipped, **other, **music}


@pytest.mark.parametrize("law", [None, "ulaw", "alaw"])
@pytest.mark.parametrize("name", telephone_sounds())
def test_no_sound_of_a_telephone_is_taken_for_anything_else(name: str, law: str | None) -> None:
    samples = np.clip(np.rint(telephone_sounds()[name] * 32767), -32768, 32767).astype(np.int16)
    samples = samples if law is None else companded(samples, law)
    found = judge(made(samples.tobytes(), 16_000))
    assert (found.form, found.warnings) == (L16, ())


@pytest.mark.conformance
@pytest.mark.parametrize("side", ["agent", "caller"])
@pytest.mark.parametrize("gain_db", [-60, -40, -20, -10, 0, 10, 20, 40, 60])
def test_a_real_call_at_any_gain_is_what_it_is(side: str, gain_db: int) -> None:
    call = real_call(side)
    for start in range(0, len(call) - 80_000, 960_000):
        loud = np.clip(np.rint(call[start : start + 80_000] * 10 ** (gain_db / 20)), -32768, 32767).astype(np.int16)
        for samples in (loud, companded(loud)):
            found = judge(made(samples.tobytes(), 16_000))
            assert (found.form, found.warnings) == (L16, ())
        swapped = judge(made(loud.byteswap().tobytes(), 16_000))
        if np.count_nonzero(loud) > 4000 and gain_db <= 40:
            assert (swapped.form, swapped.warnings) == (AudioFormat(8000, "s16be"), (ENCODING,))
