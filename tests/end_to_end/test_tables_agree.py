"""The demo's tables beside each other: nothing in one contradicts another.

Each check is a query for contradictions, which finds none, and a change to the tables after which it finds some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders.contradictions import CHECKS, load_tables

from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

OFFSETS = ("channels", "utterances", "events", "phases", "sentiment_inputs")
OF_A_CHANNEL = ("utterances", "sentiment_inputs", "seconds", "windows", "frames", "clips")


@pytest.fixture(scope="module")
def loaded(demo_output: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = load_tables(demo_output.output)
    yield connection
    connection.close()


@pytest.fixture
def tables(loaded: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables, to be changed: what a test does to them is undone."""
    loaded.execute("BEGIN")
    yield loaded
    loaded.execute("ROLLBACK")


def found(tables: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return tables.execute(f"{query} LIMIT 3").fetchall()


@pytest.mark.parametrize("check", CHECKS)
def test_no_table_contradicts_another(tables: duckdb.DuckDBPyConnection, check: str) -> None:
    contradictions, spoil = CHECKS[check]
    assert found(tables, contradictions) == []
    tables.execute(spoil)
    assert found(tables, contradictions)


@pytest.mark.parametrize(
    "name", [name for name, table in TABLES.items() if name != "dead_letters" and not table.enriched]
)
def test_a_key_names_each_row_once(tables: duckdb.DuckDBPyConnection, name: str) -> None:
    key = ", ".join(TABLES[name].key)
    twice = f"SELECT {key} FROM {name} GROUP BY {key} HAVING count(*) > 1"
    assert found(tables, twice) == []
    tables.execute(f"INSERT INTO {name} SELECT * FROM {name} LIMIT 1")
    assert len(found(tables, twice)) == 1


@pytest.mark.parametrize("name", OF_A_CHANNEL)
def test_rows_are_those_of_a_channel_of_the_call(tables: duckdb.DuckDBPyConnection, name: str) -> None:
    strays = (
        f"SELECT * FROM {name} LEFT JOIN channels USING (call_id, channel_id) "
        f"WHERE channels.job_id IS NULL OR {name}.participant_role IS DISTINCT FROM channels.participant_role"
    )
    assert found(tables, strays) == []
    tables.execute("UPDATE channels SET participant_role = 'NOBODY'")
    assert found(tables, strays)


@pytest.mark.parametrize("name", OFFSETS)
def test_offsets_lie_inside_the_call(tables: duckdb.DuckDBPyConnection, name: str) -> None:
    outside = (
        f"SELECT * FROM {name} LEFT JOIN calls USING (call_id) WHERE calls.duration_ms IS NULL OR NOT "
        f"(0 <= begin_offset_ms AND begin_offset_ms < end_offset_ms AND end_offset_ms <= calls.duration_ms)"
    )
    assert found(tables, outside) == []
    tables.execute("UPDATE calls SET duration_ms = duration_ms // 2")
    assert found(tables, outside)
