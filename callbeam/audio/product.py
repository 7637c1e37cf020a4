"""Matrix products whose bits do not depend on how many threads BLAS has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from callbeam.audio.frames import Float32Array

_MULTIPLICATIONS = 1 << 18
"""In one product: OpenBLAS spreads larger ones over threads, which costs more here than it gains."""


def product(matrix: Float32Array, columns: Float32Array) -> Float32Array:
    """Multiply a matrix, shape (m, k), with columns, shape (k, n), as many columns at a time as stay in one thread."""
    result = np.empty((len(matrix), columns.shape[1]), dtype=np.float32)
    at_once = max(_MULTIPLICATIONS // matrix.size, 1)
    for at in range(0, columns.shape[1], at_once):
        some = slice(at, at + at_once)
        np.matmul(matrix, columns[:, some], out=result[:, some])
    return result
