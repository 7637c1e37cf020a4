"""A SQL catalog and a REST catalog, and a lake that keeps to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders.iceberg_lake import CATALOG, DAYS, LAKE, NAMES
from builders.made_lake import spread
from builders.rest_catalog import RestCatalog
from pyiceberg.utils.config import Config

from callbeam.storage import ObjectStore, StorageConfig, open_store
from callbeam.tables import kept_catalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def rest_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestCatalog]:
    with RestCatalog(tmp_path_factory.mktemp("rest")) as running:
        yield running


@pytest.fixture
def catalog(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Name a catalog as a user would, in the environment: ``sql``, or as a test's parameter says ``rest``.

    Its folder holds all that it keeps.
    """
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    kind = getattr(request, "param", "sql")
    server: RestCatalog | None = request.getfixturevalue("rest_server") if kind == "rest" else None
    folder = server.folder if server is not None else tmp_path / "catalog"
    folder.mkdir(exist_ok=True)
    sql = {"TYPE": "sql", "URI": f"sqlite:///{folder}/catalog.db", "WAREHOUSE": f"file://{folder}/warehouse"}
    for name, value in (server.settings() if server is not None else sql).items():
        monkeypatch.setenv(f"PYICEBERG_CATALOG__LAKE__{name}", value)
    monkeypatch.setattr("pyiceberg.catalog._ENV_CONFIG", Config())  # which is read once, when it is imported
    yield folder
    if server is not None:
        server.clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "an output"


@pytest.fixture
def store(catalog: Path, folder: Path) -> ObjectStore:
    store = open_store(StorageConfig(str(folder)))
    assert kept_catalog(store, CATALOG) == CATALOG
    spread(LAKE, store, DAYS, tables=NAMES, iceberg=CATALOG)
    return store
