"""The demo's tables in the hands of their readers: duckdb, polars, pandas and Hugging Face datasets agree."""

from __future__ import annotations

import io
import math
import os
from typing import TYPE_CHECKING, Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when datasets comes

import datasets
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [name for name, table in TABLES.items() if name != "dead_letters" and not table.enriched]
"""The demo loses nothing, so it has no dead letters."""

NESTED = ("channels.peaks", "utterances.loudness_scores", "sentiment_inputs.context", "jobs.by_status", "frames.mfcc")
"""A list with NULL items, a list, a list of structs, a map, and a long list of floats."""


def files(demo: Any, table: str) -> list[str]:
    return sorted(map(str, (demo.output / table).glob("dt=*/*.parquet")))


def glob(demo: Any, table: str) -> str:
    return str(demo.output / table / "**" / "*.parquet")


def duckdb_type(kind: pa.DataType) -> str:
    """Return what DuckDB calls a type."""
    if pa.types.is_list(kind):
        return f"{duckdb_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return f"STRUCT({', '.join(f'{_quoted(field.name)} {duckdb_type(field.type)}' for field in kind)})"
    if pa.types.is_map(kind):
        return f"MAP({duckdb_type(kind.key_type)}, {duckdb_type(kind.item_type)})"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP WITH TIME ZONE"
    return {
        pa.string(): "VARCHAR",
        pa.binary(): "BLOB",
        pa.bool_(): "BOOLEAN",
        pa.int8(): "TINYINT",
        pa.int32(): "INTEGER",
        pa.int64(): "BIGINT",
        pa.float32(): "FLOAT",
        pa.float64(): "DOUBLE",
    }[kind]


def _quoted(name: str) -> str:
    return f'"{name}"'


def plain(value: Any) -> Any:
    """Bring a nested value of any reader into lists, dicts and numbers."""
    if isinstance(value, np.ndarray | pl.Series):
        value = value.tolist() if isinstance(value, np.ndarray) else value.to_list()
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def items_of(value: Any) -> dict[str, Any]:
    """Return a map's items: readers give a dict, pairs, or structs of key and value."""
    if isinstance(value, dict):
        return value
    return dict(tuple(item.values()) if isinstance(item, dict) else item for item in value)


def comparable(column: str, values: list[Any]) -> list[Any]:
    """Return a nested column's values in one form."""
    return [items_of(plain(value)) if column == "jobs.by_status" else plain(value) for value in values]


@pytest.mark.parametrize("name", NAMES)
def test_duckdb_reads_every_column_by_its_type(demo_output: Any, name: str) -> None:
    query = f"SELECT * FROM read_parquet('{glob(demo_output, name)}', hive_partitioning = false)"
    found = {row[0]: row[1].replace('"', "") for row in duckdb.sql(f"DESCRIBE {query}").fetchall()}
    assert found == {field.name: duckdb_type(field.type).replace('"', "") for field in TABLES[name].schema}
    assert duckdb.sql(f"SELECT count(*) FROM ({query})").fetchall() == [(demo_output.table(name).num_rows,)]


@pytest.mark.parametrize("name", NAMES)
def test_polars_reads_every_column_by_its_type(demo_output: Any, name: str) -> None:
    frame = pl.read_parquet(files(demo_output, name), hive_partitioning=False)
    assert frame.height == demo_output.table(name).num_rows
    assert dict(frame.schema) == dict(pl.from_arrow(TABLES[name].schema.empty_table()).schema)


@pytest.mark.parametrize("name", NAMES)
def test_pandas_reads_every_column_by_its_type(demo_output: Any, name: str) -> None:
    frame = pd.concat(
        pd.read_parquet(path, dtype_backend="pyarrow", partitioning=None) for path in files(demo_output, name)
    )
    assert len(frame) == demo_output.table(name).num_rows
    assert {column: dtype.pyarrow_dtype for column, dtype in frame.dtypes.items()} == {
        field.name: field.type for field in TABLES[name].schema
    }


@pytest.mark.parametrize("name", ["calls", "utterances", "sentiment_inputs", "seconds"])
def test_datasets_reads_every_column(demo_output: Any, name: str, tmp_path: Path) -> None:
    loaded = datasets.load_dataset(
        "parquet", data_files=files(demo_output, name), split="train", cache_dir=str(tmp_path)
    )
    assert loaded.num_rows == demo_output.table(name).num_rows
    assert loaded.column_names == TABLES[name].schema.names
    assert loaded[0]["call_id"] == demo_output.table(name)["call_id"][0].as_py()


@pytest.mark.parametrize("column", NESTED)
def test_readers_agree_on_nested_values(demo_output: Any, column: str) -> None:
    table, name = column.split(".")
    paths = files(demo_output, table)
    wanted = comparable(
        column,
        pa.concat_tables(pq.read_table(path, columns=[name], partitioning=None) for path in paths)[name].to_pylist()[
            :50
        ],
    )
    assert any(wanted)
    query = f"SELECT {name} FROM read_parquet({paths}, hive_partitioning = false)"
    assert comparable(column, [row[0] for row in duckdb.sql(query).fetchall()[:50]]) == wanted
    assert comparable(column, pl.read_parquet(paths, columns=[name]).head(50)[name].to_list()) == wanted
    frame = pd.concat(pd.read_parquet(path, columns=[name], partitioning=None) for path in paths)
    assert comparable(column, frame[name].head(50).tolist()) == wanted


def test_partitions_are_dates(demo_output: Any) -> None:
    query = (
        f"SELECT dt, count(*) FROM read_parquet('{glob(demo_output, 'calls')}', hive_partitioning = true) GROUP BY dt"
    )
    ((day, count),) = duckdb.sql(query).fetchall()
    assert (str(day), count) == ("2026-03-02", len(demo_output.rows("calls")))
    frame = pl.scan_parquet(glob(demo_output, "calls"), hive_partitioning=True).collect()
    assert str(frame["dt"][0]) == "2026-03-02"


def test_datasets_gives_audio_that_soundfile_decodes(demo_output: Any, tmp_path: Path) -> None:
    loaded = datasets.load_dataset(
        "parquet", data_files=files(demo_output, "clips"), split="train", cache_dir=str(tmp_path)
    )
    assert loaded.features["audio"] == datasets.Audio(sampling_rate=8000)
    raw = loaded.cast_column("audio", datasets.Audio(sampling_rate=8000, decode=False))
    units = {unit["unit_id"]: unit for unit in demo_output.rows("sentiment_inputs")}
    assert raw.num_rows > 0
    for row in raw:
        sound, rate = soundfile.read(io.BytesIO(row["audio"]["bytes"]), dtype="int16")
        assert rate == 8000
        assert sound.ndim == 1
        assert len(sound) == row["duration_ms"] * 8
        assert np.abs(sound).max() > 100
        assert units[row["unit_id"]]["participant_role"] == "CUSTOMER"
        assert row["audio"]["path"] == f"{row['unit_id']}.flac"
