"""The tables: sound by themselves, as their page says, and still what the last release's readers rest on."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from callbeam.catalog.table_docs import tables_markdown, type_name, unit_of
from callbeam.catalog.table_snapshot import breaking_changes, snapshot
from callbeam.schemas import TABLES, Column, Table

ROOT = Path(__file__).parents[2]
RELEASED = json.loads((Path(__file__).parent / "released.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_table_is_sound(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert set(table.key) <= set(names)
    assert "job_id" in table.key
    assert "call_id" in names or table.name == "jobs"
    assert all(column.meaning.endswith(".") for column in table.columns)


def test_the_page_is_current() -> None:
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert page == tables_markdown() + "\n", "run: python -m callbeam.catalog.table_docs docs/tables.md"


def test_the_page_names_every_column() -> None:
    page = tables_markdown()
    for table in TABLES.values():
        section = page.split(f"\n## {table.name}\n")[1].split("\n## ")[0]
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        assert [row.split("`")[1] for row in rows] == [column.name for column in table.columns]
        assert all(row.replace("\\|", "").count("|") == 6 for row in rows)


def test_nothing_that_was_released_is_broken() -> None:
    assert breaking_changes(RELEASED["tables"], snapshot(TABLES.values())) == []


BASE = Table(
    name="t",
    row="a row",
    key=("a",),
    columns=(Column("a", pa.string(), "A."), Column("b", pa.int32(), "B.", nullable=True)),
)
MORE = Column("c", pa.float32(), "C.", nullable=True)


@pytest.mark.parametrize(
    ("now", "change"),
    [
        ([], "table t is gone"),
        ([replace(BASE, columns=BASE.columns[:1])], "column b is gone"),
        ([replace(BASE, columns=(BASE.columns[0], Column("b", pa.int64(), "B.", nullable=True)))], "column b was"),
        ([replace(BASE, columns=(BASE.columns[0], Column("b", pa.int32(), "B.")))], "column b was"),
        ([replace(BASE, key=("a", "b"))], "its key was"),
        ([replace(BASE, version=2, columns=(*BASE.columns, replace(MORE, nullable=False)))], "must be nullable"),
        ([replace(BASE, columns=(*BASE.columns, MORE))], "version must rise above 1"),
    ],
)
def test_what_breaks_readers_is_found(now: list[Table], change: str) -> None:
    found = breaking_changes(snapshot([BASE]), snapshot(now))
    assert len(found) == 1
    assert change in found[0]


def test_what_serves_readers_is_let_through() -> None:
    added = replace(BASE, version=2, columns=(*BASE.columns, MORE))
    new = replace(BASE, name="new")
    assert breaking_changes(snapshot([BASE]), snapshot([added, new])) == []
    reworded = replace(BASE, columns=tuple(replace(column, meaning="Said better.") for column in BASE.columns))
    assert breaking_changes(snapshot([BASE]), snapshot([reworded])) == []


def test_a_snapshot_survives_json() -> None:
    now = snapshot(TABLES.values())
    assert json.loads(json.dumps(now)) == now == deepcopy(now)


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("level_dbfs", "dBFS"),
        ("spectral_slope_0_500_db_khz_sd", "dB/kHz"),
        ("f0_median_hz_p80", "Hz"),
        ("voiced_ratio_mean", "0 to 1"),
        ("call_id", ""),
        ("gap_count", ""),
    ],
)
def test_units_come_from_names(column: str, unit: str) -> None:
    assert unit_of(column) == unit


def test_types_are_spelled_as_sql_does() -> None:
    assert type_name(pa.map_(pa.string(), pa.list_(pa.int64()))) == "map<string, list<int64>>"
    assert type_name(pa.timestamp("ms", tz="UTC")) == "timestamp(ms, UTC)"
