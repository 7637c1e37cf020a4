"""A disk that fills up while a job runs: the cause and the way out, nothing half published, and the job done later."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders.engines import ROOT

from callbeam.callmaker import connect_fragments_from_pcm
from callbeam.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

START_MS = 1_772_443_800_000  # 2026-03-02T09:30:00Z
DISK_BYTES, LEFT_BYTES = 4_000_000, 48_000


@pytest.fixture
def call(kvs: Emulator) -> None:
    rng = np.random.default_rng(1)
    agent, customer = rng.integers(-2000, 2000, (2, 30 * 8000), dtype=np.int16)
    kvs.add_stream("calls-1")
    for one in connect_fragments_from_pcm(agent, customer, contact_id="c-1", start_ms=START_MS):
        kvs.add_fragment("calls-1", one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "callbeam-test", str(disk)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False) if os.geteuid() == 0 else None
    if done is None or done.returncode:
        pytest.skip("only root can mount a small file system, outside of most containers")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk(call: None, small_disk: Path, run: Callable[..., Any]) -> None:
    others = small_disk / "others"
    others.write_bytes(bytes(DISK_BYTES - LEFT_BYTES))
    result = run(output="disk/out")
    assert result.code == 1
    (line,) = [line for line in result.err.splitlines() if "times real time" not in line]
    assert line.startswith("callbeam backfill: error: job 20260302T000000Z-")
    assert "cannot be written: No space left on device; free some space there, or choose another output" in line
    assert not list(result.output.glob("*/dt=*"))
    assert not list(result.output.glob("_jobs/*/manifest.json"))

    others.unlink()
    result = run(output="disk/out")
    assert result.code == 0, result.err
    assert len(result.rows("calls")) == 1
    assert not list(result.output.glob("_jobs/*/*/"))


def test_a_limit_on_the_size_of_files(call: None, kvs: Emulator, tmp_path: Path, run: Callable[..., Any]) -> None:
    command = [sys.executable, "-m", "callbeam.pipelines.cli", "backfill", "--streams", "*", "--region", "us-east-1"]
    command += ["--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z", "--output", str(tmp_path / "out")]
    command += ["--kvs-endpoint-url", kvs.endpoint_url]
    limited = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8000, resource.RLIM_INFINITY)),
    )
    assert limited.returncode == 1
    assert "cannot be written: File too large; raise the limit on a file's size (ulimit -f)" in limited.stderr
    assert "Traceback" not in limited.stderr
    assert not list((tmp_path / "out").glob("*/dt=*"))
    assert run().code == 0
