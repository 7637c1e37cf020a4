"""Every query of docs/queries.md, run as it stands on what the demo writes, and held against the rows it is about."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Callable

    Rows = list[dict[str, Any]]

PAGE = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
OF_CALLS, SAID = PAGE.split("\n# What others say\n")
SETUP, *QUESTIONS = re.split(r"^## \d+\. ", OF_CALLS, flags=re.MULTILINE)


def blocks(section: str) -> list[str]:
    """Return the SQL of a section."""
    return re.findall(r"^```sql\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


def is_select(sql: str) -> bool:
    return all(isinstance(statement, exp.Select) for statement in sqlglot.parse(sql, dialect="duckdb"))


@pytest.fixture(scope="module")
def database(demo_output: Any) -> duckdb.DuckDBPyConnection:
    """Return the demo's tables under the names that the page gives them."""
    connection = duckdb.connect()
    for sql in [*blocks(SETUP), *(sql for section in QUESTIONS for sql in blocks(section) if not is_select(sql))]:
        connection.execute(sql.replace("'out/", f"'{demo_output.output}/"))
    return connection


@pytest.fixture(scope="module")
def answer(database: duckdb.DuckDBPyConnection) -> Callable[[int], Rows]:
    """Answer a question by its number."""

    def run(number: int) -> Rows:
        (sql,) = (sql for sql in blocks(QUESTIONS[number - 1]) if is_select(sql))
        relation = database.sql(sql)
        return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]

    return run


def test_there_are_ten() -> None:
    assert len(QUESTIONS) == 10
    assert all(sum(map(is_select, blocks(section))) == 1 for section in QUESTIONS)


@pytest.mark.parametrize("number", range(1, 11))
def test_it_has_an_answer(answer: Callable[[int], Rows], number: int) -> None:
    rows = answer(number)
    assert rows
    unknown = [name for name in rows[0] if all(row[name] is None for row in rows)]
    assert unknown == []


@pytest.mark.parametrize("number", range(1, 11))
def test_athena_parses_it_and_lacks_no_function_but_the_named_one(number: int) -> None:
    (sql,) = (sql for sql in blocks(QUESTIONS[number - 1]) if is_select(sql))
    (statement,) = sqlglot.parse(sql, dialect="athena")
    unknown = {function.name for function in statement.find_all(exp.Anonymous)}
    assert unknown == ({"quantile_cont"} if number == 4 else set())


def test_talk_share_by_day(answer: Callable[[int], Rows], demo_output: Any) -> None:
    (row,) = answer(1)
    calls = [call for call in demo_output.rows("calls") if call["source"] == "connect"]
    assert str(row["dt"]) == "2026-03-02"
    assert row["calls"] == len(calls)
    agent, both = (sum(call[f"talk_time_{who}_ms"] for call in calls) for who in ("agent", "total"))
    assert float(row["agent_talk_percent"]) == pytest.approx(100 * agent / both, abs=0.051)
    assert 0 < float(row["overlap_percent"]) < 30


def test_dead_air(answer: Callable[[int], Rows], demo_output: Any) -> None:
    rows = answer(2)
    wanted = {call["call_id"]: call["dead_air_ms"] for call in demo_output.rows("calls") if call["dead_air_ms"]}
    assert [row["call_id"] for row in rows] == sorted(wanted, key=lambda call_id: (-wanted[call_id], call_id))
    assert all(row["longest_non_talk_s"] >= 3 for row in rows)
    assert all(0 < row["percent_of_call"] < 100 for row in rows)


def test_who_interrupts_whom(answer: Callable[[int], Rows], demo_output: Any) -> None:
    rows = answer(3)
    found = [event for event in demo_output.rows("events") if event["event_type"] == "interruption"]
    found = [event for event in found if event["by_role"]]
    assert {row["who"]: row["interruptions"] for row in rows} == Counter(event["by_role"] for event in found)
    assert all({row["who"], row["whom"]} == {"AGENT", "CUSTOMER"} for row in rows)
    assert sum(row["over_a_second"] for row in rows) == sum(event["overlap_ms"] > 1000 for event in found)
    assert all(row["mean_overlap_ms"] >= 500 for row in rows)
    assert all(row["mean_prior_speech_ms"] >= 500 and row["mean_went_on_ms"] >= 1000 for row in rows)


def test_latencies(answer: Callable[[int], Rows], demo_output: Any) -> None:
    rows = answer(4)
    assert [row["participant_role"] for row in rows] == ["AGENT", "CUSTOMER"]
    known = Counter(
        one["participant_role"] for one in demo_output.rows("utterances") if one["response_latency_ms"] is not None
    )
    for row in rows:
        assert row["answers"] == known[row["participant_role"]]
        assert row["p10_ms"] <= row["p50_ms"] <= row["p90_ms"]
        assert 100 < row["p50_ms"] < 800


def test_agitation(answer: Callable[[int], Rows], demo_output: Any) -> None:
    rows = answer(5)
    utterances = {one["utterance_id"]: one for one in demo_output.rows("utterances")}
    assert [row["agitation"] for row in rows] == sorted((row["agitation"] for row in rows), reverse=True)
    assert {utterances[row["utterance_id"]]["participant_role"] for row in rows} == {"CUSTOMER"}
    assert rows[0]["agitation"] > 0.3
    assert len(rows) <= 20


def test_hold(answer: Callable[[int], Rows], demo_output: Any) -> None:
    (row,) = answer(6)
    holds = [phase for phase in demo_output.rows("phases") if phase["phase"] == "hold"]
    assert row["calls"] == len(demo_output.rows("calls"))
    assert row["holds"] == len(holds) > 0
    assert float(row["longest_hold_s"]) == pytest.approx(max(phase["duration_ms"] for phase in holds) / 1000, abs=0.051)


def test_warnings(answer: Callable[[int], Rows], demo_output: Any) -> None:
    rows = answer(7)
    calls = demo_output.rows("calls")
    assert {row["warning"]: row["calls"] for row in rows} == Counter(
        word for call in calls for word in call["warnings"]
    )


def test_contact_lens(answer: Callable[[int], Rows], demo_output: Any) -> None:
    (row,) = answer(8)
    calls = [call for call in demo_output.rows("calls") if call["source"] == "connect"]
    assert row["contacts"] == len(calls)
    assert row["interruptions_by_agents"] == sum(call["interruptions_agent_count"] for call in calls)
    assert float(row["agent_talk_s"]) == pytest.approx(
        sum(call["talk_time_agent_ms"] for call in calls) / len(calls) / 1000, abs=0.051
    )


def test_training_set(answer: Callable[[int], Rows], demo_output: Any) -> None:
    rows = answer(9)
    units = [unit for unit in demo_output.rows("sentiment_inputs") if unit["participant_role"] == "CUSTOMER"]
    assert sum(row["units"] for row in rows) == len(units)
    assert sum(row["units"] for row in rows if row["verdict"] == "eligible") == sum(unit["eligible"] for unit in units)
    assert {row["split"] for row in rows} <= {"train", "validation", "test"}


def test_loudness_around_interruptions(answer: Callable[[int], Rows]) -> None:
    for row in answer(10):
        assert {row["interrupted_by"], row["who"]} == {"AGENT", "CUSTOMER"}
        assert 40 < row["before"] < 95
        assert 40 < row["after"] < 95
