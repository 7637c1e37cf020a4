"""A REST catalog that hands out credentials for its warehouse, to a writer who has others for the output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from builders.iceberg_lake import CATALOG, DAYS, LAKE, NAMES, again, by_manifest, join, table
from builders.made_lake import spread
from builders.rest_catalog import RestCatalog
from builders.s3_server import ACCESS_KEY, REGION, SECRET_KEY, S3Server
from pyiceberg.utils.config import Config

from callbeam.iceberg import left_metadata
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import kept_catalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VENDED = "AKIDVENDED", "for-metadata-alone"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[S3Server]:
    with S3Server(tmp_path / "s3") as running:
        for bucket in ("warehouse", "output"):
            running.client().create_bucket(Bucket=bucket)
        running.add_user(*VENDED)
        running.allow(VENDED[0], "warehouse", "s3:GetObject", "s3:PutObject", "s3:ListBucket")
        yield running


@pytest.fixture
def vending(
    tmp_path: Path, server: S3Server, aws_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RestCatalog]:
    properties = {
        "warehouse": "s3://warehouse/tables",
        "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        "client.region": REGION,
        "s3.endpoint": server.url,
        "s3.path-style-access": "true",
        "s3.access-key-id": ACCESS_KEY,
        "s3.secret-access-key": SECRET_KEY,
        "vended.s3.access-key-id": VENDED[0],
        "vended.s3.secret-access-key": VENDED[1],
    }
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    with RestCatalog(tmp_path, properties) as running:
        settings = running.settings() | {"S3__ENDPOINT": server.url, "S3__REGION": REGION}
        for name, value in settings.items():
            monkeypatch.setenv(f"PYICEBERG_CATALOG__LAKE__{name}", value)
        monkeypatch.setattr("pyiceberg.catalog._ENV_CONFIG", Config())
        yield running


def test_they_need_not_open_the_output_nor_delete(
    server: S3Server, vending: RestCatalog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(left_metadata, "GRACE_MS", 0)
    store = open_store(StorageConfig("s3://output/calls"))
    kept_catalog(store, CATALOG)
    spread(LAKE, store, DAYS, tables=NAMES, iceberg=CATALOG)
    join(store)
    again(store, DAYS[1])
    keys = {"aws_access_key_id": VENDED[0], "aws_secret_access_key": VENDED[1]}
    theirs = boto3.client("s3", endpoint_url=server.url, region_name=REGION, **keys)
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.list_objects_v2(Bucket="output")
    assert "metadata of expired snapshots stay" in caplog.text
    for name, rows in by_manifest(store).items():
        files = [task.file for task in table(name).scan().plan_files()]
        assert sum(file.record_count for file in files) == len(rows)
        assert all(file.file_path.startswith(f"s3://output/calls/{name}/") for file in files)
