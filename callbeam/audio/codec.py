"""Payload bytes to samples. What a payload is, ``callbeam.calls.formats`` tells: placement needs it too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.calls.formats import PcmFormat, is_audio, pcm_format

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["PcmFormat", "is_audio", "pcm_format", "read_pcm"]


def read_pcm(
    data: bytes | memoryview, ranges: Sequence[tuple[int, int]], *, big_endian: bool = False
) -> npt.NDArray[np.int16]:
    """Read 16-bit mono PCM from byte ranges of a document, one after the other.

    Parameters
    ----------
    data : bytes-like
        The document.
    ranges : sequence of (int, int)
        Half-open byte ranges of even length, in order.

    Returns
    -------
    int16 array, shape (n,)
        Read-only where it is a view of ``data``.
    """
    sample = ">i2" if big_endian else "<i2"
    if len(ranges) == 1:
        start, end = ranges[0]
        pcm = np.frombuffer(data, sample, (end - start) // 2, start)
    else:
        pcm = np.frombuffer(b"".join([data[start:end] for start, end in ranges]), sample)
    return pcm.astype(np.int16, copy=False)
