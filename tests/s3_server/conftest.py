"""A real S3 server, and prefixes of its bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders.s3_server import S3Server

from callbeam.storage import ObjectStore, StorageConfig, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "lake"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as running:
        running.client().create_bucket(Bucket=BUCKET)
        yield running


@pytest.fixture(autouse=True)
def owner(aws_credentials: None, server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be the bucket's owner."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    """Name a prefix of the test's own."""
    return f"s3://{BUCKET}/{request.node.name}"


@pytest.fixture
def lake(place: str) -> ObjectStore:
    return open_store(StorageConfig(place))
