"""callbeam-worker-pool, as a process: workers for a runner elsewhere, and a plain word where it has none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc, endpoints_pb2
from builders.demo import load_demo
from builders.engines import free_port, running

from callbeam.emulator import Emulator
from callbeam.pipelines.engines import own_versions
from callbeam.pipelines.local_run import descendants

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "AWS_ACCESS_KEY_ID": "example",
    "AWS_SECRET_ACCESS_KEY": "example",
}


def command(address: str) -> list[str]:
    return [sys.executable, "-m", "callbeam.pipelines.engines.worker_pool", f"--address={address}"]


@dataclass
class Pool:
    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def start_worker(self, provision: str) -> str:
        """Return what the pool complains of."""
        with grpc.insecure_channel(self.address) as channel:
            service = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
            url = endpoints_pb2.ApiServiceDescriptor(url=provision)
            request = beam_fn_api_pb2.StartWorkerRequest(worker_id="1-1", provision_endpoint=url, control_endpoint=url)
            return str(service.StartWorker(request, timeout=PATIENCE_S).error)


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    address = f"127.0.0.1:{free_port()}"
    log = tmp_path / "pool.log"
    with log.open("wb") as out, running(command(address), out, out, ENVIRONMENT) as process:
        with grpc.insecure_channel(address) as channel:
            grpc.channel_ready_future(channel).result(timeout=PATIENCE_S)
        yield Pool(address, process, log)


def backfill(pool: Pool, kvs: Emulator, output: Path, *extra: str) -> subprocess.CompletedProcess[str]:
    """Run a job whose workers come from the pool; Beam's own job server stands for an engine's."""
    words = ["--streams", "*", "--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z"]
    words += ["--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1", "--output", str(output)]
    words += ["--runner=PortableRunner", "--job_endpoint=embed", "--environment_type=EXTERNAL"]
    words += [f"--environment_config={pool.address}", *extra]
    run = [sys.executable, "-m", "callbeam.pipelines.cli", "backfill", *words]
    return subprocess.run(run, env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)


def test_it_works_for_a_job_of_its_own_versions_alone_and_ends_on_sigterm(pool: Pool, tmp_path: Path) -> None:
    with Emulator() as kvs:
        load_demo(kvs, 1)
        done = backfill(pool, kvs, tmp_path / "out")
        assert done.returncode == 0, done.stderr
        assert "1 call, 0.06 h" in done.stdout
        assert f"'client_versions': '{own_versions()}'" in pool.log.read_text()  # as the worker was told
        refused = backfill(pool, kvs, tmp_path / "refused", "--client_versions=Python 2.7")
    assert refused.returncode == 1
    assert "the job was submitted with Python 2.7, and the worker has Python 3." in refused.stderr
    assert not list((tmp_path / "refused").rglob("*.parquet"))
    pool.process.send_signal(signal.SIGTERM)
    assert pool.process.wait(PATIENCE_S) == 0


def test_a_worker_that_cannot_start_is_told_of_at_once(pool: Pool) -> None:
    begun = time.monotonic()
    complaint = pool.start_worker(f"127.0.0.1:{free_port()}")
    assert "callbeam-worker-pool: the worker cannot start: " in complaint
    assert "Connection refused" in complaint
    assert time.monotonic() - begun < PATIENCE_S
    assert not descendants(pool.process.pid)


def test_a_second_pool_does_not_share_the_address(pool: Pool) -> None:
    second = subprocess.run(
        command(pool.address), env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert second.returncode == 2
    assert f"--address {pool.address}: cannot listen there; is another pool running?" in second.stderr
