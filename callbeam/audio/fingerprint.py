"""What a channel's samples are, in a few bytes a second: tells copies of one sound that differ at their edges.

The samples are cut where they themselves say so (content-defined chunking, as in the Low-Bandwidth Network File System,
Muthitacharoen et al., 2001), and each chunk is named by a digest: two copies have the same chunks but for those that
lie at an edge of one of them.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

CHUNK_SAMPLES = 1 << 14
"""How far cuts lie apart on average, beyond the least: two seconds of telephone audio."""

LEAST_SAMPLES = 1 << 11
"""How close they may lie at least: quiet lines repeat the same few samples, and would be cut to dust."""

CHUNK = np.dtype([("digest", "<u8"), ("begin", "<u4"), ("end", "<u4")])
"""A chunk: what it is, and where its first sample and the one after its last lie."""

_WIDTH = 16  # samples that decide over a cut: on a quiet line, fewer would be among a handful of patterns
_FACTOR = 0x9E3779B1
_BLOCK = 1 << 16  # samples looked at together: temporary arrays stay in the cache


def fingerprint(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.void]:
    """Name the chunks of a channel's samples.

    Parameters
    ----------
    samples : int16 array, shape (n,)

    Returns
    -------
    CHUNK array, shape (k,)
        The chunks between cuts, in order; their places as indices into ``samples``. None for what is shorter than
        some seconds, and for samples that do not change.
    """
    cuts = _cuts(samples)
    chunks = np.zeros(max(len(cuts) - 1, 0), CHUNK)
    for i, (begin, end) in enumerate(pairwise(cuts)):
        chunk = np.ascontiguousarray(samples[begin:end], "<i2").data
        chunks[i] = int.from_bytes(hashlib.sha256(chunk).digest()[:8], "little"), begin, end
    return chunks


def _cuts(samples: npt.NDArray[np.int16]) -> list[int]:
    """Return the indices before which the samples are cut: each depends on the few samples from it on."""
    cuts: list[int] = []
    for start in range(0, len(samples) - _WIDTH + 1, _BLOCK):
        block = samples[start : start + _BLOCK + _WIDTH - 1]
        # what does not change says nothing of where it lies; silence would be cut everywhere
        chosen = (_mixed(block) < (1 << 32) // CHUNK_SAMPLES) & ~_unchanging(block)
        for at in (np.flatnonzero(chosen) + start).tolist():
            if not cuts or at - cuts[-1] >= LEAST_SAMPLES:
                cuts.append(at)
    return cuts


def _mixed(block: npt.NDArray[np.int16]) -> npt.NDArray[np.uint32]:
    """Hash the samples from each index on, ``_WIDTH`` of them."""
    mixed = block.astype(np.uint32)
    span = 1
    while span < _WIDTH:  # a polynomial hash of 2, 4, 8, 16 samples
        following = mixed[span:] * np.uint32(pow(_FACTOR, span, 1 << 32))
        following += mixed[:-span]
        mixed = following
        span *= 2
    mixed ^= mixed >> 15
    mixed *= np.uint32(_FACTOR)
    return mixed


def _unchanging(block: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Tell of each index whether the ``_WIDTH`` samples from it on are all the same."""
    same: npt.NDArray[np.bool_] = block[1:] == block[:-1]
    for span in (1, 2, 4, _WIDTH - 9):  # over 2, 4, 8, and then all 15 pairs
        same = same[:-span] & same[span:]
    return same
