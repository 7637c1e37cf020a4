"""Batches packed one by one come back as one table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from callbeam.assembly import Keyed, call_parts, gather, pack_rows, scatter, unpack_all, unpack_rows


@pytest.mark.parametrize("count", [0, 1, 32, 100])
def test_many_small_batches_make_one_table_in_few_chunks(count: int) -> None:
    schema = pa.schema({"number": pa.int32(), "name": pa.string()})
    rows = [{"number": number, "name": None if number % 3 else str(number)} for number in range(count)]
    table = unpack_all((pack_rows([pa.RecordBatch.from_pylist([row], schema)]) for row in rows), schema)
    assert table.schema == schema
    assert table.to_pylist() == rows
    assert table["number"].num_chunks <= count // 32 + 1


def test_what_is_gathered_comes_apart_by_call() -> None:
    parts = [Keyed("a", "x", b"1"), Keyed("b", "x", (2, 3)), Keyed("a", "y", np.arange(3)), Keyed("a", "x", b"1")]
    gathered = list(gather(parts))
    assert [(one.call_key, one.kind) for one in gathered] == [("a", call_parts.GATHERED), ("b", call_parts.GATHERED)]
    apart = [part for one in gathered for part in scatter(one)]
    assert [(part.call_key, part.kind) for part in apart] == [("a", "x"), ("a", "y"), ("a", "x"), ("b", "x")]
    assert apart[0].value == b"1"
    assert apart[1].value.tolist() == [0, 1, 2]
    assert apart[3].value == (2, 3)


def test_other_parts_are_left_alone() -> None:
    part = Keyed("a", "x", b"1")
    assert list(scatter(part)) == [part]
    assert list(gather([])) == []


@pytest.mark.parametrize("numbers", [[[]], [[], []], [[1], [], [2, 3]]])
def test_batches_come_back_as_one(numbers: list[list[int]]) -> None:
    schema = pa.schema({"number": pa.int32()})
    batches = [pa.record_batch([pa.array(some, pa.int32())], schema=schema) for some in numbers]
    batch = unpack_rows(pack_rows(batches), schema)
    assert batch.schema == schema
    assert batch["number"].to_pylist() == [number for some in numbers for number in some]
