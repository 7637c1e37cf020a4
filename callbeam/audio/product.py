"""Matrix products whose bits do not depend on how many threads BLAS has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callbeam.audio.frames import Float32Array

_ROWS = 25
"""Rows in one product: OpenBLAS spreads larger ones over threads, which costs more here than it gains."""


def product(rows: Float32Array, matrix: Float32Array) -> Float32Array:
    """Multiply rows, shape (n, k) with n a multiple of 25, with a matrix of shape (k, m), 25 rows at a time."""
    stacked = rows.reshape(-1, _ROWS, rows.shape[1]) @ matrix
    return stacked.reshape(len(rows), matrix.shape[1])
