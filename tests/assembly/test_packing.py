"""Batches packed one by one come back as one table."""

from __future__ import annotations

import pyarrow as pa
import pytest

from callbeam.assembly import pack, unpack_all


@pytest.mark.parametrize("count", [0, 1, 32, 100])
def test_many_small_batches_make_one_table_in_few_chunks(count: int) -> None:
    schema = pa.schema({"number": pa.int32(), "name": pa.string()})
    rows = [{"number": number, "name": None if number % 3 else str(number)} for number in range(count)]
    table = unpack_all((pack(pa.RecordBatch.from_pylist([row], schema)) for row in rows), schema)
    assert table.schema == schema
    assert table.to_pylist() == rows
    assert table["number"].num_chunks <= count // 32 + 1
