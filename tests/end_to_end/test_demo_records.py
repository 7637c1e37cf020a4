"""The demo from records and recordings: the truth about agents and roles, which streams alone do not tell."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from builders.contradictions import CHECKS, load_tables
from builders.demo import load_demo

from callbeam import open_tables
from callbeam.callmaker import load_truth
from callbeam.emulator import Emulator
from callbeam.pipelines import backfill
from callbeam.scoring import compare_with_truth

if TYPE_CHECKING:
    from pathlib import Path

    from callbeam.notebook import OutputTables

CALLS = 6


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give the output of a backfill from all records and recordings of a demo, and the folder of the truth."""
    folder = tmp_path_factory.mktemp("records")
    with pytest.MonkeyPatch.context() as patch, Emulator(data=folder / "data") as kvs:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "example")
        truth = load_demo(kvs, CALLS)
        records = shutil.copytree(folder / "data" / "records", folder / "records")
        shutil.copytree(folder / "data" / "lca" / "events", records / "lca")
        words = ["--calls", str(records), "--output", str(folder / "out")]
        words += ["--recordings", str(folder / "data" / "lca" / "lca-audio-recordings")]
        words += ["--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1", "--fragments-per-second", "0"]
        assert backfill.main(words) == 0
    return folder / "out", truth


@pytest.fixture(scope="module")
def tables(demo: tuple[Path, Path]) -> OutputTables:
    return open_tables(demo[0])


def test_every_call_is_there_sample_for_sample(demo: tuple[Path, Path]) -> None:
    output, truth = demo
    found = compare_with_truth(output, truth, truth.with_name("truth-recorded"))
    assert found.exact
    assert (found.calls_made, found.calls_recorded) == (CALLS + 1, 1)
    assert "of these recordings   1" in found.lines()
    # The truth about recordings is one, too: held against calls on streams alone, the recorded one is too many.
    assert compare_with_truth(output, truth).calls_too_many == 1


def test_recorded_contacts_are_those_that_streams_lost(demo: tuple[Path, Path], tables: OutputTables) -> None:
    recorded = {path.stem for path in demo[1].with_name("truth-recorded").glob("*.json")}
    calls = {row["call_id"]: row for row in tables["calls"].to_pylist()}
    assert {name for name, row in calls.items() if row["recordings"]} == recorded
    assert {name for name, row in calls.items() if not row["stream_arns"]} == recorded
    assert all("flow_event" in row["record_sources"] for row in calls.values() if row["source"] == "connect")
    sources = {row["role_source"] for row in tables["channels"].to_pylist() if row["call_id"] in recorded}
    assert sources == {"lca_recording"}


def test_agents_phases_begin_when_they_did(demo: tuple[Path, Path], tables: OutputTables) -> None:
    truths = {call.call_id: call for call in map(load_truth, demo[1].glob("*.json")) if call.source == "connect"}
    begins: dict[str, int] = {}
    for phase in tables["phases"].to_pylist():
        if phase["phase"] == "agent":
            begins[phase["call_id"]] = min(phase["begin_offset_ms"], begins.get(phase["call_id"], 1 << 30))
    assert begins.keys() == truths.keys()
    # Contact records know whole seconds, and the call's clock its own zero.
    assert all(abs(begins[name] - call.agent_on_line_ms) <= 1_000 for name, call in truths.items())


def test_agents_talk_is_the_agents_alone(demo: tuple[Path, Path]) -> None:
    for match in compare_with_truth(*demo, source="connect").talk:
        assert match.scope == "agent_phase"
        assert match.ours is not None
        assert match.ours.agent_talk_ratio == pytest.approx(match.truth.agent_talk_ratio, abs=0.03)


def test_every_leg_of_chime_has_its_role(demo: tuple[Path, Path], tables: OutputTables) -> None:
    truths = [call for call in map(load_truth, demo[1].glob("*.json")) if call.source == "chime"]
    roles = {(row["stream_arn"].split("/")[1]): row["participant_role"] for row in tables["channels"].to_pylist()}
    assert truths
    for call in truths:
        assert {channel.stream: channel.role for channel in call.channels.values()}.items() <= roles.items()


def test_what_plays_to_the_customer_is_told_from_the_agent(tables: OutputTables) -> None:
    kinds = {(row["participant_role"], row["speaker_kind"]) for row in tables["utterances"].to_pylist()}
    assert ("CUSTOMER", "customer") in kinds
    assert {kind for role, kind in kinds if role == "AGENT"} >= {"agent", "system"}


def test_no_table_contradicts_another_of_recorded_calls(demo: tuple[Path, Path], tables: OutputTables) -> None:
    connection = load_tables(demo[0])
    connection.execute("CREATE TABLE recorded AS SELECT call_id FROM calls WHERE recordings IS NOT NULL")
    for name in (name for name in tables if name != "jobs"):
        connection.execute(f"DELETE FROM {name} WHERE call_id IS NULL OR call_id NOT IN (SELECT call_id FROM recorded)")
    assert connection.execute("SELECT count(*) FROM utterances").fetchall()[0][0] > 5
    for check, (contradictions, _) in CHECKS.items():
        if "clips" not in contradictions:
            assert connection.execute(contradictions).fetchall() == [], check
    connection.close()


def test_most_of_what_a_customer_says_on_chime_may_be_scored(tables: OutputTables) -> None:
    """Once records name the customer's leg; the other leg's echo is left out."""
    chime = {row["call_id"] for row in tables["calls"].to_pylist() if row["source"] == "chime"}
    units = [
        row
        for row in tables["sentiment_inputs"].to_pylist()
        if row["call_id"] in chime and row["participant_role"] == "CUSTOMER" and row["unit_type"] == "utterance"
    ]
    spoken_ms, eligible_ms = (
        sum(row["speech_ms"] for row in some) for some in (units, [u for u in units if u["eligible"]])
    )
    assert eligible_ms > 0.85 * spoken_ms > 0
    assert all(row["echo_ratio"] is not None for row in units)
