"""A SQL catalog and a REST catalog, and a lake that keeps to one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from builders.iceberg_lake import CATALOG, DAYS, LAKE, NAMES, table
from builders.made_lake import spread
from builders.rest_catalog import RestCatalog
from pyiceberg.catalog import load_catalog
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


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("iceberg") / "home"


@pytest.fixture
def home(place: Path) -> Path:
    """Return an empty folder, the same for every test, for metadata names files by their whole paths."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    return place


@pytest.fixture
def catalog(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Name a catalog as a user would, in the environment: ``sql``, or as a test's parameter says ``rest``.

    Its folder holds all that it keeps.
    """
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    kind = getattr(request, "param", "sql")
    server: RestCatalog | None = request.getfixturevalue("rest_server") if kind == "rest" else None
    folder = server.folder if server is not None else home / "catalog"
    folder.mkdir(exist_ok=True)
    sql = {"TYPE": "sql", "URI": f"sqlite:///{folder}/catalog.db", "WAREHOUSE": f"file://{folder}/warehouse"}
    for name, value in (server.settings() if server is not None else sql).items():
        monkeypatch.setenv(f"PYICEBERG_CATALOG__LAKE__{name}", value)
    monkeypatch.setattr("pyiceberg.catalog._ENV_CONFIG", Config())  # which is read once, when it is imported
    yield folder
    if server is not None:
        server.clear()


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "an output"


@dataclass(frozen=True)
class Published:
    """Copies of an output and of its catalog's warehouse, and where each table's metadata lies in that."""

    copies: Path
    metadata: dict[str, str]

    def put_back(self, folder: Path, warehouse: Path) -> None:
        shutil.copytree(self.copies / "output", folder)
        shutil.copytree(self.copies / "warehouse", warehouse)
        catalog = load_catalog("lake")
        catalog.create_namespace("calls")
        for name, location in self.metadata.items():
            catalog.register_table(("calls", name), location)


@pytest.fixture(scope="session")
def published() -> dict[Path, Published]:
    """What is published, by its catalog's folder: the first test that wants it makes it."""
    return {}


@pytest.fixture
def store(
    catalog: Path, folder: Path, published: dict[Path, Published], tmp_path_factory: pytest.TempPathFactory
) -> ObjectStore:
    store = open_store(StorageConfig(str(folder)))
    if catalog in published:
        published[catalog].put_back(folder, catalog / "warehouse")
        return store
    assert kept_catalog(store, CATALOG) == CATALOG
    spread(LAKE, store, DAYS, tables=NAMES, iceberg=CATALOG)
    copies = tmp_path_factory.mktemp("published")
    shutil.copytree(folder, copies / "output")
    shutil.copytree(catalog / "warehouse", copies / "warehouse")
    published[catalog] = Published(copies, {name: table(name).metadata_location for name in NAMES})
    return store
