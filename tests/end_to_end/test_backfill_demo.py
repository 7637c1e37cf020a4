"""Made-up calls through the whole pipeline, held against their truth."""

from __future__ import annotations

import filecmp
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders.demo import load_demo

from callbeam.audio.windowing import windows_of
from callbeam.pipelines import backfill
from callbeam.scoring import compare_with_truth
from callbeam.transforms import plan_reads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from callbeam.emulator import Emulator

    Result = Any
    Backfill = Callable[..., Result]


def test_every_sample_gap_and_window(demo_output: Any) -> None:
    calls = len(list(demo_output.truth.glob("*.json")))
    comparison = compare_with_truth(demo_output.output, demo_output.truth)
    assert comparison.calls_made == calls == 6
    assert comparison.exact, "\n".join(comparison.lines())
    _assert_ledger_adds_up(demo_output)
    _assert_windows_equal_a_plain_loop(demo_output)
    assert f"{calls} calls" in demo_output.out
    assert "listed = " in demo_output.out


def _assert_ledger_adds_up(result: Result) -> None:
    (manifest,) = result.manifests()
    ledger = result.table("fragments")
    assert sum(manifest.outcome.by_status.values()) == ledger.num_rows
    rows = {table.table: table.rows for table in manifest.files}
    assert rows["fragments"] == ledger.num_rows
    for entry in manifest.files:
        assert (result.output / entry.key).stat().st_size == entry.bytes
    decoded = {row["call_id"] for row in ledger.to_pylist() if row["status"] == "decoded"}
    assert decoded == {row["call_id"] for row in result.rows("calls")}


def _assert_windows_equal_a_plain_loop(result: Result) -> None:
    seconds, windows = result.table("seconds"), result.table("windows")
    checked = 0
    for channel_id in set(seconds["channel_id"].to_pylist()):
        mask = np.array(seconds["channel_id"].to_pylist()) == channel_id
        (batch,) = seconds.filter(mask).combine_chunks().to_batches()
        expected = {row["window_start_ms"]: row for row in windows_of(batch, 30_000, 5_000)}
        mask = np.array(windows["channel_id"].to_pylist()) == channel_id
        for row in windows.filter(mask).to_pylist():
            plain = expected.pop(round(row["window_start_ts"].timestamp() * 1000))
            del plain["window_start_ms"]
            measured = {name: value for name, value in plain.items() if value is not None}
            assert all(row[name] is None for name in plain.keys() - measured.keys())
            assert {name: row[name] for name in measured} == pytest.approx(measured, rel=1e-6, abs=1e-6)
            checked += 1
        assert not expected
    assert checked == windows.num_rows > 0


def test_runs_and_workers_give_the_same_bytes(kvs: Emulator, run: Backfill) -> None:
    load_demo(kvs, 3)
    first = run(output="first")
    again = run(output="first")
    two_workers = run("--workers", "2", output="second")
    assert (first.code, again.code, two_workers.code) == (0, 0, 0)
    assert _same_files(first.output, two_workers.output) > 5


def _same_files(left: Path, right: Path) -> int:
    """Compare two outputs, save for what the wall clock knows; return how many files they share."""
    names = {path.relative_to(left) for path in left.rglob("*") if path.is_file()}
    assert names == {path.relative_to(right) for path in right.rglob("*") if path.is_file()}
    names = {name for name in names if name.name != "run.json"}
    different = [str(name) for name in names if not filecmp.cmp(left / name, right / name, shallow=False)]
    assert different == []
    return len(names)


def test_a_range_of_days_runs_as_day_jobs(kvs: Emulator, run: Backfill) -> None:
    load_demo(kvs, 3)
    result = run(start="2026-03-01T12:00:00Z", end="2026-03-03T12:00:00Z")
    assert result.code == 0
    assert len(result.manifests()) == 3
    assert [m.outcome.call_count for m in result.manifests()].count(0) == 2
    assert len(result.rows("calls")) == 3


@pytest.mark.parametrize("planned", ["streams", "records"])
def test_streams_that_are_listed_apart_give_the_same_bytes(
    planned: str, kvs: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = load_demo(kvs, 3)
    words = {
        "streams": ["--streams", "*", "--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z"],
        "records": ["--calls", str(truth.parent / "records")],
    }[planned]
    words += ["--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1", "--fragments-per-second", "0"]
    words += ["--output", str(tmp_path / "out")]
    assert backfill.main([*words, "--workers", "1"]) == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.parquet")}
    assert len(before) > 8
    monkeypatch.setattr(plan_reads, "STREAMS_TOGETHER", 1)
    assert backfill.main([*words, "--workers", "2"]) == 0
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.parquet")} == before
