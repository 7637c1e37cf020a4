"""Products are alike on the kernels that OpenBLAS has for one CPU or another, whatever stands beside a column."""

import os
import platform
import signal
import subprocess
import sys

import numpy as np
import pytest

from callbeam.audio.reproducible_matmul import LANES, matmul

SHAPES = ((1, 64), (3, 129), (8, 20), (10, 320), (13, 64), (16, 80), (123, 10), (126, 11))
WIDTHS = (1, 2, 5, 9, 20, 28, 50)  # in groups of LANES


def differing():
    """Return the shapes and widths at which equal columns give different results, or not those of themselves alone."""
    random = np.random.default_rng(1)
    found = []
    for shape in SHAPES:
        matrix = random.standard_normal(shape, dtype=np.float32)
        columns = random.standard_normal((shape[1], LANES), dtype=np.float32)
        alone = matmul(matrix, columns)
        found += [
            (*shape, groups)
            for groups in WIDTHS
            if not np.array_equal(matmul(matrix, np.tile(columns, groups)), np.tile(alone, groups))
        ]
    return found


def test_a_column_is_the_same_wherever_it_stands():
    assert not differing()


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="these are kernels for x86-64")
@pytest.mark.parametrize("core", ["Haswell", "Zen", "SkylakeX", "Sandybridge", "Nehalem"])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_it_is_so_on_other_cores(core, threads):
    environment = {**os.environ, "OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": threads}
    process = subprocess.run([sys.executable, __file__], env=environment, check=False)
    if process.returncode == -signal.SIGILL:
        pytest.skip(f"this CPU cannot run the kernels for {core}")
    assert process.returncode == 0


def test_a_product_is_that_of_numpy():
    random = np.random.default_rng(2)
    matrix, columns = random.standard_normal((13, 64)), random.standard_normal((64, 1003))
    product = matmul(matrix.astype(np.float32), columns.astype(np.float32))
    np.testing.assert_allclose(product, matrix @ columns, rtol=1e-4, atol=1e-4)


if __name__ == "__main__":
    sys.exit(str(differing()) if differing() else 0)
