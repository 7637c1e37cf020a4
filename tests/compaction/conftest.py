"""A lake of three days of March, and one of April."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders.joined_months import DAYS, LAKE, NAMES
from builders.made_lake import spread

from callbeam.storage import StorageConfig, open_store

if TYPE_CHECKING:
    from callbeam.storage import ObjectStore


@pytest.fixture(autouse=True)
def no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the disk: a process is killed here, not a machine."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the lake once, for tests to take copies of."""
    folder = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda descriptor: None)
        spread(LAKE, open_store(StorageConfig(str(folder))), [*DAYS, date(2026, 4, 1)], tables=NAMES)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def store(published: Path, folder: Path) -> ObjectStore:
    """Return a lake of three days of March, and one of April."""
    shutil.copytree(published, folder)
    return open_store(StorageConfig(str(folder)))
