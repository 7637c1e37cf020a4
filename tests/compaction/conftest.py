"""A lake of three days of March, and one of April."""

from __future__ import annotations

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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def store(folder: Path) -> ObjectStore:
    """Return a lake of three days of March, and one of April."""
    store = open_store(StorageConfig(str(folder)))
    spread(LAKE, store, [*DAYS, date(2026, 4, 1)], tables=NAMES)
    return store
