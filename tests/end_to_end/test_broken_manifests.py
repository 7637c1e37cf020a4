"""A manifest that was cut or overwritten: every command says so, and what docs/production.md says mends it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest

from callbeam import open_tables
from callbeam.callmaker import connect_fragments_from_pcm
from callbeam.emulator import Emulator
from callbeam.pipelines import compact, enrich, export, forget, report

if TYPE_CHECKING:
    from collections.abc import Callable

    Backfill = Callable[..., Any]

HOURS = ("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")
FIRST_MS = 1_772_443_800_000
"""2026-03-02T09:30:00Z."""


@pytest.fixture
def run_both(kvs: Emulator, run: Backfill) -> Callable[..., list[Any]]:
    """Put a call into each of two hours; return what runs a job for each."""
    kvs.add_stream("calls-1")
    sound = np.random.default_rng(1).integers(-2000, 2000, (2, 80_000), dtype=np.int16)
    for hour in range(2):
        start_ms = FIRST_MS + hour * 3_600_000
        for one in connect_fragments_from_pcm(*sound, contact_id=f"c-{hour}", start_ms=start_ms):
            kvs.add_fragment("calls-1", one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
    return lambda *extra: [run(*extra, start=HOURS[hour], end=HOURS[hour + 1]) for hour in range(2)]


def rows_of(output: Path, table: str = "seconds") -> list[tuple[Any, ...]]:
    """Return rows as a glob over all files sees them, which must be what manifests name."""
    columns = ["job_id", "call_id", "channel_id", "begin_offset_ms", "loudness_score"]
    files = f"read_parquet('{output}/{table}/**/*.parquet', hive_partitioning = false)"
    every = sorted(duckdb.sql(f"SELECT {', '.join(columns)} FROM {files}").fetchall())
    named = open_tables(output).read(table, columns).to_pylist()
    assert sorted(tuple(row.values()) for row in named) == every
    return every


def break_one(output: Path, job: str) -> Path:
    (path,) = output.glob(f"_jobs/{job}/manifest.json")
    path.write_bytes(path.read_bytes()[:-40])
    return path


def test_every_command_stops_at_it(
    run_both: Callable[..., list[Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = run_both()
    output = first.output
    assert first.code == 0, first.err
    break_one(output, "20260302T09*")
    said = [*run_both(), *run_both("--take-over")]
    assert [(one.code, one.err.count("\n")) for one in said] == [(2, 1)] * 4
    assert all("manifest.json is broken" in one.err and "backup" in one.err for one in said)
    (tmp_path / "labels.csv").write_text("call_id,name,value\nc-1,sentiment,POSITIVE\n")
    others: list[tuple[Any, list[str]]] = [
        (compact.main, [str(output), "--before", "2026-04-01"]),
        (forget.main, [str(output), "--call-id", "c-1"]),
        (report.main, [str(output)]),
        (enrich.main, [str(output), "--source", str(tmp_path / "labels.csv")]),
        (export.main, ["--tables", str(output), "--labels", "audacity", "--output", str(tmp_path / "labels")]),
    ]
    for main, words in others:
        capsys.readouterr()
        assert main(words) == 2, words
        assert "manifest.json is broken" in capsys.readouterr().err


@pytest.mark.parametrize("joined", [False, True])
def test_a_job_is_published_anew_without_it(run_both: Callable[..., list[Any]], *, joined: bool) -> None:
    output = run_both()[0].output
    before = rows_of(output)
    if joined:
        assert compact.main([str(output), "--before", "2026-04-01"]) == 0
    break_one(output, "20260302T09*").unlink()
    assert [one.code for one in run_both()] == [0, 0]
    assert rows_of(output) == before


def test_a_joined_month_is_made_anew_with_its_jobs(run_both: Callable[..., list[Any]]) -> None:
    output = run_both()[0].output
    before = rows_of(output)
    assert compact.main([str(output), "--before", "2026-04-01"]) == 0
    break_one(output, "20260301T00*")
    assert [one.code for one in run_both()] == [2, 2]
    for path in output.glob("_jobs/*/manifest.json"):
        path.unlink()
    assert [one.code for one in run_both()] == [0, 0]
    assert compact.main([str(output), "--before", "2026-04-01"]) == 0
    assert rows_of(output) == before
    assert list(output.glob("seconds/month=2026-03/*"))
