"""Recordings of any kind become the samples that were meant; what cannot be meant is one clear line."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from callbeam.errors import UsageError
from callbeam.sound_files import read_recording

SOUND = np.random.default_rng(3).integers(-20_000, 20_000, (4000, 2), dtype=np.int16)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_samples_come_back_whatever_holds_them(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, SOUND / 32768, 8000, subtype=subtype)
    samples, rate = read_recording(path)
    assert (samples.dtype, rate) == (np.int16, 8000)
    np.testing.assert_array_equal(samples, SOUND)


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW", "PCM_U8"])
def test_coarse_samples_are_what_libsndfile_says(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, SOUND / 32768, 8000, subtype=subtype)
    np.testing.assert_array_equal(read_recording(str(path))[0], soundfile.read(path, dtype="int16")[0])


@given(values=arrays(np.float32, st.integers(1, 50), elements=st.floats(-2, 2, width=32)))
def test_floats_are_rounded_and_limited(values: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("floats") / "floats.wav"
    soundfile.write(path, values, 8000, subtype="FLOAT")
    expected = np.clip(np.round(values.astype(np.float64) * 32768), -32768, 32767)
    np.testing.assert_array_equal(read_recording(path)[0][:, 0], expected)


def test_the_files_own_rate_can_be_kept(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "wide.flac", SOUND, 22_050)
    samples, rate = read_recording(tmp_path / "wide.flac", sample_rate_hz=None)
    assert rate == 22_050
    np.testing.assert_array_equal(samples, SOUND)


def test_resampling_a_long_file_in_blocks_is_resampling_it_whole(tmp_path: Path) -> None:
    import soxr

    long = np.random.default_rng(4).uniform(-0.5, 0.5, (700_000, 1)).astype(np.float32)
    soundfile.write(tmp_path / "long.wav", long, 16_000, subtype="FLOAT")
    whole = soxr.resample(long, 16_000, 8000, quality="HQ")
    samples, _ = read_recording(tmp_path / "long.wav")
    np.testing.assert_allclose(samples, whole * 32768, atol=0.51)


def header(**changes: int) -> bytes:
    fields = {"tag": 1, "channels": 2, "rate": 8000, "byte_rate": 32_000, "frame": 4, "bits": 16, "data": SOUND.nbytes}
    fields |= changes
    return b"".join(
        (
            b"RIFF",
            struct.pack("<I", 36 + SOUND.nbytes),
            b"WAVEfmt ",
            struct.pack("<IHHIIHH", 16, *(fields[name] for name in list(fields)[:6])),
            b"data",
            struct.pack("<I", fields["data"]),
        )
    )


@pytest.mark.parametrize("data", [0xFFFF_FFFF, 0x7FFF_FFF0])
def test_a_length_that_a_pipe_could_not_fill_in_is_no_fault(tmp_path: Path, data: int) -> None:
    (tmp_path / "piped.wav").write_bytes(header(data=data) + SOUND.tobytes())
    np.testing.assert_array_equal(read_recording(tmp_path / "piped.wav")[0], SOUND)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (header(bits=8) + SOUND.tobytes(), "contradicts itself"),
        (header(channels=1) + SOUND.tobytes(), "contradicts itself"),
        (header(rate=44_100) + SOUND.tobytes(), "contradicts itself"),
        (header(rate=100, byte_rate=400) + SOUND.tobytes(), "says 100 Hz"),
        (header() + SOUND.tobytes()[:-1000], "promises 16000 bytes of audio, the file holds 15000"),
        (header(data=0) + SOUND.tobytes(), "promises 0 bytes"),
        (header(data=0), "holds no audio"),
        (header()[:30], "is damaged or cut off"),
        (SOUND.tobytes(), "is no sound file"),
        (b"", "is no sound file: it is empty"),
    ],
)
def test_a_header_that_cannot_be_true_is_told(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "wrong.wav").write_bytes(content)
    with pytest.raises(UsageError, match=complaint) as told:
        read_recording(tmp_path / "wrong.wav")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["samples.raw", "samples.pcm", "samples"])
def test_samples_without_a_header_are_told_how_to_get_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(SOUND.tobytes())
    with pytest.raises(UsageError, match="sox -t raw"):
        read_recording(tmp_path / name)


def test_commands_in_messages_can_be_typed(tmp_path: Path) -> None:
    for content in (header() + SOUND.tobytes()[:-1000], SOUND.tobytes()):
        (tmp_path / "a call.wav").write_bytes(content)
        with pytest.raises(UsageError, match=r"'[^']*/a call.wav' recording.wav"):
            read_recording(tmp_path / "a call.wav")


@pytest.mark.parametrize("subtype", ["GSM610", "G721_32"])
def test_codings_that_cannot_be_sought_in_are_read(tmp_path: Path, subtype: str) -> None:
    long = np.random.default_rng(4).uniform(-0.5, 0.5, 300_000)
    soundfile.write(tmp_path / "telephone.wav", long, 8000, subtype=subtype)
    samples, _ = read_recording(tmp_path / "telephone.wav")
    with soundfile.SoundFile(tmp_path / "telephone.wav") as file:
        expected = file.read(file.frames, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(samples, np.rint(expected * 32768).clip(-32768, 32767))


@pytest.mark.parametrize("kept", [0.5, 0.9])
@pytest.mark.parametrize("kind", ["flac", "mp3"])
def test_what_was_cut_off_is_told_whatever_holds_it(tmp_path: Path, kind: str, kept: float) -> None:
    whole, cut = tmp_path / f"whole.{kind}", tmp_path / f"cut.{kind}"
    noise = np.random.default_rng(4).uniform(-0.5, 0.5, 160_000)
    with soundfile.SoundFile(whole, "w", 8000, 1) as file:
        for begin in range(0, len(noise), 8000):
            file.write(noise[begin : begin + 8000])
    assert len(read_recording(whole)[0]) == 160_000
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * kept)])
    with pytest.raises(UsageError, match="is damaged or cut off") as told:
        read_recording(cut)
    assert "sox" not in str(told.value)
    assert ("to take what is there: ffmpeg -i " in str(told.value)) == (
        kind == "mp3"
    )  # which is read as far as it goes


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_integers_written_as_floats_without_scaling_are_what_they_were(tmp_path: Path, subtype: str) -> None:
    soundfile.write(tmp_path / "unscaled.wav", SOUND, 8000, subtype=subtype)
    np.testing.assert_array_equal(read_recording(tmp_path / "unscaled.wav")[0], SOUND)


@pytest.mark.parametrize(
    ("loudest", "complaint"),
    [(20_000.5, "between -1 and 1"), (40_000.0, "between -1 and 1"), (np.nan, "no numbers"), (np.inf, "no numbers")],
)
def test_floats_on_another_scale_are_not_guessed_at(tmp_path: Path, loudest: float, complaint: str) -> None:
    soundfile.write(tmp_path / "scaled.wav", np.array([0.0, loudest]), 8000, subtype="DOUBLE")
    with pytest.raises(UsageError, match=complaint):
        read_recording(tmp_path / "scaled.wav")


def test_what_is_not_there_and_what_is_a_folder_say_so(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.wav", tmp_path):
        with pytest.raises(UsageError, match="cannot read"):
            read_recording(path)
