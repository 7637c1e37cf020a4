"""On every engine the same day gives the same bytes, and the summary tells the same truth."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from builders.engine_runs import flink, on_cluster, same
from builders.engines import FlinkCluster, engine

if TYPE_CHECKING:
    from builders.engine_runs import DemoDay, EngineRun

pytestmark = [pytest.mark.xdist_group("engines"), pytest.mark.timeout(900)]


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
    run = day.backfill("cluster", *on_cluster(cluster))
    same(run, reference)
    job = cluster.newest_job()
    assert job["name"].startswith("callbeam-20260302t000000z-")
    assert job["state"] == "FINISHED"
    # Both task managers had lanes to read, and said how far they were.
    vertices = cluster.get(f"/jobs/{job['jid']}")["vertices"]
    reading = next(vertex["id"] for vertex in vertices if "ReadFragments" in vertex["name"])
    hosts = {task["endpoint"] for task in cluster.get(f"/jobs/{job['jid']}/vertices/{reading}")["subtasks"]}
    assert len(hosts) == 2, [vertex["name"] for vertex in vertices]
    # So had they calls to put together and files to write: nothing behind the reading collapses onto one.
    for step in ("AssembleCall", "WriteShard"):
        received: Counter[str] = Counter()
        for behind in (vertex["id"] for vertex in vertices if step in vertex["name"]):
            for task in cluster.get(f"/jobs/{job['jid']}/vertices/{behind}")["subtasks"]:
                received[task["endpoint"]] += task["metrics"]["read-records"]
        assert len([host for host, count in received.items() if count]) == 2, (step, received)
    assert " legs, " in run.err, run.err
