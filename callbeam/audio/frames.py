"""The grid of 25 ms frames every 10 ms on a leg's clock, and the blocks in which frames are analysed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.errors import CallbeamError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.audio.channel import Channel

Float32Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

HOPS_PER_SECOND = 100
HOP_MS = 1000 // HOPS_PER_SECOND
BLOCK_FRAMES = 800
"""Frames analysed at once: 8 s at any rate. Enough that numpy's calls cost little beside their work, few enough that
what they work on stays in cache."""

FULL_SCALE = 32768.0
"""What a sample of 1.0 is in 16-bit PCM."""


class UnsupportedSampleRateError(CallbeamError):
    """A channel's sample rate has no 10 ms grid of whole samples, or lies outside what speech features need."""


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """Lengths in samples of everything that is framed, for one sample rate.

    Frame ``k`` stands for the hop interval [k * hop, (k + 1) * hop) of the leg's samples. Its 25 ms frame and its 40 ms
    pitch window are both centred on that interval; outside the audio they see zeros.

    Attributes
    ----------
    hop : int
        10 ms.
    frame_length : int
        25 ms: 200 samples at 8 kHz. At 44.1 kHz 1103, so that the frame centres on its hop.
    fft_length : int
        The power of two from ``frame_length`` on: 256 at 8 kHz, 31.25 Hz per bin.
    pitch_length : int
        40 ms, with the parity of ``hop``.
    """

    sample_rate_hz: int
    hop: int
    frame_length: int
    fft_length: int
    pitch_length: int

    @property
    def frame_lead(self) -> int:
        """How many samples before its hop interval a frame begins: 60 at 8 kHz."""
        return (self.frame_length - self.hop) // 2

    @property
    def block_lead(self) -> int:
        """How many samples before its first hop interval, and after its last, a block's samples reach."""
        return (self.pitch_length - self.hop) // 2


@lru_cache(maxsize=16)
def frame_grid(sample_rate_hz: int) -> FrameGrid:
    """Return the frame grid of a sample rate.

    Raises
    ------
    UnsupportedSampleRateError
        If 10 ms are no whole number of samples, or the rate lies outside 8 to 192 kHz.

    Examples
    --------
    >>> frame_grid(8000)
    FrameGrid(sample_rate_hz=8000, hop=80, frame_length=200, fft_length=256, pitch_length=320)
    """
    if sample_rate_hz % HOPS_PER_SECOND or not 8000 <= sample_rate_hz <= 192_000:
        raise UnsupportedSampleRateError(
            f"cannot analyse audio at {sample_rate_hz} Hz: the rate must be a multiple of 100 Hz between 8000 and "
            "192000 Hz; resample the track, or leave it out"
        )
    hop = sample_rate_hz // HOPS_PER_SECOND
    frame_length = _centred_length(0.025 * sample_rate_hz, hop)
    return FrameGrid(
        sample_rate_hz=sample_rate_hz,
        hop=hop,
        frame_length=frame_length,
        fft_length=1 << (frame_length - 1).bit_length(),
        pitch_length=_centred_length(0.040 * sample_rate_hz, hop),
    )


def _centred_length(samples: float, hop: int) -> int:
    """Round a length up to a whole number of the same parity as the hop, so that it can centre on a hop interval."""
    length = int(np.ceil(samples))
    return length + (length - hop) % 2


def hann_window(length: int) -> npt.NDArray[np.float64]:
    """Return the periodic Hann window, float64, shape (length,): ``scipy.signal.get_window("hann", length)``."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length))


def covered_between(covered: npt.NDArray[np.int64], edges: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Count the covered samples between neighbouring edges.

    Parameters
    ----------
    covered : int64 array, shape (k, 2)
        Sorted, disjoint [start, end) intervals of sample indices.
    edges : int64 array, shape (n + 1,)
        Rising sample indices.

    Returns
    -------
    int64 array, shape (n,)

    Examples
    --------
    >>> covered_between(np.array([[5, 20], [25, 40]]), np.array([0, 10, 20, 30])).tolist()
    [5, 10, 5]
    """
    if not len(covered):
        return np.zeros(len(edges) - 1, dtype=np.int64)
    # The count of covered samples before an index is piecewise linear with slopes 0 and 1: interpolation is exact.
    lengths = covered[:, 1] - covered[:, 0]
    counts = np.zeros(2 * len(covered))
    counts[1::2] = np.cumsum(lengths)
    counts[2::2] = counts[1:-1:2]
    before = np.interp(edges, covered.ravel(), counts)
    return np.diff(before).astype(np.int64)


@dataclass(frozen=True, slots=True)
class FrameSpan:
    """The frames that a channel's samples reach, and which of them mean something.

    Attributes
    ----------
    first : int
        Index of the first frame on the leg's grid.
    measured : bool array, shape (n,)
        Whether a frame's hop interval is covered by audio; the others are masked, neither silence nor speech.
    present : bool array, shape (n,)
        Whether any audio lies in the hop interval.
    core : slice
        The frames that the piece answers for.
    """

    first: int
    measured: BoolArray
    present: BoolArray
    core: slice


def frame_span(channel: Channel, grid: FrameGrid) -> FrameSpan:
    """Find which frames a channel has: ``ceil(n / hop)`` for n samples from the leg's sample 0.

    The last hop interval of a leg's audio is rarely full. What lies beyond the end of the core is no gap, so that frame
    is measured over zero padding, as long as audio fills the interval up to there.
    """
    hop = grid.hop
    first = channel.first_sample // hop
    last = max(first, -(-(channel.first_sample + len(channel.samples)) // hop))
    edges = np.arange(first, last + 1, dtype=np.int64) * hop
    counts = covered_between(channel.covered, edges)
    needed = np.where(
        (edges[:-1] < channel.core_end) & (channel.core_end < edges[1:]), channel.core_end - edges[:-1], hop
    )
    core_first = min(max(channel.core_start // hop, first), last)
    core_last = min(max(-(-channel.core_end // hop), core_first), last)
    return FrameSpan(first, counts >= needed, counts > 0, slice(core_first - first, core_last - first))


@dataclass(frozen=True, slots=True)
class Run:
    """Some of a frame's samples in a row, that lie in one hop of a block.

    Attributes
    ----------
    frame : slice
        Which of the frame's samples.
    hop : slice
        Which of the hop's.
    shift : int
        In which hop from the frame's index in the block on.
    """

    frame: slice
    hop: slice
    shift: int


@lru_cache(maxsize=64)
def frame_runs(grid: FrameGrid, length: int) -> tuple[Run, ...]:
    """Return where in a block's hops the samples of a frame lie that is centred on its hop interval.

    One of another parity than the hop is the frame that is a sample longer, without its last.

    Examples
    --------
    >>> [(run.frame.start, run.hop.start, run.shift) for run in frame_runs(frame_grid(8000), 200)]
    [(0, 60, 0), (20, 0, 1), (100, 0, 2), (180, 0, 3)]
    """
    runs = []
    done, begin = 0, grid.block_lead - (length - grid.hop + 1) // 2
    while done < length:
        shift, at = divmod(begin + done, grid.hop)
        count = min(grid.hop - at, length - done)
        runs.append(Run(slice(done, done + count), slice(at, at + count), shift))
        done += count
    return tuple(runs)


@dataclass(frozen=True, slots=True)
class Block:
    """``BLOCK_FRAMES`` frames' worth of samples, at a fixed place of the leg's grid.

    Blocks lie on a grid from the leg's sample 0 and always have their full size, so that a frame's value depends
    neither on where a piece begins nor on how much of a leg is analysed at once.

    Samples stand hop beside hop, so that a frame is a column, and the same sample of all frames a row that lies in one
    stretch of memory (``Run``). What is made of frames keeps this order: sums over a frame then run along whole rows.

    Attributes
    ----------
    first : int
        Index of the block's first frame on the leg's grid, a multiple of ``BLOCK_FRAMES``.
    hops : float32 array, shape (hop, n)
        From ``block_lead`` samples before the first frame's hop interval on, in [-1, 1); zeros where there is no audio.
        Reused by the next block.
    squares : float32 array, shape (hop, n)
        Those of ``hops``.
    """

    first: int
    hops: Float32Array
    squares: Float32Array

    def row_of(self, run: Run) -> Float32Array:
        """Return a run of all frames, a view of shape (samples in the run, BLOCK_FRAMES)."""
        return self.hops[run.hop, run.shift : run.shift + BLOCK_FRAMES]


def blocks(channel: Channel, grid: FrameGrid) -> Iterator[Block]:
    """Yield the blocks that hold any audio of a channel, in order."""
    count = BLOCK_FRAMES + -(-2 * grid.block_lead // grid.hop)
    samples = np.empty(count * grid.hop, dtype=np.int16)
    hops = np.empty((grid.hop, count), dtype=np.float32)
    squares = np.empty_like(hops)
    block_samples = BLOCK_FRAMES * grid.hop
    end = channel.first_sample + len(channel.samples)
    first_block = channel.first_sample // block_samples
    edges = np.arange(first_block, max(first_block, -(-end // block_samples)) + 1, dtype=np.int64) * block_samples
    for start, covered in zip(edges[:-1].tolist(), covered_between(channel.covered, edges).tolist(), strict=True):
        if not covered:
            continue
        begin = start - grid.block_lead - channel.first_sample
        low, high = max(begin, 0), min(begin + len(samples), len(channel.samples))
        samples[: low - begin] = 0
        samples[high - begin :] = 0
        samples[low - begin : high - begin] = channel.samples[low:high]
        np.multiply(samples.reshape(count, grid.hop).T, np.float32(1 / FULL_SCALE), out=hops)
        np.multiply(hops, hops, out=squares)
        yield Block(start // grid.hop, hops, squares)
