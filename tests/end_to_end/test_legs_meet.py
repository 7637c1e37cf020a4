"""Chime calls whose legs hear each other, from the emulator to the tables: their truth is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest
from builders.contradictions import CHECKS

from callbeam import open_tables
from callbeam.callmaker import (
    AGENT,
    CUSTOMER,
    CallSpec,
    ConversationSpec,
    LineConditions,
    MadeCall,
    make_call,
    write_chime,
)
from callbeam.emulator import Emulator
from callbeam.pipelines import backfill
from callbeam.scoring import add_up, score_call

if TYPE_CHECKING:
    from pathlib import Path

    from callbeam.scoring import CallScores

START_MS = 1_772_449_200_000  # 2026-03-02T11:00:00Z
SPOKEN = ("utterances", "seconds", "windows", "sentiment_inputs", "channels", "events", "calls", "phases", "fragments")


def made(call_id: str, seed: int, *echoes_db: float | None) -> MadeCall:
    """A call with echoes of so much on the customer's and the agent's leg, louder than levels alone can tell."""
    lines = (
        LineConditions(level_dbfs=level, snr_db=25, echo_db=echo, echo_delay_ms=delay)
        for level, echo, delay in zip((-27, -24), echoes_db, (150, 70), strict=True)
    )
    conversation = ConversationSpec(duration_ms=120_000, interruptions=0.4, overlaps=0.1, agent_joins_ms=6_000)
    return make_call(CallSpec(call_id, START_MS, conversation, *lines), seed)


def mixed(call: MadeCall) -> MadeCall:
    """Put the sum of both participants on both legs."""
    both = (call.pcm[CUSTOMER].astype(np.int32) + call.pcm[AGENT]).clip(-32768, 32767).astype(np.int16)
    return replace(call, channels={role: replace(sound, pcm=both) for role, sound in call.channels.items()})


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path, Path]:
    """Run one and two workers over three calls: with echoes, without, and one sound on both legs."""
    folder = tmp_path_factory.mktemp("legs")
    written = {
        "echo": write_chime(made("t-echo", 21, -19.0, -20.0)),
        "none": write_chime(made("t-none", 22, None, None)),
        "mixed": write_chime(mixed(made("t-mixed", 23, None, None))),
    }
    with pytest.MonkeyPatch.context() as patch, Emulator() as kvs:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "example")
        for call in written.values():
            for stream in call.streams:
                kvs.add_stream(stream.stream)
                for one in stream.fragments:
                    kvs.add_fragment(stream.stream, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
        for workers in ("1", "2"):
            words = ["--streams", "*", "--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z"]
            words += ["--output", str(folder / workers), "--workers", workers, "--kvs-endpoint-url", kvs.endpoint_url]
            assert backfill.main([*words, "--region", "us-east-1", "--fragments-per-second", "0"]) == 0
    return written, folder / "1", folder / "2"


def scores(output: tuple[dict[str, Any], Path, Path], name: str) -> CallScores:
    tables = open_tables(output[1])
    return score_call(output[0][name].truth, {table: tables[table] for table in SPOKEN})


def call_row(output: tuple[dict[str, Any], Path, Path], name: str) -> dict[str, Any]:
    (row,) = (row for row in open_tables(output[1])["calls"].to_pylist() if row["call_id"] == f"t-{name}")
    return row


@pytest.mark.parametrize("name", ["echo", "none"])
def test_speech_is_that_of_the_one_who_speaks(output: tuple[dict[str, Any], Path, Path], name: str) -> None:
    found = scores(output, name)
    for channel in found.channels:
        assert channel.speech.error_rate <= 0.025
        assert channel.speech_with_collar.error_rate <= 0.01
    assert add_up([found.interruptions]).f1 >= 0.93


def test_what_is_heard_is_said_in_the_rows(output: tuple[dict[str, Any], Path, Path]) -> None:
    channels = {
        (row["call_id"], row["begin_offset_ms"] > 0): row for row in open_tables(output[1])["channels"].to_pylist()
    }
    for agent, (echo_db, delay_ms) in enumerate(((-19.0, 150), (-20.0, 70))):
        assert channels["t-echo", bool(agent)]["echo_leak_db"] == pytest.approx(echo_db, abs=1)
        assert channels["t-echo", bool(agent)]["echo_delay_ms"] == pytest.approx(delay_ms, abs=10)
        assert channels["t-none", bool(agent)]["echo_leak_db"] is None
    assert "echo_leak" in call_row(output, "echo")["warnings"]
    assert "echo_leak" not in call_row(output, "none")["warnings"]


def test_one_sound_on_both_legs_is_nobodys(output: tuple[dict[str, Any], Path, Path]) -> None:
    row = call_row(output, "mixed")
    assert row["channel_layout"] == "dual_mono"
    assert "channels_identical" in row["warnings"]
    assert (row["turn_count"], row["talk_time_total_ms"]) == (None, None)


@pytest.mark.parametrize("check", [name for name, (query, _) in CHECKS.items() if "clips" not in query])
def test_no_table_contradicts_another(output: tuple[dict[str, Any], Path, Path], check: str) -> None:
    """Of calls whose participants are told apart."""
    query = CHECKS[check][0]
    tables = open_tables(output[1])
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name in SPOKEN:
            connection.register(f"all_{name}", tables[name])
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM all_{name} WHERE call_id <> 't-mixed'")
        assert connection.execute(query).fetchall() == []


def test_the_number_of_workers_changes_no_byte(output: tuple[dict[str, Any], Path, Path]) -> None:
    one, two = (
        {path.relative_to(folder): path.read_bytes() for path in folder.glob("*/dt=*/*.parquet")}
        for folder in output[1:]
    )
    assert one
    assert one == two
