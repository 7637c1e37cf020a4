"""A job that is handed to the cluster as one jar, without a job server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders.engine_runs import on_cluster, same

if TYPE_CHECKING:
    from builders.engine_runs import DemoDay, EngineRun
    from builders.engines import FlinkCluster


@pytest.mark.long
@pytest.mark.xdist_group("engines")
@pytest.mark.timeout(900)
def test_same_bytes(day: DemoDay, reference: EngineRun, cluster: FlinkCluster) -> None:
    cluster.wait()
    same(day.backfill("uber-jar", *on_cluster(cluster, "--flink_submit_uber_jar")), reference)
    assert cluster.newest_job()["name"].startswith("callbeam-20260302t000000z-")
    assert not cluster.get("/jars")["files"]  # the jar is not left behind
