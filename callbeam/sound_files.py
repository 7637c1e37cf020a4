"""Recordings of one's own: sound files of any kind that libsndfile reads, brought to telephone samples."""

from __future__ import annotations

import hashlib
import io
import os
import shlex
import struct
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import soundfile
import soxr

from callbeam.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Float32Array = npt.NDArray[np.float32]

TELEPHONE_RATE_HZ = 8_000

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1_000, 768_000
"""What a recording may have; a header that says something else is wrong."""

LOUDEST = 2.0
"""Floats lie between -1 and 1, and a mix may go 6 dB beyond; what lies further out is on another scale."""

INTEGER_SCALE = 32_768.0

_UNRECOGNISED = 1
"""What libsndfile calls a file whose beginning it does not know."""

_CUT_OFF_S = 1
"""An MP3 counts its own frames, and some writers miscount by one or two."""

_BLOCK_FRAMES = 1 << 18
_INTEGER_TAGS = frozenset({0x0001, 0xFFFE})  # WAVE_FORMAT_PCM, WAVE_FORMAT_EXTENSIBLE
_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_STREAMED_BYTES = 0x7FFF_0000
"""Writers that cannot seek back leave a length near 2 or 4 GB: what follows is the audio."""


class SeekableBytes(Protocol):
    """What is asked of a file that is no path."""

    def read(self, size: int = -1, /) -> bytes:
        """Read so many bytes, fewer at the end."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Set where the next read begins; return it."""

    def tell(self) -> int:
        """Return where the next read begins."""


def read_recording(
    path: str | os.PathLike[str], *, sample_rate_hz: int | None = TELEPHONE_RATE_HZ
) -> tuple[npt.NDArray[np.int16], int]:
    """Read a sound file as 16-bit samples, at telephone rate unless told otherwise.

    Parameters
    ----------
    path : path-like
        Any format that libsndfile reads: WAV, FLAC, Ogg, MP3, AIFF and more; integers or floats.
    sample_rate_hz : int, optional
        What to resample to; None keeps the file's own rate.

    Returns
    -------
    int16 array, shape (n, channels)
        Floats are scaled by 32768 (or not, where they are whole numbers up to that) and rounded; integers of 16 bits at
        an unchanged rate come back as they are.
    int
        The samples' rate in Hz.

    Raises
    ------
    UsageError
        The file cannot be read, is no sound file, holds no audio, or its header cannot be true: one line says which.

    Examples
    --------
    >>> samples, rate = read_recording("recording.wav")
    >>> samples.shape, rate
    ((160000, 2), 8000)
    """
    with open_recording(path) as recording:
        rate = sample_rate_hz or recording.sample_rate_hz
        parts = list(recording.blocks(rate))
    samples = np.concatenate(parts) if parts else np.zeros((0, recording.channels), np.int16)
    if not len(samples):
        raise UsageError(f"{path} holds no audio: record again, or leave it out")
    return samples, rate


@dataclass(frozen=True, slots=True)
class OpenRecording:
    """A sound file whose header was found to be sound.

    Attributes
    ----------
    name : str
        What it is called, for people.
    file : soundfile.SoundFile
    """

    name: str
    file: soundfile.SoundFile

    @property
    def sample_rate_hz(self) -> int:
        """The file's own rate."""
        return int(self.file.samplerate)

    @property
    def channels(self) -> int:
        """How many there are."""
        return int(self.file.channels)

    @property
    def coding(self) -> str:
        """How its samples are kept, in libsndfile's words: ``WAV/PCM_16``."""
        return f"{self.file.format}/{self.file.subtype}"

    def blocks(self, sample_rate_hz: int) -> Iterator[npt.NDArray[np.int16]]:
        """Read the file from its start, some seconds at a time; once, for not all codings can go back (GSM 6.10).

        Parameters
        ----------
        sample_rate_hz : int
            What to resample to, if it is not the file's own rate.

        Yields
        ------
        int16 array, shape (n, channels)
            As ``read_recording`` has it.

        Raises
        ------
        UsageError
            If floats in it lie on no scale that can be told, or it ends before its header says.
        """
        full_scale = _full_scale(self.file, self.name)
        if sample_rate_hz == self.sample_rate_hz:
            yield from (_integers(block, full_scale) for block in self._whole())
            return
        stream = soxr.ResampleStream(self.sample_rate_hz, sample_rate_hz, self.channels, dtype="float32", quality="HQ")
        yield from (_integers(stream.resample_chunk(block), full_scale) for block in self._whole())
        rest = stream.resample_chunk(np.zeros((0, self.channels), np.float32), last=True)
        yield _integers(rest, full_scale)

    def _whole(self) -> Iterator[Float32Array]:
        """Yield the file's frames; raise UsageError behind the last one if more were promised."""
        had = 0
        for block in _blocks(self.file):
            had += len(block)
            yield block
        rate = self.sample_rate_hz
        if had < self.file.frames - _CUT_OFF_S * rate:
            promised = f"its header promises {self.file.frames / rate:.1f} s of sound, and {had / rate:.1f} s are there"
            raise UsageError(f"{_broken(self.name, promised)}; {_what_is_there(self.name)}")


@contextmanager
def open_recording(source: str | os.PathLike[str] | SeekableBytes, name: str | None = None) -> Iterator[OpenRecording]:
    """Open a sound file, and close it behind the block.

    Parameters
    ----------
    source : path-like, or a file that is open for reading and can seek
        Any format that libsndfile reads.
    name : str, optional
        What it is called in messages; a path's own name by default.

    Raises
    ------
    UsageError
        As ``read_recording``; also from within the block, where reading goes wrong later.
    """
    name = str(source) if name is None else name
    try:
        if isinstance(source, (str, os.PathLike)):
            with open(source, "rb") as file:  # noqa: PTH123 - a text is a path, too
                _check_wav_header(file, name)
        else:
            _check_wav_header(source, name)
            source.seek(0)
        with _sound_file(source, name) as file:
            if not LOWEST_RATE_HZ <= file.samplerate <= HIGHEST_RATE_HZ:
                raise UsageError(
                    f"{name} says {file.samplerate} Hz, which no recording has: its header is wrong; convert the file "
                    "again"
                )
            yield OpenRecording(name, file)
    except soundfile.LibsndfileError as error:
        raise UsageError(_broken(name, str(error.error_string).rstrip("."))) from error
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror or error}") from error


def _sound_file(source: str | os.PathLike[str] | SeekableBytes, name: str) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(source)
    except TypeError as error:
        # soundfile takes a name that ends in .raw for samples without a header, and wants to be told of them
        raise UsageError(_refusal(name, "it has no header")) from error
    except soundfile.LibsndfileError as error:
        if error.code != _UNRECOGNISED:
            raise
        raise UsageError(_refusal(name, str(error.error_string).rstrip("."))) from error


def _refusal(name: str, cause: str) -> str:
    return (
        f"{name} is no sound file that can be read ({cause}). Samples without a header need one: "
        f"sox -t raw -r 8000 -e signed -b 16 -c 2 {shlex.quote(name)} recording.wav"
    )


def _broken(name: str, cause: str) -> str:
    return f"{name} is damaged or cut off ({cause}): take it anew from where it came from"


def _what_is_there(name: str) -> str:
    return f"to take what is there: ffmpeg -i {shlex.quote(name)} recording.wav"


def recording_id(channels: Sequence[npt.NDArray[np.int16]]) -> str:
    """Name a recording by its samples at telephone rate: a UUID, as a ContactId is.

    Examples
    --------
    >>> recording_id([np.zeros(8000, np.int16), np.zeros(8000, np.int16)])
    '7f77bbdf-2ac0-4fcd-99cd-d938f2975593'
    """
    content = b"|".join([b"%d" % TELEPHONE_RATE_HZ, *(channel.tobytes() for channel in channels)])
    return str(uuid.UUID(bytes=hashlib.sha256(content).digest()[:16], version=4))


def _blocks(file: soundfile.SoundFile) -> Iterator[Float32Array]:
    """Yield the file's frames from the start, as floats; integers between -1 and 1."""
    if file.seekable():
        file.seek(0)
    while len(block := file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
        yield block


def _full_scale(file: soundfile.SoundFile, name: str) -> float:
    """Tell what a file calls full scale: 1, or 32768 where 16-bit integers were written as floats without scaling."""
    if file.subtype not in _FLOATS:
        return 1.0
    loudest, whole = 0.0, True
    for block in _blocks(file):
        loudest = max(loudest, float(np.abs(block).max()))
        whole = whole and bool(np.all(block == np.rint(block)))
        if not np.isfinite(block).all():
            raise UsageError(f"{name} holds values that are no numbers: convert it again from the original")
    if loudest <= LOUDEST:
        return 1.0
    if whole and loudest <= INTEGER_SCALE:
        return INTEGER_SCALE
    raise UsageError(
        f"{name} holds values up to {loudest:g}; floats lie between -1 and 1: scale them, or write integers"
    )


def _integers(block: Float32Array, full_scale: float) -> npt.NDArray[np.int16]:
    """Scale floats to integers; those that were 16-bit integers come back as they were."""
    scaled: Float32Array = np.rint(block * np.float32(INTEGER_SCALE / full_scale))
    return scaled.clip(-32768, 32767).astype(np.int16)


def _check_wav_header(file: SeekableBytes, path: str) -> None:
    """Compare what a RIFF header says with itself and with the file: libsndfile believes it, and noise comes out.

    Raises
    ------
    UsageError
        Its numbers contradict each other, or it promises other audio than the file holds.
    """
    head = file.read(1 << 16)
    size = file.seek(0, io.SEEK_END)
    if not size:
        raise UsageError(f"{path} is no sound file: it is empty")
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return
    at = 12
    while at + 8 <= len(head):
        name, length = struct.unpack_from("<4sI", head, at)
        if name == b"fmt " and length >= 16 and at + 24 <= len(head):
            _check_wav_format(path, struct.unpack_from("<HHIIHH", head, at + 8))
        elif name == b"data":
            held = size - at - 8
            if (length > held and length < _STREAMED_BYTES) or (length == 0 and held > 0):
                raise UsageError(
                    f"{path}: its header promises {length} bytes of audio, the file holds {held}: it was cut off, or "
                    f"its header never completed; {_what_is_there(path)}"
                )
            return
        at += 8 + length + (length & 1)


def _check_wav_format(path: str, fields: tuple[int, ...]) -> None:
    """Raise UsageError where a ``fmt`` chunk of integers cannot be true."""
    tag, channels, rate, byte_rate, frame_bytes, bits = fields
    integers = tag in _INTEGER_TAGS and bits > 0
    if integers and (frame_bytes != channels * -(-bits // 8) or byte_rate != rate * frame_bytes):
        raise UsageError(
            f"{path}: its header contradicts itself ({channels} channels of {bits} bits at {rate} Hz, but "
            f"{frame_bytes} bytes a frame and {byte_rate} a second): convert it again from the original"
        )
