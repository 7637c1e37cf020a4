"""How a command is loaded, and what the bare one says."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

import callbeam
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


def test_the_version_names_what_results_rest_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    first, *libraries = capsys.readouterr().out.splitlines()
    assert first.startswith(f"callbeam {callbeam.__version__} (Python 3.")
    assert {"apache-beam", "numpy", "onnxruntime", "pyarrow"} <= {line.split()[0] for line in libraries}
