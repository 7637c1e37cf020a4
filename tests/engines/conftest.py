"""One day of demo calls, read on each engine, and what the runner of this machine makes of it."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from builders.engines import ROOT, FlinkCluster, engine, java, running

from callbeam.emulator import AWS_QUOTAS, Emulator, EmulatorConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DEMO_CALLS = 4
START, END = "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"
PATIENCE_S = 500


@dataclass(frozen=True)
class EngineRun:
    """What a backfill on an engine left."""

    code: int
    output: Path
    out: str
    err: str
    reads: Mapping[tuple[str | None, str], tuple[int, int]]
    """By stream and API of media: calls, and fragments asked for."""

    def digests(self) -> dict[str, str]:
        """Digests of all tables' files."""
        files = sorted(path for path in self.output.rglob("*.parquet"))
        return {str(path.relative_to(self.output)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@dataclass(frozen=True)
class DemoDay:
    """Runs backfills of the day, each by a command of its own."""

    kvs: Emulator
    folder: Path
    environment: dict[str, str]

    def backfill(self, name: str, *words: str) -> EngineRun:
        command = [sys.executable, "-m", "callbeam.pipelines.cli", "backfill", "--streams", "*"]
        command += ["--start", START, "--end", END, "--output", str(self.folder / name), "--aws-region", "us-east-1"]
        command += ["--kvs-endpoint-url", self.kvs.endpoint_url, *words]
        self.kvs.requests.clear()
        out, err = self.folder / f"{name}.out", self.folder / f"{name}.err"
        with (
            out.open("wb") as to_out,
            err.open("wb") as to_err,
            running(command, to_out, to_err, self.environment) as run,
        ):
            code = run.wait(PATIENCE_S)
        reads: dict[tuple[str | None, str], tuple[int, int]] = {}
        for request in (request for request in self.kvs.requests if request.api.startswith("GetMedia")):
            calls, fragments = reads.get((request.stream, request.api), (0, 0))
            reads[request.stream, request.api] = (calls + 1, fragments + request.n)
        return EngineRun(code, self.folder / name, out.read_text(), err.read_text(), reads)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoDay]:
    folder = tmp_path_factory.mktemp("engines")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"AWS_ACCESS_KEY_ID": "example", "AWS_SECRET_ACCESS_KEY": "example", "PYTHONPATH": str(ROOT)}
    # One connection a stream: a second one would be refused, and so asked for again.
    quotas = replace(AWS_QUOTAS, fragment_list_connections=1)
    with Emulator(config=EmulatorConfig(quotas=quotas)) as emulator:
        emulator.load_demo(DEMO_CALLS)
        yield DemoDay(emulator, folder, environment)


@pytest.fixture(scope="module")
def reference(day: DemoDay) -> EngineRun:
    """What the local runner makes of the day."""
    return day.backfill("local")


@pytest.fixture(scope="module")
def cluster(day: DemoDay) -> Iterator[FlinkCluster]:
    java()
    with FlinkCluster(day.folder / "flink", engine("flink-1.19.3/lib"), day.environment) as running:
        yield running
