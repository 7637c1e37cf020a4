"""Matrix products whose bits do not depend on how many threads BLAS has, nor on what stands beside a column."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from callbeam.audio.frames import BLOCK_FRAMES, Float32Array, FrameGrid, frame_runs

_MULTIPLICATIONS = 1 << 18
"""In one product: OpenBLAS spreads larger ones over threads, which costs more here than it gains."""

LANES = 16
"""Columns are computed in whole vector registers: what is left over is rounded differently, by where a piece begins."""


def matmul(matrix: Float32Array, columns: Float32Array) -> Float32Array:
    """Multiply a matrix, shape (m, k), with columns, shape (k, n).

    A column's result is the same wherever it stands among whole groups of ``LANES``.

    Parameters
    ----------
    matrix, columns : float32 arrays, shapes (m, k) and (k, n)

    Returns
    -------
    float32 array, shape (m, n)
    """
    result = np.empty((len(matrix), columns.shape[1]), dtype=np.float32)
    at_once = _columns_at_once(*matrix.shape)
    for at in range(0, columns.shape[1], at_once):
        some = slice(at, at + at_once)
        np.matmul(matrix, columns[:, some], out=result[:, some])
    return result


@lru_cache(maxsize=256)
def _columns_at_once(rows: int, inner: int) -> int:
    """Return how many columns to multiply at a time with a matrix of this shape: as many as stay in one thread.

    OpenBLAS's kernels for some CPUs (AVX2's, from 13 rows on) round a column differently in another place of the same
    product. There are fewer at a time then, which is tried out once for each shape.
    """
    random = np.random.default_rng(0)
    matrix, columns = (random.standard_normal(shape, dtype=np.float32) for shape in ((rows, inner), (inner, LANES)))
    alone = matrix @ columns
    groups = max(_MULTIPLICATIONS // (rows * inner * LANES), 1)
    while groups > 1 and not np.array_equal(matrix @ np.tile(columns, groups), np.tile(alone, groups)):
        groups //= 2
    return groups * LANES


class FrameSums:
    """Weighted sums over the samples of each of a block's frames.

    Each hop is multiplied once with all the weights it can have; a frame's sum is that of its hops'. A frame of four
    hops would else read each sample four times.

    Parameters
    ----------
    grid : FrameGrid
    weights : float64 array, shape (m, length)
        Of the samples of frames of this length.
    """

    def __init__(self, grid: FrameGrid, weights: npt.NDArray[np.float64]) -> None:
        self._count, length = weights.shape
        self._runs = frame_runs(grid, length)
        by_run = np.zeros((len(self._runs), self._count, grid.hop), dtype=np.float32)
        for matrix, run in zip(by_run, self._runs, strict=True):
            matrix[:, run.hop] = weights[:, run.frame]
        self._matrix = by_run.reshape(-1, grid.hop)

    def of(self, hops: Float32Array) -> Float32Array:
        """Return the sums, shape (m, BLOCK_FRAMES), of ``Block.hops`` or ``Block.squares``."""
        by_run = matmul(self._matrix, hops).reshape(len(self._runs), self._count, -1)
        total = np.zeros((self._count, BLOCK_FRAMES), dtype=np.float32)
        for sums, run in zip(by_run, self._runs, strict=True):
            total += sums[:, run.shift : run.shift + BLOCK_FRAMES]
        return total
