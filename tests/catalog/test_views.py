"""The views' files: current, and parsed as what they are for; what they give is tested on enriched tables."""

from __future__ import annotations

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
