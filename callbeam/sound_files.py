"""Recordings of one's own: sound files of any kind that libsndfile reads, brought to telephone samples."""

from __future__ import annotations

import hashlib
import struct
import uuid
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr

from callbeam.errors import UsageError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Float32Array = npt.NDArray[np.float32]

TELEPHONE_RATE_HZ = 8_000

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1_000, 768_000
"""What a recording may have; a header that says something else is wrong."""

LOUDEST = 2.0
"""Floats lie between -1 and 1, and a mix may go 6 dB beyond; what lies further out is on another scale."""

INTEGER_SCALE = 32_768.0

_BLOCK_FRAMES = 1 << 18
_INTEGER_TAGS = frozenset({0x0001, 0xFFFE})  # WAVE_FORMAT_PCM, WAVE_FORMAT_EXTENSIBLE
_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_STREAMED_BYTES = 0x7FFF_0000
"""Writers that cannot seek back leave a length near 2 or 4 GB: what follows is the audio."""


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
    try:
        _check_wav_header(path)
        with soundfile.SoundFile(path) as file:
            return _samples(file, path, sample_rate_hz)
    except (soundfile.LibsndfileError, TypeError) as error:
        # soundfile takes a name that ends in .raw for samples without a header, and wants to be told of them
        raise UsageError(
            f"{path} is no sound file that can be read ({_cause(error)}). Samples without a header need one: "
            f"sox -t raw -r 8000 -e signed -b 16 -c 2 {path} recording.wav"
        ) from error
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error


def recording_id(channels: Sequence[npt.NDArray[np.int16]]) -> str:
    """Name a recording by its samples at telephone rate: a UUID, as a ContactId is.

    Examples
    --------
    >>> recording_id([np.zeros(8000, np.int16), np.zeros(8000, np.int16)])
    '7f77bbdf-2ac0-4fcd-99cd-d938f2975593'
    """
    content = b"|".join([b"%d" % TELEPHONE_RATE_HZ, *(channel.tobytes() for channel in channels)])
    return str(uuid.UUID(bytes=hashlib.sha256(content).digest()[:16], version=4))


def _samples(
    file: soundfile.SoundFile, path: str | os.PathLike[str], sample_rate_hz: int | None
) -> tuple[npt.NDArray[np.int16], int]:
    if not LOWEST_RATE_HZ <= file.samplerate <= HIGHEST_RATE_HZ:
        raise UsageError(
            f"{path} says {file.samplerate} Hz, which no recording has: its header is wrong; convert the file again"
        )
    rate = sample_rate_hz or file.samplerate
    full_scale = _full_scale(file, path)
    stream = None
    if rate != file.samplerate:
        stream = soxr.ResampleStream(file.samplerate, rate, file.channels, dtype="float32", quality="HQ")
    parts = [
        _integers(block if stream is None else stream.resample_chunk(block), full_scale) for block in _blocks(file)
    ]
    if stream is not None and parts:
        rest = stream.resample_chunk(np.zeros((0, file.channels), np.float32), last=True)
        parts.append(_integers(rest, full_scale))
    samples = np.concatenate(parts) if parts else np.zeros((0, file.channels), np.int16)
    if not len(samples):
        raise UsageError(f"{path} holds no audio: record again, or leave it out")
    return samples, rate


def _blocks(file: soundfile.SoundFile) -> Iterator[Float32Array]:
    """Yield the file's frames from the start, as floats; integers between -1 and 1."""
    file.seek(0)
    while len(block := file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
        yield block


def _full_scale(file: soundfile.SoundFile, path: str | os.PathLike[str]) -> float:
    """Tell what a file calls full scale: 1, or 32768 where 16-bit integers were written as floats without scaling."""
    if file.subtype not in _FLOATS:
        return 1.0
    loudest, whole = 0.0, True
    for block in _blocks(file):
        loudest = max(loudest, float(np.abs(block).max()))
        whole = whole and bool(np.all(block == np.rint(block)))
        if not np.isfinite(block).all():
            raise UsageError(f"{path} holds values that are no numbers: convert it again from the original")
    if loudest <= LOUDEST:
        return 1.0
    if whole and loudest <= INTEGER_SCALE:
        return INTEGER_SCALE
    raise UsageError(
        f"{path} holds values up to {loudest:g}; floats lie between -1 and 1: scale them, or write integers"
    )


def _integers(block: Float32Array, full_scale: float) -> npt.NDArray[np.int16]:
    """Scale floats to integers; those that were 16-bit integers come back as they were."""
    scaled: Float32Array = np.rint(block * np.float32(INTEGER_SCALE / full_scale))
    return scaled.clip(-32768, 32767).astype(np.int16)


def _cause(error: Exception) -> str:
    if isinstance(error, soundfile.LibsndfileError):
        return str(error.error_string).rstrip(".")
    return "it has no header"


def _check_wav_header(path: str | os.PathLike[str]) -> None:
    """Compare what a RIFF header says with itself and with the file: libsndfile believes it, and noise comes out.

    Raises
    ------
    UsageError
        Its numbers contradict each other, or it promises other audio than the file holds.
    """
    with open(path, "rb") as file:  # noqa: PTH123 - a text is a path, too
        head = file.read(1 << 16)
        size = file.seek(0, 2)
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
                    f"its header never completed; to take what is there: ffmpeg -i {path} recording.wav"
                )
            return
        at += 8 + length + (length & 1)


def _check_wav_format(path: str | os.PathLike[str], fields: tuple[int, ...]) -> None:
    """Raise UsageError where a ``fmt`` chunk of integers cannot be true."""
    tag, channels, rate, byte_rate, frame_bytes, bits = fields
    integers = tag in _INTEGER_TAGS and bits > 0
    if integers and (frame_bytes != channels * -(-bits // 8) or byte_rate != rate * frame_bytes):
        raise UsageError(
            f"{path}: its header contradicts itself ({channels} channels of {bits} bits at {rate} Hz, but "
            f"{frame_bytes} bytes a frame and {byte_rate} a second): convert it again from the original"
        )
