"""A recording as pieces of a leg: where they are cut, what cannot be read, and what it takes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from callbeam.calls import CallIdentity, DeadLetter, LedgerRow, Leg, LegEnd, RecordedLeg
from callbeam.decoding import DecodeConfig, DecodedPiece
from callbeam.kvs import Stream
from callbeam.recordings import read_recorded
from callbeam.recordings.object_bytes import BLOCK_BYTES, ObjectBytes
from callbeam.recordings.recorded_reading import cut
from callbeam.storage import StorageConfig, StorageError, open_store
from callbeam.timeline import LegClock

if TYPE_CHECKING:
    from pathlib import Path

START_MS = 1_772_443_800_000
STEP, LEAD = 1800, 30  # a piece and a lead at one sample a second


def recorded(key: str, size: int = 0) -> RecordedLeg:
    leg = Leg(CallIdentity("c-1", "connect"), Stream(f"calls/{key}", 0, 0), 0, START_MS, recorded=True)
    roles = ("CUSTOMER", "AGENT")
    return RecordedLeg(leg, LegClock("record", START_MS, 1000), key, size, roles, "connect_recording")


def read(folder: Path, key: str, config: DecodeConfig | None = None) -> list[Any]:
    store = open_store(StorageConfig(str(folder)))
    return list(read_recorded(store, recorded(key), config or DecodeConfig()))


@pytest.mark.parametrize("length", [1, 1799, 1800, 1801, 1829, 1830, 1831, 3600, 3629, 3630, 5000])
@pytest.mark.parametrize("block", [7, 900, 4000])
def test_a_recording_is_cut_as_a_leg_is(length: int, block: int) -> None:
    samples = np.arange(length, dtype=np.int16)[:, None]
    pieces = list(cut((samples[at : at + block] for at in range(0, length, block)), 1))
    assert [piece.index for piece in pieces] == list(range(-(-length // STEP)))
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    for piece in pieces:
        assert (piece.begin, piece.end) == (piece.index * STEP, min((piece.index + 1) * STEP, length))
        first, end = max(piece.begin - LEAD, 0), min(piece.end + LEAD, length)
        assert piece.first == first
        np.testing.assert_array_equal(piece.samples[:, 0], np.arange(first, end))


def test_nothing_is_no_piece() -> None:
    assert list(cut([], 8000)) == []


def test_a_sound_recording_is_one_leg_of_one_fragment(tmp_path: Path) -> None:
    pcm = np.random.default_rng(1).integers(-9000, 9000, (16_000, 2), dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", pcm, 8000)
    piece, end, row = read(tmp_path, "a.wav")
    assert isinstance(piece, DecodedPiece)
    assert (end.pieces, end.open, end.leg.recorded) == (1, False, True)
    assert (row.status, row.number, row.call_id) == ("decoded", 0, "c-1")
    for column, (channel, role) in enumerate(zip(piece.channels, ("CUSTOMER", "AGENT"), strict=True)):
        np.testing.assert_array_equal(channel.samples, pcm[:, column])
        assert (channel.participant_role, channel.role_source) == (role, "connect_recording")
        assert (channel.track_name, channel.track_channel, channel.codec) == ("recording", column, "WAV/PCM_16")
        assert (channel.clock_start_ms, channel.covered.tolist()) == (START_MS, [[0, 16_000]])


@pytest.mark.parametrize(("rate", "grid"), [(8_000, 8_000), (16_000, 16_000), (11_025, 11_000), (44_100, 44_100)])
def test_the_rate_stays_as_it_is_where_it_has_whole_frames(tmp_path: Path, rate: int, grid: int) -> None:
    soundfile.write(tmp_path / "a.flac", np.zeros((rate, 2), np.int16), rate)
    piece, _, _ = read(tmp_path, "a.flac")
    (left, _) = piece.channels
    assert (left.sample_rate_hz, left.declared_rate_hz) == (grid, rate)
    assert abs(len(left.samples) - grid) <= 1


def test_what_is_passed_over_is_not_opened(tmp_path: Path) -> None:
    store = open_store(StorageConfig(str(tmp_path)))
    (row,) = read_recorded(store, recorded("none.wav"), DecodeConfig(), held_by_streams=True)
    assert isinstance(row, LedgerRow)
    assert (row.status, row.call_id) == ("duplicate", None)
    assert "c-1" in row.reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "not_found"), (b"", "damaged"), (b"<?xml version='1.0'?><Error/>", "damaged"), (b"RIFF", "damaged")],
)
def test_what_is_no_recording_ends_the_leg_without_a_piece(tmp_path: Path, content: bytes | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "a.wav").write_bytes(content)
    end, row, letter = read(tmp_path, "a.wav")
    assert isinstance(end, LegEnd)
    assert isinstance(letter, DeadLetter)
    assert (end.pieces, row.status, letter.reason) == (0, reason, reason)
    assert (letter.step, letter.call_id, letter.sample) == ("ReadRecordings", "c-1", (content or b"")[:64])


class FailingFile(io.RawIOBase):
    """A file that can be read up to an offset."""

    def __init__(self, content: bytes, fails_at: int) -> None:
        super().__init__()
        self._content = io.BytesIO(content)
        self._fails_at = fails_at

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._content.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        if self._content.tell() >= self._fails_at:
            raise StorageError("S3 gave up")
        return self._content.read(size)


class FailingStore:
    def __init__(self, content: bytes, fails_at: int) -> None:
        self._made = content, fails_at

    def open(self, key: str) -> io.RawIOBase:
        return FailingFile(*self._made)


def test_a_failure_while_it_is_read_is_told_and_not_taken_for_the_end(tmp_path: Path) -> None:
    pcm = np.random.default_rng(1).integers(-9000, 9000, (1_000_000, 2), dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", pcm, 8000)
    content = (tmp_path / "a.wav").read_bytes()
    assert len(content) > 3 * BLOCK_BYTES
    store: Any = FailingStore(content, fails_at=2 * BLOCK_BYTES)
    events = list(read_recorded(store, recorded("a.wav"), DecodeConfig()))
    assert [event.status for event in events if isinstance(event, LedgerRow)] == ["service_error"]
    (letter,) = [event for event in events if isinstance(event, DeadLetter)]
    assert letter.detail == "S3 gave up"
    assert not any(isinstance(event, DecodedPiece) for event in events)


def test_a_block_serves_many_reads() -> None:
    content = np.random.default_rng(2).bytes(3 * BLOCK_BYTES + 17)
    asked: list[int] = []

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            asked.append(size or 0)
            return super().read(size)

    raw: Any = Counting(content)
    file = ObjectBytes(raw)
    parts = []
    while part := file.read(4096):
        parts.append(part)
    assert b"".join(parts) == content
    assert len(asked) == 4
    assert file.seek(-10, io.SEEK_END) == len(content) - 10
    assert file.read() == content[-10:]
    assert file.tell() == len(content)
