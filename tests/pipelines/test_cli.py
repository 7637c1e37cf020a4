"""How a command is loaded."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from callbeam.pipelines import cli


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_while_a_command_loads_no_garbage_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(cli.importlib, "import_module", lambda _: seen.append(gc.isenabled()))
    before = gc.get_freeze_count()
    cli._load("any")
    assert seen == [False]
    assert gc.isenabled()
    assert gc.get_freeze_count() > before


def test_a_command_that_cannot_be_loaded_leaves_the_collector_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> Any:
        raise ImportError("no module")

    monkeypatch.setattr(cli.importlib, "import_module", fail)
    with pytest.raises(ImportError):
        cli._load("any")
    assert gc.isenabled()
