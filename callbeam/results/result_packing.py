"""Results as bytes: pickled and compressed; read back, they make plain values and nothing else."""

from __future__ import annotations

import io
import pickle
from dataclasses import is_dataclass
from enum import Enum
from typing import Any

import pyarrow as pa

_COMPRESSION = "zstd"

_ARRAYS = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
}
"""What pickles of arrays and their scalars name, in numpy 2 and 1."""


def pack_result(result: object) -> bytes:
    """Encode a result: dataclasses, tuples and enumerations of callbeam's own, arrays, and plain Python values."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, _COMPRESSION) as compressed:
        compressed.write(pickle.dumps(result, pickle.HIGHEST_PROTOCOL))
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def unpack_result(packed: bytes) -> Any:
    """Decode what ``pack_result`` made.

    Raises
    ------
    ValueError
        If it is anything else. Whoever may write to an output must not be able to run code in its workers.
    """
    try:
        with pa.CompressedInputStream(pa.BufferReader(packed), _COMPRESSION) as stream:
            return _Values(io.BytesIO(stream.read())).load()
    except (OSError, EOFError, pickle.UnpicklingError, AttributeError, ImportError, IndexError, TypeError) as error:
        raise ValueError(f"it is not a result that was kept: {error}") from error


class _Values(pickle.Unpickler):
    """Makes instances of callbeam's own value types and arrays; calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        found = None
        if (module, name) in _ARRAYS or (module.startswith("callbeam.") and "." not in name):
            found = super().find_class(module, name)
        own = isinstance(found, type) and (is_dataclass(found) or issubclass(found, (tuple, Enum)))
        if not own and (module, name) not in _ARRAYS:
            raise pickle.UnpicklingError(f"{module}.{name} is no value")
        return found
