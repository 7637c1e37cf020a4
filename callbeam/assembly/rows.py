"""Rows that an earlier step has measured, completed to all columns of their table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from callbeam.schemas import Table


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
    return pa.RecordBatch.from_arrays([columns[name] for name in table.schema.names], schema=table.schema)
