"""Recordings put in as Connect contacts: what goes in comes back, and what cannot go in says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from callbeam.emulator import Emulator
from callbeam.errors import UsageError
from callbeam.mkv import read_documents


def noise(seconds: float, seed: int, rate: int = 8000) -> np.ndarray:
    return np.random.default_rng(seed).integers(-3000, 3000, int(seconds * rate), dtype=np.int16)


def test_two_files_and_one_of_two_channels_are_the_same_call(tmp_path: Path) -> None:
    customer, agent = noise(5.3, 1), noise(5.3, 2)
    soundfile.write(tmp_path / "customer.wav", customer, 8000)
    soundfile.write(tmp_path / "agent.flac", agent, 8000)
    soundfile.write(tmp_path / "both.wav", np.stack((customer, agent), axis=1), 8000)
    kvs = Emulator()
    first = kvs.load_recording("s", tmp_path / "customer.wav", tmp_path / "agent.flac")
    stream = kvs.store.find("s", None)
    assert stream is not None
    held = len(stream)
    assert held >= 5
    assert kvs.load_recording("s", tmp_path / "both.wav") == first
    assert len(stream) == held
    other = kvs.load_recording("other", tmp_path / "both.wav")
    assert other == first
    document = next(iter(read_documents(stream.media(stream.in_order()[0]))))
    assert document.error is None


@pytest.mark.parametrize("rate", [6000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_any_rate_is_brought_to_what_connect_streams(tmp_path: Path, rate: int) -> None:
    t = np.arange(3 * rate) / rate
    tones = 0.25 * np.stack([np.sin(2 * np.pi * hz * t) for hz in (440, 1000)], axis=1)
    soundfile.write(tmp_path / "tones.wav", tones, rate, subtype="FLOAT")
    kvs = Emulator()
    kvs.load_recording("s", tmp_path / "tones.wav")
    stream = kvs.store.find("s", None)
    assert stream is not None
    documents = [next(iter(read_documents(stream.media(fragment)))) for fragment in stream.in_order()]
    for track, hz in ((1, 440), (2, 1000)):
        blocks = [bytes(doc.payload(block)) for doc in documents for block in doc.blocks if block.track == track]
        samples = np.frombuffer(b"".join(blocks), "<i2") / 32768
        assert len(samples) == pytest.approx(3 * 8000, abs=2)
        expected = 0.25 * np.sin(2 * np.pi * hz * np.arange(len(samples)) / 8000)
        inside = slice(800, -800)
        assert np.abs(samples - expected)[inside].max() < 0.002


def test_two_files_may_differ_in_rate(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "customer.wav", noise(2, 1), 8000)
    soundfile.write(tmp_path / "agent.wav", noise(2, 2, 16_000), 16_000)
    kvs = Emulator()
    kvs.load_recording("s", tmp_path / "customer.wav", tmp_path / "agent.wav")
    stream = kvs.store.find("s", None)
    assert stream is not None
    assert len(stream) >= 2


def test_a_second_recording_follows_the_first(tmp_path: Path) -> None:
    kvs = Emulator()
    for seed in (1, 2):
        soundfile.write(tmp_path / f"{seed}.wav", noise(3, seed).repeat(2).reshape(-1, 2), 8000)
        kvs.load_recording("s", tmp_path / f"{seed}.wav")
    stream = kvs.store.find("s", None)
    assert stream is not None
    times = [fragment.server_ms for fragment in stream.in_order()]
    assert max(np.diff(times)) >= 60_000
    assert min(np.diff(times)) >= 0


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        (["missing.wav"], "cannot read"),
        (["text.wav"], "is no sound file"),
        (["empty.wav"], "holds no audio"),
        (["mono.wav"], "has 1 channel, and 2 would be right"),
        (["mono.wav", "both.wav"], "has 2 channels, and 1 would be right"),
        (["mono.wav", "mono.wav", "mono.wav"], "not 3 files"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, files: list[str], complaint: str) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 2), np.int16), 8000)
    soundfile.write(tmp_path / "mono.wav", noise(2, 1), 8000)
    soundfile.write(tmp_path / "both.wav", noise(2, 1).reshape(-1, 2), 8000)
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(UsageError, match=complaint):
        Emulator().load_recording("s", *(tmp_path / file for file in files))


@pytest.mark.parametrize("name", ["two words", "a/b", "ä", "n" * 257])
def test_a_name_that_no_stream_has_is_refused(tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / "both.wav", noise(2, 1).reshape(-1, 2), 8000)
    with pytest.raises(UsageError, match="no stream's name"):
        Emulator().load_recording(name, tmp_path / "both.wav")
