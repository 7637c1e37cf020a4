"""Workers of a cluster that come from pools, as from sidecars; and what is said where none comes."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import grpc
import pytest
from builders.engine_runs import on_cluster, same
from builders.engines import free_port, running

if TYPE_CHECKING:
    from builders.engine_runs import DemoDay, EngineRun
    from builders.engines import FlinkCluster

pytestmark = [pytest.mark.xdist_group("engines"), pytest.mark.timeout(900)]

READY_S = 90
TOLD_S = 60


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("worker-pool", ["127.0.0.2", "127.0.0.3"]),
        pytest.param("localhost", ["127.0.0.1"], marks=pytest.mark.long),
    ],
    ids=["one for each task manager", "one for both"],
)
def test_same_bytes(day: DemoDay, reference: EngineRun, cluster: FlinkCluster, host: str, addresses: list[str]) -> None:
    port = free_port()
    logs = [day.folder / f"pool-{address}.log" for address in addresses]
    with ExitStack() as stack:
        for address, log in zip(addresses, logs, strict=True):
            command = [sys.executable, "-m", "callbeam.pipelines.engines.worker_pool", f"--address={address}:{port}"]
            out = stack.enter_context(log.open("wb"))
            stack.enter_context(running(command, out, out, day.environment))
            with grpc.insecure_channel(f"{address}:{port}") as channel:
                grpc.channel_ready_future(channel).result(timeout=READY_S)
        words = on_cluster(cluster, "--environment_type=EXTERNAL", f"--environment_config={host}:{port}")
        same(day.backfill(f"pool-{host}", *words), reference)
    started = [log.read_text().count("starting worker") for log in logs]
    assert min(started) > 0
    assert sum(started) >= 2  # one for each task manager


def test_a_pool_that_is_not_there_is_named(day: DemoDay, cluster: FlinkCluster) -> None:
    port = free_port()
    words = on_cluster(cluster, "--environment_type=EXTERNAL", f"--environment_config=worker-pool:{port}")
    with day.submitted("no-pool", *words) as run:
        run.wait_until(lambda: "callbeam: Flink met a fault" in run.err.read_text(), "the fault is told")
        submitted = cluster.newest_job()["start-time"]
        assert time.time() - submitted / 1000 < TOLD_S
        ended = day.ended(run)
    assert ended.code == 1
    fault = next(line for line in ended.err.splitlines() if "Flink met a fault" in line)
    assert "Connection refused: worker-pool/127.0.0." in fault
    assert f"(workers: --environment_type=EXTERNAL --environment_config=worker-pool:{port}; the task manager's" in fault


@pytest.mark.long
def test_workers_of_other_versions_say_so_in_the_task_managers_log(day: DemoDay, cluster: FlinkCluster) -> None:
    run = day.backfill("versions", *on_cluster(cluster, "--client_versions=Python 2.7"))
    assert run.code == 1
    assert "callbeam: Flink met a fault: Process died with exit code 1" in run.err
    logs = "".join(path.read_text() for path in (day.folder / "flink").glob("taskmanager-*.log"))
    assert "the job was submitted with Python 2.7, and the worker has Python 3." in logs
