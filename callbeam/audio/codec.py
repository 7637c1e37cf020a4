"""Payload bytes to samples. What a payload is, ``callbeam.calls.formats`` tells: placement needs it too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.calls.formats import PcmFormat, is_audio, pcm_format

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from callbeam.mkv.document import Block

LITTLE_ENDIAN = np.dtype("<i2")
BIG_ENDIAN = np.dtype(">i2")

__all__ = ["PcmFormat", "is_audio", "pcm_format", "read_pcm"]


def read_pcm(data: bytes | memoryview, blocks: Sequence[Block], *, big_endian: bool = False) -> npt.NDArray[np.int16]:
    """Read 16-bit mono PCM from blocks of a document, one after the other.

    Parameters
    ----------
    data : bytes-like
        The document.
    blocks : sequence of Block
        In order; each of an even size.

    Returns
    -------
    int16 array, shape (n,)
        Read-only where it is a view of ``data``.
    """
    sample = BIG_ENDIAN if big_endian else LITTLE_ENDIAN
    if len(blocks) == 1:
        _, _, start, end = blocks[0]
        pcm: npt.NDArray[np.int16] = np.frombuffer(data, sample, (end - start) // 2, start)
    else:
        pcm = np.frombuffer(b"".join([data[start:end] for _, _, start, end in blocks]), sample)
    return pcm if pcm.dtype.isnative else pcm.astype(np.int16)
