"""A backfill by worker processes commits from the step that publishes; the other commands keep to its catalog."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars
import pytest
from builders.demo import load_demo
from pyiceberg.catalog import load_catalog

from callbeam.emulator import Emulator

CATALOG = "type: sql\n    uri: sqlite:///{0}/catalog.db\n    warehouse: file://{0}/warehouse\n"
DAY = ("--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z")


@pytest.fixture
def home(tmp_path: Path, aws_credentials: None) -> Path:
    """Put pyiceberg's configuration where it looks for it."""
    (tmp_path / ".pyiceberg.yaml").write_text(f"catalog:\n  lake:\n    {CATALOG.format(tmp_path)}")
    return tmp_path


def callbeam(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYICEBERG_HOME": str(home)}
    command = [sys.executable, "-m", "callbeam.pipelines.cli", *words]
    return subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, check=False)


def calls(home: Path) -> polars.DataFrame:
    uri, warehouse = f"sqlite:///{home}/catalog.db", f"file://{home}/warehouse"
    table = load_catalog("lake", type="sql", uri=uri, warehouse=warehouse).load_table("callbeam.calls")
    return polars.scan_iceberg(table, reader_override="pyiceberg").select("call_id", "status").collect()


def test_a_backfill_commits_and_forget_keeps_to_its_catalog(home: Path) -> None:
    with Emulator() as emulator:
        load_demo(emulator, 1)
        words = ["backfill", "--streams", "*", *DAY, "--output", "out", "--workers", "2", "--iceberg", "lake"]
        words += ["--kvs-endpoint-url", emulator.endpoint_url, "--region", "us-east-1", "--fragments-per-second", "0"]
        run = callbeam(home, *words)
    assert run.returncode == 0, run.stderr
    (call_id,) = calls(home)["call_id"]
    assert callbeam(home, "forget", "out", "--call-id", call_id).returncode == 0
    assert calls(home).height == 0


def test_a_catalog_that_there_is_not_is_told_before_any_work(home: Path) -> None:
    with Emulator() as emulator:
        load_demo(emulator, 1)
        words = ["backfill", "--streams", "*", *DAY, "--output", "out", "--iceberg", "nowhere"]
        words += ["--kvs-endpoint-url", emulator.endpoint_url, "--region", "us-east-1"]
        run = callbeam(home, *words)
    assert run.returncode == 2
    assert "Iceberg catalog nowhere cannot be opened" in run.stderr
    assert not list(home.glob("out/_jobs/*/manifest.json"))
