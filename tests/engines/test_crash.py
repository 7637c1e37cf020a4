"""Whatever is killed in the middle of a backfill on a cluster, the tables are those of an undisturbed one."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from builders.engine_runs import PATIENCE_S, EngineRun, on_cluster, same_tables
from builders.engines import free_port, running, words_of
from builders.s3_server import S3Server

from callbeam.pipelines.local_run import descendants

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from builders.engine_runs import DemoDay, Submitted
    from builders.engines import FlinkCluster

pytestmark = [pytest.mark.xdist_group("engines"), pytest.mark.timeout(900)]

AWAY_S = 20


def fragments(day: DemoDay) -> int:
    """Return how many fragments have been asked for since the run was submitted."""
    return sum(count for _, count in day.reads().values())


def half_read(day: DemoDay, reference: EngineRun) -> Callable[[], bool]:
    half = sum(count for _, count in reference.reads.values()) // 2
    return lambda: fragments(day) >= half


def kill(*processes: int) -> None:
    assert processes
    for process in processes:
        os.kill(process, signal.SIGKILL)


def lose(cluster: FlinkCluster, name: str) -> None:
    """Kill a task manager, and start it again as its user would."""
    kill(cluster.task_managers[name].pid)
    cluster.task_managers[name].wait()
    cluster.start_task_manager(name)


def is_published(run: Submitted) -> bool:
    return any(run.output.glob("_jobs/*/manifest.json"))


def job_servers(run: Submitted) -> list[int]:
    return [process for process in descendants(run.process.pid) if b"job-server.jar" in words_of(process)]


def wait_until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def test_a_task_manager(day: DemoDay, reference: EngineRun, cluster: FlinkCluster) -> None:
    cluster.wait()
    with day.submitted("killed-manager", *on_cluster(cluster)) as run:
        run.wait_until(half_read(day, reference), "half is read")
        lose(cluster, "a")
        ended = day.ended(run)
    same_tables(ended, reference)
    whole = sum(count for _, count in reference.reads.values())
    assert sum(count for _, count in ended.reads.values()) < 1.6 * whole  # what was finished is not read again


def test_a_worker(day: DemoDay, reference: EngineRun, cluster: FlinkCluster) -> None:
    cluster.wait()
    with day.submitted("killed-worker", *on_cluster(cluster)) as run:
        run.wait_until(half_read(day, reference), "half is read")
        kill(*cluster.workers("a"))
        ended = day.ended(run)
    same_tables(ended, reference)
    assert "callbeam: Flink met a fault" in ended.err


@pytest.mark.long
def test_a_task_manager_while_tables_are_written(day: DemoDay, reference: EngineRun, cluster: FlinkCluster) -> None:
    cluster.wait()
    with day.submitted("killed-writing", *on_cluster(cluster)) as run:
        run.wait_until(lambda: any(run.output.glob("_jobs/*/*/*/*.parquet")), "a file is staged")
        lose(cluster, "b")
        assert not is_published(run)
        same_tables(day.ended(run), reference)


@pytest.mark.long
def test_all_workers_while_the_job_publishes(day: DemoDay, reference: EngineRun, cluster: FlinkCluster) -> None:
    cluster.wait()
    with day.submitted("killed-publishing", *on_cluster(cluster)) as run:
        run.wait_until(lambda: any(run.output.glob("_jobs/*/publishing")), "publishing has begun")
        workers = cluster.workers()
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        assert not is_published(run)
        kill(*workers)
        same_tables(day.ended(run), reference)


def test_the_client_once_it_has_submitted(day: DemoDay, reference: EngineRun, cluster: FlinkCluster) -> None:
    cluster.wait()
    with day.submitted("killed-client", *on_cluster(cluster)) as run:
        run.wait_until(lambda: fragments(day), "it reads")
        servers = job_servers(run)
        kill(run.process.pid)
        run.process.wait()
        wait_until(lambda: not any(map(words_of, servers)), "the job server ends with the client")
        wait_until(lambda: cluster.newest_job()["state"] == "FINISHED", "the job ends")
    assert servers
    assert EngineRun(0, run.output, "", "", {}, {}).digests() == reference.digests()
    assert is_published(run)


@pytest.mark.long
def test_the_job_server_once_it_has_submitted(day: DemoDay, reference: EngineRun, cluster: FlinkCluster) -> None:
    cluster.wait()
    with day.submitted("killed-server", *on_cluster(cluster)) as run:
        run.wait_until(lambda: fragments(day), "it reads")
        kill(*job_servers(run))
        ended = day.ended(run)
    same_tables(ended, reference)
    assert "the cluster is asked what becomes of the job" in ended.err
    assert f"the job goes on: the cluster at http://{cluster.address} has it" in ended.err


@pytest.mark.long
def test_the_job_server_while_it_is_told_the_job(
    day: DemoDay, reference: EngineRun, cluster: FlinkCluster, tmp_path: Path
) -> None:
    cluster.wait()
    java = tmp_path / "java"
    java.write_text(f"""#!{sys.executable}
import os, pathlib, subprocess, sys
if pathlib.Path({str(tmp_path)!r}, "died").exists():
    os.execvp("java", ["java", *sys.argv[1:]])
server = subprocess.Popen(["java", *sys.argv[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
for line in server.stdout:
    if "Staging artifacts for" in line:
        pathlib.Path({str(tmp_path)!r}, "died").touch()
        server.kill()
""")
    java.chmod(0o755)
    ended = day.backfill("died-server", *on_cluster(cluster, f"--job_server_java_launcher={java}"))
    assert (tmp_path / "died").exists()
    same_tables(ended, reference)
    assert "nothing had run, so the job is submitted once more" in ended.err


@pytest.mark.long
def test_kinesis_video_streams_for_a_while(day: DemoDay, reference: EngineRun, cluster: FlinkCluster) -> None:
    cluster.wait()
    port = free_port()
    command = [sys.executable, "-m", "callbeam.pipelines.cli", "emulator", f"--port={port}", f"--data={day.folder}/kvs"]
    log = day.folder / "kvs.log"
    with ExitStack() as stack:
        out = stack.enter_context(log.open("wb"))

        def serve(*words: str) -> subprocess.Popen[bytes]:
            begun = log.read_text().count("http://")
            process = stack.enter_context(running([*command, *words], out, out, day.environment))
            wait_until(lambda: log.read_text().count("http://") > begun, log.read_text())
            return process

        serving = serve("--demo-calls=4")
        words = on_cluster(cluster, "--fragments-per-second=10")
        run = stack.enter_context(day.submitted("away", *words, kvs_url=f"http://127.0.0.1:{port}"))
        run.wait_until(lambda: any(run.output.glob("_jobs/*/results/*/*/piece-*")), "a call's result is kept")
        kill(serving.pid)
        serving.wait()
        assert not any(run.output.glob("_jobs/*/*/*/*.parquet"))
        time.sleep(AWAY_S)
        assert run.process.poll() is None
        assert not any(run.output.glob("_jobs/*/*/*/*.parquet"))
        serve()
        same_tables(day.ended(run), reference)


@pytest.mark.long
@pytest.mark.parametrize(
    "when", ["_jobs/*/*/*/*.parquet", "_jobs/*/publishing"], ids=["while it is written", "while the job publishes"]
)
def test_the_lake_for_a_while(
    day: DemoDay, reference: EngineRun, cluster: FlinkCluster, tmp_path: Path, when: str
) -> None:
    cluster.wait()
    with S3Server(tmp_path, users=False) as server:
        server.client().create_bucket(Bucket="lake")
        words = on_cluster(cluster, "--output=s3://lake/calls", f"--s3-endpoint-url={server.url}")
        with day.submitted("no-lake", *words) as run:
            lake = replace(run, output=tmp_path / "buckets/lake/calls")
            run.wait_until(lambda: any(lake.output.glob(when)), "there is such a file")
            server.kill()
            assert not is_published(lake)
            time.sleep(AWAY_S)
            server.start()
            ended = day.ended(run)
        assert ended.code == 0, ended.err
        assert replace(ended, output=lake.output).digests() == reference.digests()
        assert is_published(lake)
