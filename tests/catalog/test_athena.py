"""Athena's DDL: current, and read back by a parser of the dialect with every column's type and comment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from callbeam.catalog import athena
from callbeam.catalog.athena import COMMENT_LENGTH, athena_ddl, athena_type
from callbeam.errors import UsageError
from callbeam.schemas import TABLES, Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]

ARROW_OF_DDL = {
    exp.DType.TEXT: pa.string(),
    exp.DType.BINARY: pa.binary(),
    exp.DType.BOOLEAN: pa.bool_(),
    exp.DType.TINYINT: pa.int8(),
    exp.DType.SMALLINT: pa.int16(),
    exp.DType.INT: pa.int32(),
    exp.DType.BIGINT: pa.int64(),
    exp.DType.FLOAT: pa.float32(),
    exp.DType.DOUBLE: pa.float64(),
    exp.DType.DATE: pa.date32(),
    exp.DType.TIMESTAMP: pa.timestamp("ms", tz="UTC"),
}


def arrow_type(kind: exp.DataType) -> pa.DataType:
    """Return what a parsed type stands for."""
    if kind.this == exp.DType.ARRAY:
        return pa.list_(arrow_type(kind.expressions[0]))
    if kind.this == exp.DType.MAP:
        return pa.map_(*map(arrow_type, kind.expressions))
    if kind.this == exp.DType.STRUCT:
        return pa.struct([(part.name, arrow_type(part.kind)) for part in kind.expressions])
    return ARROW_OF_DDL[kind.this]


def parsed(ddl: str) -> dict[str, exp.Create]:
    """Parse the statements; return those of tables by name."""
    statements = sqlglot.parse(ddl, dialect="athena")
    assert all(isinstance(statement, exp.Create) for statement in statements)
    database, *tables = statements
    assert database.args["kind"] == "DATABASE"
    return {table.find(exp.Table).name: table for table in tables}


def properties(statement: exp.Create) -> Mapping[str, str]:
    return {
        prop.name: prop.args["value"].name
        for prop in statement.find_all(exp.Property)
        if isinstance(prop, exp.Property) and isinstance(prop.args.get("value"), exp.Literal)
    }


def test_the_file_is_current() -> None:
    written = (ROOT / "docs" / "athena.sql").read_text(encoding="utf-8")
    assert written == athena_ddl() + "\n", "run: python -m callbeam.catalog.athena docs/athena.sql"


def test_every_column_is_read_back_with_its_type_and_comment() -> None:
    statements = parsed(athena_ddl())
    assert list(statements) == list(TABLES)
    for name, statement in statements.items():
        found = statement.this.expressions
        wanted = TABLES[name].columns
        assert [column.name for column in found] == [column.name for column in wanted]
        for column, declared in zip(found, wanted, strict=True):
            assert arrow_type(column.kind) == declared.type, f"{name}.{column.name}"
            comment = column.find(exp.CommentColumnConstraint).this.name
            assert len(comment) <= COMMENT_LENGTH
            assert comment == declared.meaning or (comment.endswith("...") and len(declared.meaning) > COMMENT_LENGTH)


def test_partitions_are_projected_onto_where_jobs_write() -> None:
    for name, statement in parsed(athena_ddl("s3://calls/of/march/", "march")).items():
        found = properties(statement)
        assert found["projection.enabled"] == "true"
        assert found["projection.dt.type"] == "date"
        assert found["projection.dt.format"] == "yyyy-MM-dd"
        assert found["projection.dt.range"] == "2020-01-01,NOW"
        assert found["storage.location.template"] == f"s3://calls/of/march/{name}/dt=${{dt}}/"
        assert statement.find(exp.LocationProperty).this.name == f"s3://calls/of/march/{name}/"
        assert statement.find(exp.FileFormatProperty).this.name.upper() == "PARQUET"
        assert statement.find(exp.Table).db == "march"
        partition = statement.find(exp.PartitionedByProperty).this.expressions
        assert [(column.name, arrow_type(column.kind)) for column in partition] == [("dt", pa.string())]


def test_joined_months_are_read_beside_days() -> None:
    """The view is run by another engine over stand-ins of its two tables."""
    ddl = athena_ddl("s3://calls/of/march", "march", joined=True)
    statements = sqlglot.parse(ddl, dialect="athena")[1:]
    assert len(statements) == 3 * len(TABLES)
    by_day, by_month, view = statements[:3]
    assert [one.find(exp.Table).name for one in (by_day, by_month, view)] == ["calls_by_day", "calls_by_month", "calls"]
    assert properties(by_day)["storage.location.template"] == "s3://calls/of/march/calls/dt=${dt}/"
    found = properties(by_month)
    assert found["storage.location.template"] == "s3://calls/of/march/calls/month=${month}/"
    assert (found["projection.month.format"], found["projection.month.interval.unit"]) == ("yyyy-MM", "MONTHS")
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA march")
    columns = ", ".join(f'"{name}" VARCHAR' for name in TABLES["calls"].schema.names)
    connection.execute(f"CREATE TABLE march.calls_by_day ({columns}, dt VARCHAR)")
    connection.execute(f"CREATE TABLE march.calls_by_month ({columns}, month VARCHAR)")
    insert = "INSERT INTO march.calls_by_{} (job_id, call_id, {}) VALUES ('{}T000000Z-0', 'c', '{}')"
    connection.execute(insert.format("day", "dt", "20260401", "2026-04-01"))
    connection.execute(insert.format("month", "month", "20260302", "2026-03"))
    connection.execute(view.sql(dialect="duckdb"))
    rows = connection.sql("SELECT dt FROM march.calls WHERE dt >= '2026-03-02' ORDER BY dt").fetchall()
    assert rows == [("2026-03-02",), ("2026-04-01",)]


def test_comments_survive_quotes_and_length(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "it's said " * 40 + "at length."
    columns = (Column("a", pa.string(), "The leg's \\ and 'so' on."), Column("b", pa.int8(), long))
    monkeypatch.setattr(athena, "TABLES", {"t": Table("t", "a row", ("a",), columns)})
    (statement,) = parsed(athena_ddl()).values()
    first, second = (column.find(exp.CommentColumnConstraint).this.name for column in statement.this.expressions)
    assert first == columns[0].meaning
    assert len(second) <= COMMENT_LENGTH
    assert second.endswith(("said...", "it's..."))


def test_nested_types() -> None:
    kind = pa.map_(pa.string(), pa.list_(pa.struct([("a", pa.int8()), ("b", pa.timestamp("ms", tz="UTC"))])))
    assert athena_type(kind) == "map<string,array<struct<a:tinyint,b:timestamp>>>"


def test_a_type_that_athena_lacks_is_refused() -> None:
    with pytest.raises(TypeError, match="uint16"):
        athena_type(pa.list_(pa.uint16()))


@pytest.mark.parametrize("location", ["out", "s3://", "s3://a'b/c"])
def test_a_place_that_athena_cannot_read_is_refused(location: str) -> None:
    with pytest.raises(UsageError, match="s3://bucket/prefix"):
        athena_ddl(location)


@pytest.mark.parametrize("database", ["", "My", "a-b", "a`b"])
def test_a_name_that_no_database_can_have_is_refused(database: str) -> None:
    with pytest.raises(UsageError, match="cannot name a database"):
        athena_ddl(database=database)


def test_the_command_writes_for_a_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "athena.sql"
    athena.main([str(path), "--location", "s3://b/p", "--database", "d"])
    assert path.read_text(encoding="utf-8") == athena_ddl("s3://b/p", "d") + "\n"
    with pytest.raises(SystemExit):
        athena.main([str(path), "--location", "/tmp"])
    assert "S3 alone" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        athena.main([str(tmp_path / "nowhere" / "athena.sql")])
    assert "cannot be written: No such file or directory" in capsys.readouterr().err
