"""Where a file is cut into row groups, and which of its columns a dictionary makes smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SAMPLE_ROWS = 8192
"""Rows that decide whether a column gets a dictionary; rows are sorted, so values that repeat do so nearby."""


def row_bytes(array: Any) -> NDArray[np.int64]:
    """Return the uncompressed size of each value of an Arrow array.

    It is counted from types and lengths, not from buffers, whose sizes depend on how the array came about: the same
    rows must be cut at the same place however they were put together.

    Parameters
    ----------
    array : pyarrow.Array

    Returns
    -------
    ndarray of int64, shape (len(array),)
        Bytes.

    Raises
    ------
    TypeError
        For types that no table has.
    """
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        lengths = pc.fill_null(pc.binary_length(array), 0)
        return np.asarray(lengths.to_numpy(zero_copy_only=False), dtype=np.int64) + 4
    if pa.types.is_map(kind):
        # Both halves share the map's offsets.
        halves = (pa.ListArray.from_arrays(array.offsets, half) for half in (array.keys, array.items))
        return _sum([row_bytes(half) for half in halves])
    if pa.types.is_list(kind):
        offsets = array.offsets.to_numpy()
        width = _width(kind.value_type)
        if width is not None:  # no need of the size of each: there may be millions
            sizes: NDArray[np.int64] = np.diff(offsets).astype(np.int64) * width + 4
        else:
            ends = np.concatenate([[0], np.cumsum(row_bytes(array.values))])
            sizes = ends[offsets[1:]] - ends[offsets[:-1]] + 4
        return sizes
    if pa.types.is_struct(kind):
        return _sum([row_bytes(field) for field in array.flatten()])
    width = _width(kind)
    if width is not None:
        return np.full(len(array), width, dtype=np.int64)
    raise TypeError(f"the size of {kind} is not known here; add it")


def _width(kind: pa.DataType) -> int | None:
    """Return the bytes of each value of a type, None where values differ."""
    return max(1, kind.bit_width // 8) if pa.types.is_primitive(kind) else None


def _sum(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    total: NDArray[np.int64] = np.sum(parts, axis=0, dtype=np.int64)
    return total


def table_row_bytes(data: pa.Table) -> NDArray[np.int64]:
    """Return the uncompressed size of each row in bytes, shape (rows,)."""
    total = np.zeros(data.num_rows, dtype=np.int64)
    for column in data.columns:
        begin = 0
        for chunk in column.chunks:
            total[begin : begin + len(chunk)] += row_bytes(chunk)
            begin += len(chunk)
    return total


def row_groups(sizes: NDArray[np.int64], limit: int) -> Iterator[tuple[int, int]]:
    """Cut rows into groups of at most so many bytes, each as long as possible; a larger row has its own.

    Parameters
    ----------
    sizes : ndarray of int64, shape (rows,)
        Bytes of each row.
    limit : int
        Bytes.

    Yields
    ------
    begin, end : int
        Half-open range of rows.
    """
    ends = np.cumsum(sizes)
    begin = 0
    while begin < len(sizes):
        before = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, before + limit, side="right")))
        yield begin, end
        begin = end


def dictionary_columns(data: pa.Table) -> list[str]:
    """Return the Parquet paths of the leaf columns in which at least every other value is a repeat.

    Where values do not repeat (measured floats), a dictionary made files half as large again.
    """
    sample = data.slice(0, SAMPLE_ROWS).combine_chunks()
    return [
        path
        for column, field in zip(sample.columns, data.schema, strict=True)
        for chunk in column.chunks
        for path, leaf in _leaves(field.name, chunk)
        if 2 * pc.count_distinct(leaf, mode="only_valid").as_py() <= len(leaf) - leaf.null_count > 0
    ]


def _leaves(path: str, array: Any) -> Iterator[tuple[str, Any]]:
    kind = array.type
    if pa.types.is_map(kind):
        yield from _leaves(f"{path}.key_value.key", array.keys)
        yield from _leaves(f"{path}.key_value.value", array.items)
    elif pa.types.is_list(kind):
        yield from _leaves(f"{path}.list.element", array.flatten())
    elif pa.types.is_struct(kind):
        for field, values in zip(kind, array.flatten(), strict=True):
            yield from _leaves(f"{path}.{field.name}", values)
    else:
        yield path, array
