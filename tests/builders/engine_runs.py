"""Backfills of one day of demo calls, each by a command of its own, on whatever engine, and what they left."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from builders.engines import FlinkCluster, engine, java, running
from callbeam.emulator import Emulator

START, END = "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"
PATIENCE_S = 500
PER_SECOND = 100
"""Fragments a second and stream that a job keeps to."""

Reads = Mapping[tuple[str | None, str], tuple[int, int]]
"""By stream and API of media: calls, and fragments asked for."""


@dataclass(frozen=True)
class EngineRun:
    """What a backfill on an engine left."""

    code: int
    output: Path
    out: str
    err: str
    reads: Reads
    handed: Mapping[str, set[str]]
    """Of pieces and channels, by process and identity: those that a step ``sent``, and those that the next ``took``."""

    def digests(self) -> dict[str, str]:
        """Digests of all tables' files."""
        files = sorted(path for path in self.output.rglob("*.parquet"))
        return {str(path.relative_to(self.output)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@dataclass(frozen=True)
class Submitted:
    """A backfill that runs."""

    process: subprocess.Popen[bytes]
    output: Path
    err: Path

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something that happens while it runs."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if self.process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"it never came to this: {what}\n{self.err.read_text()[-3000:]}")
            time.sleep(0.002)


@dataclass(frozen=True)
class DemoDay:
    """Runs backfills of the day."""

    kvs: Emulator
    folder: Path
    environment: dict[str, str]

    @contextmanager
    def submitted(self, name: str, *words: str, kvs_url: str | None = None) -> Iterator[Submitted]:
        """Run a backfill beside the block; end it with the block."""
        command = [sys.executable, "-m", "callbeam.pipelines.cli", "backfill", "--streams", "*"]
        command += ["--start", START, "--end", END, "--output", str(self.folder / name), "--aws-region", "us-east-1"]
        command += ["--kvs-endpoint-url", kvs_url or self.kvs.endpoint_url, f"--fragments-per-second={PER_SECOND}"]
        (self.folder / "handed").mkdir(exist_ok=True)
        for note in (self.folder / "handed").iterdir():
            note.unlink()
        self.kvs.requests.clear()
        with (
            (self.folder / f"{name}.out").open("wb") as out,
            (self.folder / f"{name}.err").open("wb") as err,
            running([*command, *words], out, err, self.environment) as process,
        ):
            yield Submitted(process, self.folder / name, self.folder / f"{name}.err")

    def ended(self, run: Submitted) -> EngineRun:
        """Wait for its end."""
        code = run.process.wait(PATIENCE_S)
        out, err = (run.output.with_name(f"{run.output.name}.{kind}").read_text() for kind in ("out", "err"))
        return EngineRun(code, run.output, out, err, self.reads(), self._handed())

    def backfill(self, name: str, *words: str) -> EngineRun:
        """Run a backfill to its end."""
        with self.submitted(name, *words) as run:
            return self.ended(run)

    def reads(self) -> Reads:
        """Return what has been asked of the emulator so far."""
        reads: dict[tuple[str | None, str], tuple[int, int]] = {}
        for request in (request for request in list(self.kvs.requests) if request.api.startswith("GetMedia")):
            calls, fragments = reads.get((request.stream, request.api), (0, 0))
            reads[request.stream, request.api] = (calls + 1, fragments + request.n)
        return reads

    def _handed(self) -> Mapping[str, set[str]]:
        handed: dict[str, set[str]] = {"sent": set(), "took": set()}
        for note in (self.folder / "handed").iterdir():
            for line in note.read_text().splitlines():
                verb, identity = line.split()
                handed[verb].add(f"{note.name} {identity}")
        return handed


def flink(*words: str) -> list[str]:
    """Return the options of a run on Flink; skip the test where it cannot be."""
    java()
    jar = engine("job-server-1.19-2.62.0/job-server.jar")
    return ["--runner=FlinkRunner", f"--flink_job_server_jar={jar}", "--parallelism=2", *words]


def on_cluster(cluster: FlinkCluster, *words: str) -> list[str]:
    """Return the options of a run on a cluster; its task managers start the workers unless the words say otherwise."""
    boot = Path(sys.executable).with_name("callbeam-flink-worker")
    environment = ["--environment_type=PROCESS", f"--environment_options=process_command={boot}"]
    if any(word.startswith("--environment_type=") for word in words):
        environment = []
    return flink(f"--flink_master={cluster.address}", "--number_of_execution_retries=9", *environment, *words)


def same_tables(run: EngineRun, reference: EngineRun) -> None:
    """Hold a run to what the local runner has made of the day."""
    assert reference.code == 0, reference.err
    assert run.code == 0, run.err
    assert run.digests() == reference.digests()
    assert len(run.digests()) >= 10
    told, expected = ([line for line in one.out.splitlines() if " in " not in line] for one in (run, reference))
    assert told == expected
    assert "4 calls, 0.00 h" not in run.out
    assert not list(run.output.glob("_jobs/*/*/"))  # nothing staged is left


def same(run: EngineRun, reference: EngineRun) -> None:
    """Hold an undisturbed run also to how it came to the tables."""
    same_tables(run, reference)
    assert run.reads == reference.reads  # each fragment once: no second connection, none too fast, no call refused
    assert run.handed["sent"] == run.handed["took"]  # the same objects: no step in between encoded them
    assert len(run.handed["sent"]) == len(reference.handed["sent"]) > 0
