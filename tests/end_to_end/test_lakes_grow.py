"""Tables that an earlier version wrote, this one's, and the next one's: every query of the docs reads them together."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import exp

from callbeam import open_tables
from callbeam.schemas import TABLES, Column

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
DOCS = TESTS.parent / "docs"
LAKES = sorted((TESTS / "schemas").glob("lake-*"))
"""As released versions wrote them, with ``python -m builders.released_lake``."""

ADDED = Column("added_ms", pa.int32(), "What the next version may add.", nullable=True)


@pytest.fixture(scope="module", params=LAKES, ids=lambda path: path.name)
def old(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture(scope="module")
def lake(old: Path, demo_output: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a lake of old tables, today's, and those of a version that has a column more in each table."""
    output = tmp_path_factory.mktemp("grown") / "out"
    shutil.copytree(old, output)
    shutil.copytree(demo_output.output, output, dirs_exist_ok=True)
    for path in sorted(demo_output.output.glob("*/dt=*/*.parquet")):
        rows = pq.read_table(path, partitioning=None)
        job_id = "20260303T000000Z-0123456789ab"
        rows = rows.set_column(rows.schema.get_field_index("job_id"), "job_id", pa.array([job_id] * rows.num_rows))
        rows = rows.append_column(ADDED.name, pa.array([7] * rows.num_rows, ADDED.type))
        later = output / path.parts[-3] / "dt=2026-03-03" / path.name.replace("20260302", "20260303")
        later.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, later)
    return output


@pytest.fixture(scope="module")
def database(lake: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Name the tables, and make the views, as the pages say."""
    connection = duckdb.connect()
    made = [sql for sql in page_sql() if not is_select(sql)]
    for sql in [*made, (DOCS / "views.sql").read_text(encoding="utf-8")]:
        connection.execute(sql.replace("'out/", f"'{lake}/"))
    yield connection
    connection.close()


def page_sql() -> list[str]:
    page = (DOCS / "queries.md").read_text(encoding="utf-8")
    return re.findall(r"^```sql\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def is_select(sql: str) -> bool:
    return all(isinstance(one, exp.Select) for one in sqlglot.parse(sql, dialect="duckdb"))


QUERIES = [sql for sql in page_sql() if is_select(sql)]


def test_every_column_of_old_files_is_one_of_todays(old: Path) -> None:
    assert {path.name for path in old.iterdir()} == {*TABLES, "_jobs"} - {"dead_letters"}
    for path in old.glob("*/dt=*/*.parquet"):
        table = TABLES[path.parts[-3]]
        schema = pq.read_schema(path)
        kept = [name for name in table.schema.names if name in schema.names]
        assert schema.names == kept, table.name
        assert [schema.field(name).type for name in kept] == [table.schema.field(name).type for name in kept]
        added = [column for column in table.columns if column.name not in schema.names]
        assert all(column.nullable for column in added)
        assert int(schema.metadata[b"callbeam.schema_version"]) <= table.version - bool(added)


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_every_query_reads_old_and_new_tables_together(database: duckdb.DuckDBPyConnection, number: int) -> None:
    relation = database.sql(QUERIES[number])
    assert relation.fetchall()


def test_days_of_old_and_new_tables_are_told_apart(database: duckdb.DuckDBPyConnection, old: Path) -> None:
    found = dict(database.sql("SELECT job_id, count(*) FROM calls GROUP BY job_id").fetchall())
    for path in old.glob("calls/dt=*/*.parquet"):
        assert found[path.name.rpartition("-")[0]] == pq.read_metadata(path).num_rows
    days = database.sql("SELECT dt::VARCHAR, max(added_ms) FROM calls GROUP BY dt ORDER BY dt").fetchall()
    assert days == [("2026-03-02", None), ("2026-03-03", 7)]


def test_what_an_old_file_lacks_is_null(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, table in TABLES.items():
        grown = replace(table, columns=(*table.columns, ADDED), version=table.version + 1)
        monkeypatch.setitem(TABLES, name, grown)
    tables = open_tables(lake)
    assert set(tables) == set(TABLES) - {"dead_letters"}
    for name in tables:
        rows = tables.read(name)
        assert rows.num_rows
        assert rows[ADDED.name].null_count == rows.num_rows
