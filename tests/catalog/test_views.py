"""The views' files: current, and parsed as what they are for; what they give is tested on enriched tables."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from callbeam.catalog.views import ATHENA, DUCKDB, FILES, views, views_sql

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_current(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == views_sql(FILES[name]), "run: python -m callbeam.catalog.views docs"


@pytest.mark.parametrize("name", ["athena", "table_docs", "table_snapshot", "views"])
def test_a_command_without_a_path_or_with_one_that_is_nowhere_says_its_usage(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main = importlib.import_module(f"callbeam.catalog.{name}").main
    for argv, reason in (([], "required: path"), ([str(tmp_path / "no" / "where")], "cannot be written")):
        with pytest.raises(SystemExit, match="2"):
            main(argv)
        told = capsys.readouterr().err
        assert f"usage: python -m callbeam.catalog.{name}" in told
        assert reason in told


def test_both_dialects_make_the_same_views() -> None:
    made = {
        dialect.name: [
            statement.find(exp.Table).name
            for statement in sqlglot.parse(views_sql(dialect), dialect=dialect.name.lower())
            if isinstance(statement, exp.Create) and "read_parquet" not in statement.sql().lower()
        ]
        for dialect in (DUCKDB, ATHENA)
    }
    assert made["DuckDB"] == made["Athena"] == list(views(DUCKDB))
