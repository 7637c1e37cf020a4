"""How many worker processes a command starts by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from callbeam.pipelines.engines import usable_workers

TOLD = """
import sys
from callbeam.pipelines.engines import memory_needs
memory_needs.memory_limit = lambda: int(sys.argv[1]) * 1_000_000
print(*memory_needs.usable_workers(), sep=";")
"""

SAID = """
import sys
from callbeam.pipelines.engines import memory_needs
from callbeam.pipelines.local_run import LocalWorkers, ProgressLine
memory_needs.memory_limit = lambda: int(sys.argv[1]) * 1_000_000
workers = LocalWorkers(None)
progress = ProgressLine("day", "the runner")
print(*(workers.for_job(int(streams), progress) for streams in sys.argv[2:]))
"""


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("megabytes", [600, 1000, 1300, 64_000])
def test_cores_and_memory_decide(cores: int, megabytes: int) -> None:
    there = sorted(os.sched_getaffinity(0))
    if len(there) < cores:
        pytest.skip(f"{cores} cores are needed")
    command = [sys.executable, "-c", TOLD, str(megabytes)]
    run = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, there[:cores]),
    )
    workers, why = run.stdout.strip().split(";")
    fitting = 2 if cores == 2 and megabytes >= 1250 else 1
    assert int(workers) == fitting
    assert why == ("one for each core" if fitting == cores else f"as many as {megabytes} MB of memory allow")


def test_one_beside_other_threads() -> None:
    ends = threading.Event()
    thread = threading.Thread(target=ends.wait)
    thread.start()
    try:
        assert usable_workers()[0] == 1
    finally:
        ends.set()
        thread.join()


@pytest.mark.parametrize(
    ("megabytes", "streams", "counts", "said"),
    [
        (600, "3 3", "1 1", "day: 1 worker, as many as 600 MB of memory allow (--workers)"),
        (64_000, "1 2 3", "1 2 2", "day: 2 workers, one for each core (--workers)"),
        (64_000, "1 1", "1 1", ""),
    ],
    ids=["memory for one", "two cores", "a stream a job"],
)
def test_why_is_said_once_and_where_streams_are_shared_out(
    megabytes: int, streams: str, counts: str, said: str
) -> None:
    there = sorted(os.sched_getaffinity(0))
    if len(there) < 2:
        pytest.skip("2 cores are needed")
    run = subprocess.run(
        [sys.executable, "-c", SAID, str(megabytes), *streams.split()],
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, there[:2]),
    )
    assert run.stdout.strip() == counts
    assert [line for line in run.stderr.splitlines() if line.startswith("day")] == ([said] if said else [])
