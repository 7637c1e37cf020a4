"""The backfill that deploy/kubernetes submits, word for word, on a cluster and with a workers' pool of this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
import yaml
from builders.engines import ROOT, FlinkCluster, engine, free_port, running

if TYPE_CHECKING:
    from engines.conftest import DemoDay, EngineRun

pytestmark = [pytest.mark.xdist_group("engines"), pytest.mark.timeout(900)]


def submitted(**here: str) -> list[str]:
    """Return the job's options of the engine, with what is of this machine put in."""
    job = yaml.safe_load((ROOT / "deploy/kubernetes/backfill-job.yaml").read_text())
    (container,) = job["spec"]["template"]["spec"]["containers"]
    words = container["args"][container["args"].index("--runner=FlinkRunner") :]
    changed = {f"--{name}" for name in here}
    assert changed <= {word.partition("=")[0] for word in words}
    return [word for word in words if word.partition("=")[0] not in changed] + [
        f"--{name}={value}" for name, value in here.items()
    ]


def test_the_job_for_kubernetes_gives_the_same_bytes(day: DemoDay, reference: EngineRun, cluster: FlinkCluster) -> None:
    address = f"127.0.0.1:{free_port()}"
    pool = [sys.executable, "-m", "callbeam.pipelines.engines.worker_pool", "--address", address]
    words = submitted(flink_master=cluster.address, environment_config=address, parallelism="2")
    jar = engine("job-server-1.19-2.62.0/job-server.jar")
    with (day.folder / "pool.log").open("wb") as log, running(pool, log, log, day.environment):
        run = day.backfill("kubernetes", *words, f"--flink_job_server_jar={jar}")
    assert run.code == 0, run.err
    assert len(run.digests()) >= 10
    assert run.digests() == reference.digests()
