"""One day of demo calls, what the runner of this machine makes of it, and a Flink cluster."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from builders.demo import load_demo
from builders.engine_runs import PER_SECOND, DemoDay, EngineRun
from builders.engines import ROOT, FlinkCluster, engine, java
from builders.s3_server import ACCESS_KEY, SECRET_KEY

from callbeam.emulator import AWS_QUOTAS, Emulator, EmulatorConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO_CALLS = 4


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoDay]:
    folder = tmp_path_factory.mktemp("engines")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}  # the emulator takes any
    environment |= {"PYTHONPATH": f"{ROOT}/tests/engines/noting:{ROOT}", "HANDED_ON": str(folder / "handed")}
    # One connection a stream, and little more than a job keeps to: whoever reads a stream twice at a time is refused,
    # and so asks more than once.
    quotas = replace(AWS_QUOTAS, fragment_list_connections=1, media_points_per_s=round(PER_SECOND * 1.3))
    with Emulator(config=EmulatorConfig(quotas=quotas)) as emulator:
        load_demo(emulator, DEMO_CALLS)
        yield DemoDay(emulator, folder, environment)


@pytest.fixture(scope="session")
def reference(day: DemoDay) -> EngineRun:
    """What the local runner makes of the day."""
    return day.backfill("local")


@pytest.fixture(scope="session")
def cluster(day: DemoDay) -> Iterator[FlinkCluster]:
    java()
    with FlinkCluster(day.folder / "flink", engine("flink-1.19.3/lib"), day.environment) as running:
        yield running
