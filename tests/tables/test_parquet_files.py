"""Parquet files as other readers see them, the same bytes for the same rows, and what is refused."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from builders.stores import make_seconds
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.schemas import TABLES, Column, Table
from callbeam.tables import parquet_files
from callbeam.tables.parquet_files import TableError, encode_table
from callbeam.tables.row_groups import dictionary_columns, row_bytes, row_groups, table_row_bytes

if TYPE_CHECKING:
    from pathlib import Path

MIXED = Table(
    name="mixed",
    row="something of every type that a table has",
    key=("name", "part"),
    version=3,
    columns=(
        Column("name", pa.string(), "A name."),
        Column("part", pa.int32(), "A number.", nullable=True),
        Column("at", pa.timestamp("ms", tz="UTC"), "An instant.", nullable=True),
        Column("level", pa.float32(), "A level.", nullable=True),
        Column("flags", pa.list_(pa.string()), "A list.", nullable=True),
        Column("bands", pa.list_(pa.float32()), "Numbers.", nullable=True),
        Column("counts", pa.map_(pa.string(), pa.int64()), "A map."),
        Column("clip", pa.struct([("bytes", pa.binary()), ("path", pa.string())]), "A struct.", nullable=True),
        Column("good", pa.bool_(), "A truth.", nullable=True),
    ),
)


def mixed_rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "name": f"n{number // 3}",
            "part": number % 3 or None,
            "at": number * 1000,
            "level": None if number % 5 == 0 else number / 7,
            "flags": None if number % 4 == 0 else ["x"] * (number % 3),
            "bands": [number / 3, 1.0] if number % 2 else [],
            "counts": [("decoded", number), ("open", 1)],
            "clip": None if number % 3 == 0 else {"bytes": b"RIFF" * number, "path": f"{number}.flac"},
            "good": [True, False, None][number % 3],
        }
        for number in range(count)
    ]


def mixed_table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=MIXED.schema)


def read(content: memoryview) -> pa.Table:
    return pq.read_table(pa.BufferReader(content))


def test_rows_come_back_exactly_and_sorted() -> None:
    rows = mixed_table(mixed_rows(60))
    shuffled = rows.take(np.random.default_rng(3).permutation(60))
    got = read(encode_table(MIXED, shuffled))
    assert got.schema.equals(MIXED.schema)
    by_key = sorted(rows.to_pylist(), key=lambda row: (row["name"], row["part"] is None, row["part"] or 0))
    assert got.to_pylist() == by_key


@settings(deadline=None, max_examples=40)
@given(st.permutations(range(24)), st.lists(st.integers(0, 24), max_size=6), st.booleans())
def test_the_same_rows_give_the_same_bytes(order: list[int], cuts: list[int], reverse_columns: bool) -> None:
    rows = mixed_table(mixed_rows(24))
    edges = sorted({0, 24, *cuts})
    chunks = [rows.take(order[begin:end]) for begin, end in itertools.pairwise(edges)]
    again = pa.concat_tables(chunks)
    if reverse_columns:
        again = again.select(again.column_names[::-1])
    assert encode_table(MIXED, again) == encode_table(MIXED, rows)


def test_the_same_rows_are_cut_into_the_same_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_files, "ROW_GROUP_BYTES", 3000)
    rows = mixed_table(mixed_rows(90))
    pieces = pa.concat_tables([rows.slice(begin, 7) for begin in range(0, 90, 7)])
    content = encode_table(MIXED, rows)
    assert encode_table(MIXED, pieces) == content
    file = pq.ParquetFile(pa.BufferReader(content))
    sizes = [table_row_bytes(file.read_row_group(group)).sum() for group in range(file.num_row_groups)]
    assert file.num_row_groups > 3
    assert max(sizes) <= 3000
    assert file.read().num_rows == 90


def test_large_dictionaries_do_not_tell_how_rows_came_together() -> None:
    """Where a dictionary grows too large its column falls back, and that is only looked at between chunks."""
    table = Table("large", "a row", ("name", "part"), (MIXED.columns[0], MIXED.columns[1]))
    numbers = np.arange(300_000)
    rows = pa.table({"name": [f"n{number // 3:012d}" for number in numbers], "part": numbers % 3})
    pieces = pa.concat_tables([rows.slice(begin, 777) for begin in range(0, len(numbers), 777)])
    assert dictionary_columns(rows) == ["name", "part"]
    assert encode_table(table, pieces) == encode_table(table, rows)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 50)), st.integers(1, 80))
def test_row_groups_hold_every_row_once_and_no_more_than_they_may(sizes: list[int], limit: int) -> None:
    groups = list(row_groups(np.array(sizes, dtype=np.int64), limit))
    assert [row for begin, end in groups for row in range(begin, end)] == list(range(len(sizes)))
    for begin, end in groups:
        assert sum(sizes[begin:end]) <= limit or end - begin == 1
        if end < len(sizes):
            assert sum(sizes[begin : end + 1]) > limit


def test_sizes_do_not_depend_on_how_an_array_came_about() -> None:
    rows = mixed_table(mixed_rows(40)).combine_chunks()
    whole = table_row_bytes(rows)
    assert np.array_equal(table_row_bytes(rows.slice(13, 20)), whole[13:33])
    assert (whole > 0).all()
    with pytest.raises(TypeError, match="dictionary"):
        row_bytes(pa.array(["a"]).dictionary_encode())


def test_a_list_is_as_large_as_its_values_and_its_offset() -> None:
    for kind, expected in ((pa.int8(), [6, 4, 4, 5]), (pa.float32(), [12, 4, 4, 8])):
        lists = pa.array([[1, None], [], None, [3]], pa.list_(kind))
        assert row_bytes(lists).tolist() == expected
        assert row_bytes(lists.slice(1)).tolist() == expected[1:]
    assert row_bytes(pa.array([["ab", None], []], pa.list_(pa.string()))).tolist() == [14, 4]


def test_an_empty_table_is_a_file() -> None:
    got = read(encode_table(MIXED, MIXED.schema.empty_table()))
    assert got.num_rows == 0
    assert got.schema.equals(MIXED.schema)


def test_types_are_cast_where_nothing_is_lost() -> None:
    rows = mixed_table(mixed_rows(6))
    wide = rows.set_column(1, "part", rows["part"].cast(pa.int64())).set_column(
        3, "level", rows["level"].cast("double")
    )
    assert encode_table(MIXED, wide) == encode_table(MIXED, rows)
    assert encode_table(MIXED, rows.to_batches()[0]) == encode_table(MIXED, rows)


def with_column(name: str, values: list[Any] | pa.Array) -> pa.Table:
    rows = mixed_table(mixed_rows(3))
    return rows.set_column(rows.schema.get_field_index(name), name, pa.array(values))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (with_column("part", [1, 2, 2**40]), "'part' is int32"),
        (with_column("part", ["1", "x", "3"]), "'part' is int32"),
        (with_column("at", pa.array([1, 2, 3], pa.timestamp("us", tz="UTC"))), "'at' is timestamp"),
        (with_column("name", ["a", None, "c"]), "'name' must not be NULL"),
        (mixed_table(mixed_rows(3)).drop_columns(["level"]), "'level' is missing"),
        (mixed_table(mixed_rows(3)).append_column("extra", pa.array([1, 2, 3])), "no column 'extra'"),
        (with_column("level", pa.array([[1.0], [], []], pa.list_(pa.float32()))), "'level' is float"),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_column(data: pa.Table, message: str) -> None:
    with pytest.raises(TableError, match=message):
        encode_table(MIXED, data)


@pytest.mark.parametrize("part", [1, None])
def test_two_rows_with_one_key_are_refused(part: int | None) -> None:
    rows = mixed_rows(9)
    rows[7] |= {"name": "n0", "part": part}
    with pytest.raises(TableError, match=f"two rows share the key name=n0, part={part}"):
        encode_table(MIXED, mixed_table(rows))


def test_a_file_says_what_it_is() -> None:
    metadata = pq.read_metadata(pa.BufferReader(encode_table(MIXED, mixed_table(mixed_rows(9)))))
    said = metadata.metadata
    assert said[b"callbeam.table"] == b"mixed"
    assert said[b"callbeam.schema_version"] == b"3"
    assert json.loads(said[b"callbeam.columns"])["level"] == "A level."
    group = metadata.row_group(0)
    assert [(column.column_index, column.descending) for column in group.sorting_columns] == [(0, False), (1, False)]
    for index in range(group.num_columns):
        column = group.column(index)
        assert column.compression == "ZSTD"
        assert column.has_column_index
        assert column.has_offset_index
        assert column.is_stats_set
    assert group.column(0).statistics.min == "n0"


def test_a_dictionary_is_kept_where_values_repeat() -> None:
    count = 1000
    rows = pa.table(
        {
            "repeated": ["a", "b"] * (count // 2),
            "unique": [f"{number:08d}" for number in range(count)],
            "measured": np.random.default_rng(0).normal(size=count).astype(np.float32),
            "null": pa.nulls(count, pa.int32()),
            "bands": pa.array([[1.0, 2.0]] * count),
            "map": pa.array([[("k", number)] for number in range(count)], pa.map_(pa.string(), pa.int64())),
        }
    )
    assert dictionary_columns(rows) == ["repeated", "bands.list.element", "map.key_value.key"]


def test_duckdb_reads_it(tmp_path: Path) -> None:
    rows = make_seconds(1000)
    path = tmp_path / "seconds" / "dt=2026-03-01" / "j-00000.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(encode_table(TABLES["seconds"], rows))
    with duckdb.connect() as database:
        sql = f"""
            SELECT count(*), count(level_dbfs), avg(level_dbfs), min(epoch_ms(start_ts)), max(call_id), any_value(dt)
            FROM read_parquet('{tmp_path}/*/*/*.parquet', hive_partitioning = true)
        """
        count, levels, mean, first, last_call, date = database.sql(sql).fetchall()[0]
    assert (count, first, last_call, str(date)) == (
        1000,
        1_772_323_200_000,
        f"0f1e2d3c-0000-4000-8000-{9:012d}",
        "2026-03-01",
    )
    assert levels == 1000 - rows["level_dbfs"].null_count
    assert mean == pytest.approx(pc.mean(rows["level_dbfs"]).as_py(), rel=1e-6)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_table_can_be_empty(table: Table) -> None:
    got = read(encode_table(table, table.schema.empty_table()))
    assert got.schema.equals(table.schema)
