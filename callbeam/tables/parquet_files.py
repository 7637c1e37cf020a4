"""A table's rows as one Parquet file, always the same bytes for the same rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from callbeam.errors import JobError
from callbeam.tables.audio_columns import audio_columns, audio_options, audio_row_bytes, huggingface_metadata
from callbeam.tables.row_groups import dictionary_columns, row_groups, table_row_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.schemas import Table

ROW_GROUP_BYTES = 128 * 1024**2
"""Most uncompressed bytes of a row group: what a reader holds at once."""

COMPRESSION_LEVEL = 3


class TableError(JobError):
    """Rows do not fit their table."""


def encode_table(table: Table, data: pa.Table | pa.RecordBatch) -> memoryview:
    """Encode rows as a Parquet file: the schema exactly, sorted by key, the same bytes for the same rows.

    Parameters
    ----------
    table : Table
    data : pyarrow.Table or pyarrow.RecordBatch
        All columns of the table, in any order; types are cast where nothing is lost.

    Returns
    -------
    memoryview
        The file. Its key-value metadata hold the schema's version and what each column means.

    Raises
    ------
    TableError
        If a column is missing, unknown, of another type or NULL where it must not be, or if two rows share a key.
    """
    rows = _sorted(table, _fitted(table, data))
    _refuse_duplicates(table, rows)
    sink = pa.BufferOutputStream()
    with open_writer(table, sink, rows, order=table.key) as writer:
        for group in grouped(table, rows, ROW_GROUP_BYTES):
            writer.write_table(group, row_group_size=group.num_rows)
    return memoryview(sink.getvalue())


def open_writer(table: Table, sink: Any, sample: pa.Table, *, order: Sequence[str]) -> pq.ParquetWriter:
    """Open a Parquet file for writing.

    Parameters
    ----------
    table : Table
    sink : file-like
    sample : pyarrow.Table
        The first rows, which decide what columns get a dictionary.
    order : sequence of str
        Columns by which all rows will be sorted.
    """
    options: dict[str, Any] = {
        "compression": "zstd",
        "compression_level": COMPRESSION_LEVEL,
        "use_dictionary": dictionary_columns(sample),
        "write_statistics": True,
    }
    if audio_columns(table):
        options = audio_options(table, options)
    schema = table.schema.with_metadata(table_metadata(table))
    sorting = pq.SortingColumn.from_ordering(schema, [(name, "ascending") for name in order])
    return pq.ParquetWriter(sink, schema, write_page_index=True, sorting_columns=sorting, **options)


def grouped(table: Table, rows: pa.Table, limit: int) -> Iterator[pa.Table]:
    """Cut rows of a table into row groups of at most so many uncompressed bytes.

    Yields
    ------
    pyarrow.Table
        With one chunk a column: where a dictionary ends depends on chunks, and they on how the rows came together.
    """
    sizes = table_row_bytes(rows)
    if audio_columns(table):
        sizes, most = audio_row_bytes(sizes)
        limit = min(limit, most)
    for begin, end in row_groups(sizes, limit):
        yield rows.slice(begin, end - begin).combine_chunks()


def table_metadata(table: Table) -> dict[bytes, bytes]:
    """Return what a file says of itself; nothing that a clock knows."""
    meanings = {column.name: column.meaning for column in table.columns}
    return {
        b"callbeam.table": table.name.encode(),
        b"callbeam.row": table.row.encode(),
        b"callbeam.key": ",".join(table.key).encode(),
        b"callbeam.schema_version": str(table.version).encode(),
        b"callbeam.columns": json.dumps(meanings, ensure_ascii=False).encode(),
        **huggingface_metadata(table),
    }


def _fitted(table: Table, data: pa.Table | pa.RecordBatch) -> pa.Table:
    """Cast to the table's schema, or say which column does not fit."""
    known = {column.name for column in table.columns}
    if unknown := sorted(set(data.schema.names) - known):
        raise TableError(f"table {table.name} has no column {unknown[0]!r}")
    columns = []
    for field in table.schema:
        if data.schema.names.count(field.name) != 1:
            raise TableError(f"table {table.name}: column {field.name!r} is missing from the rows, or there twice")
        column = data.column(field.name)
        try:
            column = column.cast(field.type)
        except pa.ArrowException as error:
            raise TableError(
                f"table {table.name}: column {field.name!r} is {field.type}, and its values "
                f"({column.type}) do not fit: {error}"
            ) from error
        if not field.nullable and column.null_count:
            raise TableError(f"table {table.name}: column {field.name!r} must not be NULL, and is in a row")
        columns.append(column)
    return pa.table(columns, schema=table.schema.with_metadata(table_metadata(table)))


def _sorted(table: Table, rows: pa.Table) -> pa.Table:
    order = pc.sort_indices(
        rows, sort_keys=[(name, "ascending") for name in table.key]
    )  # NULLs last, as sorting_columns says
    if np.array_equal(order.to_numpy(), np.arange(len(order))):
        return rows
    return rows.take(order)


def _refuse_duplicates(table: Table, rows: pa.Table) -> None:
    """Refuse two rows with one key; they are neighbours, and NULLs in a key count as equal."""
    if rows.num_rows < 2:
        return
    same: Any = None
    for name in table.key:
        column = rows.column(name)
        above, below = column.slice(0, len(column) - 1), column.slice(1)
        equal = pc.or_(pc.fill_null(pc.equal(above, below), False), pc.and_(above.is_null(), below.is_null()))
        same = equal if same is None else pc.and_(same, equal)
    if pc.any(same).as_py():
        row = rows.slice(pc.index(same, True).as_py(), 1).select(table.key).to_pylist()[0]
        key = ", ".join(f"{name}={value}" for name, value in row.items())
        raise TableError(f"table {table.name}: two rows share the key {key}")
