"""Payload bytes to 16-bit samples, for every encoding whose payload is a stream of samples."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.payload.formats import SAMPLE_BYTES

if TYPE_CHECKING:
    from callbeam.payload.formats import AudioFormat

Int16Array = npt.NDArray[np.int16]

PROBED = 256
"""Samples that tell whether they begin where a block does."""

LITTLE_ENDIAN = np.dtype("<i2")
BIG_ENDIAN = np.dtype(">i2")


def read_samples(data: bytes | memoryview, encoding: str) -> Int16Array:
    """Read the whole samples of a payload, channels interleaved as they are.

    Parameters
    ----------
    data : bytes-like
        Bytes beyond the last whole sample are left out.
    encoding : str
        A key of ``SAMPLE_BYTES``.

    Returns
    -------
    int16 array, shape (n,)
        Read-only where it is a view of ``data``. Wider integers and floats are rounded to the nearest and clipped;
        8-bit PCM keeps its scale; G.711 is what ITU-T G.191 decodes it to; a float that is no number is 0.
    """
    count = len(data) // SAMPLE_BYTES[encoding]
    if encoding == "s16le":
        samples: Int16Array = np.frombuffer(data, LITTLE_ENDIAN, count)
        return samples if samples.dtype.isnative else samples.astype(np.int16)
    if encoding == "s16be":
        return np.frombuffer(data, BIG_ENDIAN, count).astype(np.int16)
    if encoding in {"alaw", "ulaw"}:
        return g711_levels(encoding)[np.frombuffer(data, np.uint8, count)]
    if encoding == "u8":
        return (np.frombuffer(data, np.uint8, count).astype(np.int16) - 128) * np.int16(256)
    if encoding.startswith("f"):
        values = np.frombuffer(data, "<f4" if encoding == "f32le" else "<f8", count)
        limited = np.clip(np.where(np.isnan(values), 0, values), -1, 1).astype(np.float64)
        return np.minimum(np.rint(limited * 32768), 32767).astype(np.int16)
    return _narrowed(data, encoding, count)


def starts_anew(before: bytes, payload: memoryview, form: AudioFormat) -> bool:
    """Tell whether a block begins with a sample of its own, though bytes before it are no whole one.

    Parameters
    ----------
    before : bytes
        What the block that it adjoins has over.
    payload : memoryview
    form : AudioFormat

    Returns
    -------
    bool
        True if its samples are 8 times as smooth without these bytes: a byte too many or too few would otherwise make
        noise of all that follows. Where samples do not tell, PCM is a stream of bytes.
    """
    if not form.encoding.startswith("s"):
        return False
    some = payload[: PROBED * form.frame_bytes]
    along = read_samples(before + bytes(some), form.encoding)[:: form.channels].astype(np.int32)
    anew = read_samples(some, form.encoding)[:: form.channels].astype(np.int32)
    # the lower bytes of sound of fewer bits are never negative
    if len(anew) < PROBED // 4 or anew.min() >= 0:
        return False
    return bool(8 * (np.abs(np.diff(anew)).mean() + 1) < np.abs(np.diff(along)).mean())


def _narrowed(data: bytes | memoryview, encoding: str, count: int) -> Int16Array:
    """Round 24- or 32-bit integers to their upper 16 bits; a half goes up."""
    width = SAMPLE_BYTES[encoding]
    parts = np.frombuffer(data, np.uint8, count * width).reshape(count, width)
    if encoding.endswith("le"):
        parts = parts[:, ::-1]
    upper = parts[:, 0].astype(np.int8).astype(np.int32) * 256 + parts[:, 1]
    return np.minimum(upper + (parts[:, 2] >> 7), 32767).astype(np.int16)


@lru_cache(maxsize=2)
def g711_levels(law: str) -> Int16Array:
    """Return the 256 values that G.711 decodes to, by code, on the scale of 16 bits.

    Parameters
    ----------
    law : str
        ``alaw`` or ``ulaw``.

    Returns
    -------
    int16 array, shape (256,)
        Of mu-law 255 distinct values (zero has two codes), of A-law 256.
    """
    codes = np.arange(256)
    if law == "ulaw":
        inverted = ~codes & 0xFF
        magnitude = (((inverted & 0x0F) << 3) + 0x84 << (inverted >> 4 & 7)) - 0x84
        return np.where(inverted & 0x80, -magnitude, magnitude).astype(np.int16)
    toggled = codes ^ 0x55
    segment, step = toggled >> 4 & 7, toggled & 0x0F
    magnitude = np.where(segment == 0, (step << 4) + 8, (step << 4) + 0x108 << np.maximum(segment - 1, 0))
    return np.where(toggled & 0x80, magnitude, -magnitude).astype(np.int16)
