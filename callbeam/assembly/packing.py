"""Rows on their way through a shuffle: Arrow's own stream format, compressed.

A runner holds what crosses a shuffle in memory, several times over, and most of these rows' strings are the same ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.ipc

from callbeam.audio import columns_batch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.schemas import Table

_COMPRESSION = "zstd"  # of the whole stream: of a short call's rows, the schema is most
_BATCHES_AT_ONCE = 32


def pack(batch: pa.RecordBatch) -> bytes:
    """Encode a batch."""
    sink = pa.BufferOutputStream()
    with (
        pa.CompressedOutputStream(sink, _COMPRESSION) as compressed,
        pa.ipc.new_stream(compressed, batch.schema) as rows,
    ):
        rows.write_batch(batch)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def unpack(packed: bytes) -> pa.RecordBatch:
    """Decode what ``pack`` made."""
    with pa.CompressedInputStream(pa.BufferReader(packed), _COMPRESSION) as stream, pa.ipc.open_stream(stream) as rows:
        return rows.read_next_batch()


def unpack_all(packed: Iterable[bytes], schema: pa.Schema) -> pa.Table:
    """Decode what ``pack`` made of some batches of one schema, into one table in few chunks.

    A column of a batch takes half a kilobyte beside its values: of short calls' batches that is most.
    """
    chunks: list[pa.RecordBatch] = []
    held: list[pa.RecordBatch] = []
    for one in packed:
        held.append(unpack(one))
        if len(held) == _BATCHES_AT_ONCE:
            chunks += _joined(held, schema)
            held = []
    return pa.Table.from_batches([*chunks, *_joined(held, schema)], schema=schema)


def _joined(batches: list[pa.RecordBatch], schema: pa.Schema) -> list[pa.RecordBatch]:
    joined: list[pa.RecordBatch] = pa.Table.from_batches(batches, schema=schema).combine_chunks().to_batches()
    return joined


def complete(table: Table, batch: pa.RecordBatch, job_id: str, **added: pa.Array) -> pa.RecordBatch:
    """Add the columns that only the job knows.

    Parameters
    ----------
    table : Table
    batch : pyarrow.RecordBatch
        The table's columns, save ``job_id`` and those added.
    job_id : str
    **added : pyarrow.Array
        Further columns by name.
    """
    columns = {name: batch.column(name) for name in batch.schema.names}
    columns |= {"job_id": pa.array([job_id] * batch.num_rows, pa.string()), **added}
    return columns_batch(columns, table.schema)
