"""On every engine the same day gives the same bytes, and the summary tells the same truth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders.engines import FlinkCluster, engine, java

if TYPE_CHECKING:
    from builders.engine_runs import DemoDay, EngineRun

pytestmark = [pytest.mark.xdist_group("engines"), pytest.mark.timeout(900)]


def same(run: EngineRun, reference: EngineRun) -> None:
    assert reference.code == 0, reference.err
    assert run.code == 0, run.err
    assert run.digests() == reference.digests()
    assert len(run.digests()) >= 10
    assert run.reads == reference.reads  # each fragment once: no second connection, none too fast, no call refused
    assert run.handed["sent"] == run.handed["took"]  # the same objects: no step in between encoded them
    assert len(run.handed["sent"]) == len(reference.handed["sent"]) > 0
    told, expected = ([line for line in one.out.splitlines() if " in " not in line] for one in (run, reference))
    assert told == expected
    assert "4 calls, 0.00 h" not in run.out
    assert not list(run.output.glob("_jobs/*/*/"))  # nothing staged is left


def flink(*words: str) -> list[str]:
    java()
    jar = engine("job-server-1.19-2.62.0/job-server.jar")
    return ["--runner=FlinkRunner", f"--flink_job_server_jar={jar}", "--parallelism=2", *words]


def test_prism(day: DemoDay, reference: EngineRun) -> None:
    prism = engine("prism-2.77.0/prism")
    run = day.backfill("prism", "--runner=PrismRunner", f"--prism_location={prism}", "--environment_type=LOOPBACK")
    same(run, reference)


def test_flink_within_its_job_server(day: DemoDay, reference: EngineRun) -> None:
    words = flink("--flink_master=[local]", "--environment_type=LOOPBACK", "--object_reuse", "--max_bundle_size=100")
    same(day.backfill("embedded", *words), reference)


def test_a_cluster_of_another_version_is_refused(day: DemoDay, cluster: FlinkCluster) -> None:
    run = day.backfill("mismatch", "--runner=FlinkRunner", f"--flink_master={cluster.address}", "--flink_version=1.20")
    assert run.code == 2
    assert run.err.splitlines()[-1].endswith(
        "runs Flink 1.19.3, and the job server would be for 1.20: give --flink_version=1.19"
    )


def test_flink_cluster(day: DemoDay, reference: EngineRun, cluster: FlinkCluster) -> None:
    boot = Path(sys.executable).with_name("callbeam-flink-worker")
    words = flink(f"--flink_master={cluster.address}", "--environment_type=PROCESS", "--number_of_execution_retries=3")
    run = day.backfill("cluster", *words, f"--environment_options=process_command={boot}")
    same(run, reference)
    (job,) = cluster.get("/jobs/overview")["jobs"]
    assert job["name"].startswith("callbeam-20260302t000000z-")
    assert job["state"] == "FINISHED"
    # Both task managers had lanes to read, and said how far they were.
    vertices = cluster.get(f"/jobs/{job['jid']}")["vertices"]
    reading = next(vertex["id"] for vertex in vertices if "ReadFragments" in vertex["name"])
    hosts = {task["endpoint"] for task in cluster.get(f"/jobs/{job['jid']}/vertices/{reading}")["subtasks"]}
    assert len(hosts) == 2, [vertex["name"] for vertex in vertices]
    assert " legs, " in run.err, run.err
