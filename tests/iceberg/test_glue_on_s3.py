"""An output on S3 that keeps to a Glue catalog; moto stands for both services."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders.made_lake import spread
from pyiceberg.catalog import load_catalog
from pyiceberg.utils.config import Config

from callbeam.compaction import compact
from callbeam.erasure import forget
from callbeam.storage import ObjectStore, StorageConfig, open_store
from callbeam.tables import Output, PublishConfig, compaction_of, kept_catalog, load_manifests

if TYPE_CHECKING:
    import pyarrow as pa

LAKE = open_store(StorageConfig(str(max((Path(__file__).parents[1] / "schemas").glob("lake-*")))))
NAMES = ("calls", "events")
APRIL_MS = compaction_of(1_772_452_800_000).end_ms


@pytest.fixture
def store(bucket: str, s3_endpoint: str, aws_credentials: None, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    settings = {
        "TYPE": "glue",
        "WAREHOUSE": f"s3://{bucket}/iceberg",
        "GLUE__ENDPOINT": s3_endpoint,
        "GLUE__REGION": "us-east-1",
        "S3__ENDPOINT": s3_endpoint,
        "S3__REGION": "us-east-1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"PYICEBERG_CATALOG__LAKE__{name}", value)
    monkeypatch.setattr("pyiceberg.catalog._ENV_CONFIG", Config())
    return open_store(StorageConfig(f"s3://{bucket}/some calls", endpoint_url=s3_endpoint))


def ids(rows: pa.Table) -> list[str]:
    return sorted(rows["call_id"].to_pylist())


def known(namespace: str, name: str) -> tuple[list[str], set[str]]:
    """Return the ids of a table's rows, and the files of all of its snapshots."""
    table = load_catalog("lake").load_table((namespace, name))
    scans = [table.scan(snapshot_id=one.snapshot_id) for one in table.snapshots()]
    return ids(table.scan().to_arrow()), {task.file.file_path for scan in scans for task in scan.plan_files()}


def test_jobs_joined_months_and_erasures_are_committed(store: ObjectStore, bucket: str) -> None:
    namespace = bucket.replace("-", "_")  # moto's services outlive a test
    catalog = kept_catalog(store, f"lake.{namespace}")
    spread(LAKE, store, [date(2026, 3, 1), date(2026, 3, 2)], tables=NAMES, iceberg=catalog)
    list(compact(store, APRIL_MS, PublishConfig(attempt="", options_sha256="", iceberg=catalog), attempt="a"))
    spread(LAKE, store, [date(2026, 3, 1)], tables=NAMES, iceberg=catalog, attempt="again")
    call_id = known(namespace, "calls")[0][0]
    forget(store, call_ids=[call_id], subject_keys=[], attempt="f", asked="")
    output = Output(store, load_manifests(store), "")
    for name in NAMES:
        found, files = known(namespace, name)
        assert found == ids(output.read(name, ["call_id"]))
        assert found
        assert call_id not in found
        there = {store.describe(info.key) for info in store.list(f"{name}/")}
        assert files <= there
        assert len(there - files) <= 1  # of the erased job, a file without rows
