"""The installed command as processes: killed, with workers, from a folder with packages of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders.demo import load_demo

from callbeam.callmaker import connect_fragments_from_pcm
from callbeam.emulator import Fault
from callbeam.pipelines.local_run import descendants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from callbeam.emulator import Emulator

REPOSITORY = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("callbeam")
DAY = ["--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z"]


STARTED: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Kill what a failed test has started and not ended."""
    yield
    while STARTED:
        process = STARTED.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()


def start(kvs: Emulator, folder: Path, *extra: str) -> subprocess.Popen[str]:
    words = [COMMAND, "backfill", "--streams", "*", *DAY, "--output", "out", "--region", "us-east-1"]
    words += ["--kvs-endpoint-url", kvs.endpoint_url, "--fragments-per-second", "0", *extra]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    STARTED.append(process)
    return process


def wait_until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    pytest.fail("waited in vain")


def media_asked_for(kvs: Emulator) -> bool:
    return any(record.api == "GetMediaForFragmentList" for record in list(kvs.requests))


def workers_of(parent: int) -> list[int]:
    """Return what is forked from a command: what workers are forked from, and these."""
    words = words_of(parent)
    return [process for process in descendants(parent) if words and words_of(process) == words]


def words_of(process: int) -> list[bytes]:
    """Return a process's command line; none if it has ended meanwhile."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def test_a_run_killed_before_it_publishes_leaves_no_rows(kvs: Emulator, tmp_path: Path) -> None:
    load_demo(kvs, 2)
    kvs.faults.add(Fault(api="GetMediaForFragmentList", action="stall", seconds=60, times=1))
    process = start(kvs, tmp_path)
    wait_until(lambda: media_asked_for(kvs))
    process.kill()
    process.communicate()
    assert not list(tmp_path.glob("out/*/dt=*"))
    again = start(kvs, tmp_path)
    out, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    assert "2 calls" in out
    jobs = {path.name for path in tmp_path.glob("out/_jobs/*/*")}
    assert jobs == {"manifest.json", "run.json"}


@pytest.mark.parametrize("which", [0, -1], ids=["server", "forked"])
def test_a_worker_that_dies_ends_the_command(kvs: Emulator, tmp_path: Path, which: int) -> None:
    load_demo(kvs, 3)
    kvs.faults.add(Fault(api="GetMediaForFragmentList", action="stall", seconds=60, times=None))
    process = start(kvs, tmp_path, "--workers", "2")
    wait_until(lambda: media_asked_for(kvs))
    workers = workers_of(process.pid)
    assert len(workers) == 3  # and what they are forked from
    os.kill(workers[which], signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "a worker process died" in err
    assert not list(tmp_path.glob("out/*/dt=*"))
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_with_one_line(kvs: Emulator, tmp_path: Path, workers: str, number: int) -> None:
    load_demo(kvs, 3)
    kvs.faults.add(Fault(api="GetMediaForFragmentList", action="stall", seconds=60, times=None))
    process = start(kvs, tmp_path, "--workers", workers)
    wait_until(lambda: media_asked_for(kvs))
    below = workers_of(process.pid)
    for one in descendants(process.pid):  # a terminal tells all of them, in any order
        os.kill(one, number)
    time.sleep(0.5)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert [line for line in err.splitlines() if "error" in line] == [err.splitlines()[-1]]
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not list(tmp_path.glob("out/*/dt=*"))
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in below))


@pytest.mark.parametrize(
    "wrong", [("--role-map", "nobody"), ("--sentiment-model", "nowhere.onnx"), ("--output", "s3://")]
)
def test_a_refused_command_says_one_line_though_workers_were_to_be_forked(
    kvs: Emulator, tmp_path: Path, wrong: tuple[str, str]
) -> None:
    process = start(kvs, tmp_path, "--workers", "2", *wrong)
    _, err = process.communicate(timeout=60)  # which ends when the process from which workers are forked has ended, too
    assert process.returncode == 2
    (line,) = err.splitlines()
    assert line.startswith("callbeam backfill: error: ")


def test_two_workers_from_a_folder_with_packages_of_its_own(kvs: Emulator, tmp_path: Path) -> None:
    load_demo(kvs, 3)
    for name in ("transforms", "schemas", "pipelines"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('the wrong package')\n")
    process = start(kvs, tmp_path, "--workers", "2")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "3 calls" in out
    # A line of progress, and nothing of what libraries say when they are imported, in whichever process.
    assert [line for line in err.splitlines() if "times real time" not in line] == []


def test_days_with_calls_share_what_workers_are_forked_from(kvs: Emulator, tmp_path: Path) -> None:
    kvs.add_stream("calls-1")
    kvs.add_stream("calls-2")
    sound = np.random.default_rng(1).integers(-3000, 3000, (2, 40_000), dtype=np.int16)
    for day in range(3):
        start_ms = 1_772_496_000_000 + (24 * day + 9) * 3_600_000  # 2026-03-03T09:00:00Z
        for one in connect_fragments_from_pcm(*sound, contact_id=f"c-{day}", start_ms=start_ms):
            kvs.add_fragment("calls-1", one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
    days = ["--start", "2026-03-03T00:00:00Z", "--end", "2026-03-06T00:00:00Z", "--workers", "2"]
    process = start(kvs, tmp_path, *days)
    seen: set[int] = set()
    servers: set[int] = set()
    while process.poll() is None:
        below = workers_of(process.pid)
        seen |= set(below)
        # What has forks of its own; a process that the command starts looks like it, too, until it runs its program.
        servers |= {process_id for process_id in below if workers_of(process_id)}
        time.sleep(0.02)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert out.count(": 1 call, ") == 3
    assert len(servers) == 1
    assert len(seen) > 3  # two workers for each day


def test_days_without_fragments_start_no_workers(kvs: Emulator, tmp_path: Path) -> None:
    kvs.add_stream("calls-1")
    kvs.add_stream("calls-2")
    begun = time.monotonic()
    month = ["--start", "2026-03-01T00:00:00Z", "--end", "2026-04-01T00:00:00Z", "--workers", "2"]
    process = start(kvs, tmp_path, *month)
    most = 0
    while process.poll() is None:
        most = max(most, len(workers_of(process.pid)))
        time.sleep(0.05)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "31 of 31 jobs are published" in out
    assert len(list(tmp_path.glob("out/_jobs/*/manifest.json"))) == 31
    assert most == 1  # what workers would be forked from
    assert time.monotonic() - begun < 60  # 4 s on an idle machine


def test_the_source_distribution_holds_what_a_worker_needs(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(tmp_path), str(REPOSITORY)]
    subprocess.run(build, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        packed = {name.split("/", 1)[1] for name in file.getnames() if "/" in name}
    folders = ("callbeam", "callbeam/pipelines", "callbeam/transforms", "callbeam/schemas")
    modules = {str(path.relative_to(REPOSITORY)) for folder in folders for path in (REPOSITORY / folder).rglob("*.py")}
    assert modules <= packed
    assert {"callbeam/py.typed", "setup.py", "LICENSE"} <= packed
    target = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*install, "--target", str(target), str(archive)], check=True, capture_output=True)
    script = "import callbeam.transforms, callbeam.pipelines.backfill, callbeam.emulator; print(callbeam.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(target)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == str(target / "callbeam" / "__init__.py")
