"""A job that failed or was killed and is run again: what was done is not done again, and the bytes are the same."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.dataset as ds
import pytest
from builders.demo import load_demo

from callbeam.callmaker import connect_fragments_from_pcm
from callbeam.emulator import Emulator, Fault
from callbeam.errors import JobError
from callbeam.kvs import HOUR_MS
from callbeam.pipelines import backfill
from callbeam.transforms import publish_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = Path(sys.executable).with_name("callbeam")
START_MS = 1_772_409_600_000
DAY = ["--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z"]
MEDIA = "GetMediaForFragmentList"
HEAVY = ["--frames", "--audio-policy", "raw"]


def media_calls(kvs: Emulator) -> int:
    return sum(record.api == MEDIA for record in list(kvs.requests))


def words_for(kvs: Emulator, output: Path, *more: str) -> list[str]:
    words = ["--streams", "*", *DAY, "--output", str(output), "--region", "us-east-1"]
    return [*words, "--kvs-endpoint-url", kvs.endpoint_url, "--fragments-per-second", "0", *more]


def digests(output: Path) -> dict[str, str]:
    files = {path.relative_to(output).as_posix(): path for path in sorted(output.glob("*/dt=*/*.parquet"))}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def left(output: Path, pattern: str = "*/**/*") -> list[Path]:
    """Return what is left of staging, pieces and results."""
    return [path for path in sorted(output.glob(f"_jobs/*/{pattern}")) if path.is_file()]


def refuse(*_: object) -> None:
    raise JobError("made to fail")


@dataclass
class Failed:
    """A job that came as far as its publication, and what it ought to have published."""

    kvs: Emulator
    folder: Path
    expected: dict[str, str]
    calls: int

    def run(self, output: Path, *words: str) -> float:
        """Run the job, and return how many media calls it made of those of a whole run."""
        self.kvs.requests.clear()
        assert backfill.main(words_for(self.kvs, output, *HEAVY, *words)) == 0
        assert left(output) == []
        return media_calls(self.kvs) / self.calls

    def copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.folder / "failed", self.folder / name))


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Failed]:
    folder = tmp_path_factory.mktemp("resume")
    with pytest.MonkeyPatch.context() as patch, Emulator() as kvs:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "example")
        load_demo(kvs, 3)
        failed = Failed(kvs, folder, {}, 1)
        failed.calls = round(failed.run(folder / "whole"))
        failed.expected = digests(folder / "whole")
        fail(kvs, folder / "failed", *HEAVY)
        yield failed


def fail(kvs: Emulator, output: Path, *words: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish_tables, "publish_job", refuse)
        assert backfill.main(words_for(kvs, output, *words)) == 1
    assert digests(output) == {}


def test_what_was_done_is_not_done_again(failed: Failed) -> None:
    output = failed.copy("again")
    assert left(output, "results/**/piece-*")
    assert left(output, "pieces/frames/*")
    assert failed.run(output) == 0
    assert digests(output) == failed.expected


@pytest.mark.parametrize("pattern", ["results/**/piece-*", "results/**/leg-*", "pieces/frames/*", "pieces/clips/*"])
def test_what_vanished_is_read_again(failed: Failed, pattern: str) -> None:
    output = failed.copy(pattern.replace("/", "_").replace("*", ""))
    left(output, pattern)[0].unlink()
    assert 0 < failed.run(output) < 1
    assert digests(output) == failed.expected


def test_torn_results_are_made_again(failed: Failed) -> None:
    output = failed.copy("torn")
    for path in left(output, "results/**/piece-*"):
        path.write_bytes(path.read_bytes()[:-7])
    assert failed.run(output) == 1
    assert digests(output) == failed.expected


def test_another_role_map_takes_nothing_over(failed: Failed) -> None:
    output, anew = failed.copy("mapped"), failed.folder / "anew"
    words = ["--role-map", "AUDIO_FROM_CUSTOMER=AGENT"]
    assert failed.run(output, *words) == 1
    failed.run(anew, *words)
    assert digests(output) == digests(anew) != failed.expected


def test_it_can_be_turned_off(failed: Failed) -> None:
    output = failed.copy("off")
    kept = left(output, "results/**/*")
    kept[0].unlink()
    failed.kvs.requests.clear()
    fail(failed.kvs, output, *HEAVY, "--no-resume")
    assert media_calls(failed.kvs) == failed.calls
    assert left(output, "results/**/*") == kept[1:]


def test_a_fragment_that_was_lost_for_a_while_is_there_at_last(failed: Failed) -> None:
    output = failed.folder / "lost"
    rows = ds.dataset(failed.folder / "whole" / "fragments", format="parquet").to_table().to_pylist()
    number = next(int(row["fragment_number"]) for row in rows if row["status"] == "decoded")
    failed.kvs.faults.add(Fault(api=MEDIA, action="not_found", fragments=(number,), times=None))
    fail(failed.kvs, output, *HEAVY)
    failed.kvs.faults.clear()
    assert 0 < failed.run(output) < 1
    assert digests(output) == failed.expected


STREAMS, HOURS = 4, 12


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.timeout(900)
def test_a_killed_command_goes_on_where_it_was(aws_credentials: None, tmp_path: Path, workers: str) -> None:
    pcm = np.zeros(6 * 8000, np.int16)
    with Emulator() as kvs:
        for stream in range(STREAMS):
            kvs.add_stream(f"calls-{stream}")
            for hour in range(HOURS):
                start_ms = START_MS + hour * HOUR_MS + (7 + stream) * 60_000
                for one in connect_fragments_from_pcm(pcm, pcm, contact_id=f"c-{stream}-{hour}", start_ms=start_ms):
                    kvs.add_fragment(f"calls-{stream}", one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)
        assert backfill.main(words_for(kvs, tmp_path / "whole")) == 0
        whole = media_calls(kvs)
        assert whole >= STREAMS * HOURS
        kvs.requests.clear()
        words = [COMMAND, "backfill", *words_for(kvs, tmp_path / "killed", "--workers", workers)]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        while media_calls(kvs) < whole / 2:
            assert process.poll() is None
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert digests(tmp_path / "killed") == {}
        kvs.requests.clear()
        done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr
        assert media_calls(kvs) < 0.6 * whole
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")
    assert left(tmp_path / "killed") == []
