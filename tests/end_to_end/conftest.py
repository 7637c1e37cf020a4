"""The main job, run in this process over an emulator in a thread."""

from __future__ import annotations

import io
import shutil
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from builders.demo import load_demo

from callbeam.emulator import Emulator
from callbeam.pipelines import backfill
from callbeam.tables import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAY = ("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z")
DEMO_CALLS = 6


@dataclass(frozen=True)
class Result:
    """What a run of the backfill left."""

    code: int
    output: Path
    out: str
    err: str

    def table(self, name: str) -> pa.Table:
        return ds.dataset(self.output / name, format="parquet").to_table()

    def rows(self, name: str) -> list[dict]:
        return self.table(name).to_pylist() if (self.output / name).is_dir() else []

    def manifests(self) -> list[Manifest]:
        return [Manifest.from_json(path.read_bytes()) for path in sorted(self.output.glob("_jobs/*/manifest.json"))]


@pytest.fixture
def kvs(aws_credentials: None) -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def run(kvs: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run the backfill: options by name, ``streams``, ``start``, ``end`` and ``output`` have defaults."""

    def backfill_with(
        *extra: str, streams: str = "*", start: str = DAY[0], end: str = DAY[1], output: str = "out"
    ) -> Result:
        words = ["--streams", streams, "--start", start, "--end", end, "--output", str(tmp_path / output)]
        words += ["--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1", "--fragments-per-second", "0"]
        capsys.readouterr()
        code = backfill.main([*words, *extra])
        captured = capsys.readouterr()
        return Result(code, tmp_path / output, captured.out, captured.err)

    return backfill_with


@dataclass(frozen=True)
class DemoOutput(Result):
    """The demo's tables, frames and clips too, and the folder of truths about its calls."""

    truth: Path


@pytest.fixture(scope="session")
def demo_output(tmp_path_factory: pytest.TempPathFactory) -> DemoOutput:
    """Run the backfill once over the demo's first calls, for tests that only read what it wrote."""
    output = tmp_path_factory.mktemp("demo") / "out"
    with pytest.MonkeyPatch.context() as patch, Emulator() as emulator:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "example")
        truth = load_demo(emulator, DEMO_CALLS)
        words = ["--streams", "*", "--start", DAY[0], "--end", DAY[1], "--output", str(output), "--frames"]
        words += ["--audio-policy", "raw", "--fragments-per-second", "0"]
        words += ["--kvs-endpoint-url", emulator.endpoint_url, "--region", "us-east-1"]
        with redirect_stdout(io.StringIO()) as out:
            code = backfill.main(words)
        kept = tmp_path_factory.mktemp("truth")
        shutil.copytree(truth, kept, dirs_exist_ok=True)  # the emulator's own folder goes with it
    assert code == 0
    return DemoOutput(code, output, out.getvalue(), "", kept)
