"""Which catalog an output keeps to, and what is said where it is not there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from builders.iceberg_lake import (
    DAYS,
    LAKE,
    NAMES,
    again,
    assert_nothing_else_is_there,
    by_catalog,
    by_manifest,
)
from builders.made_lake import spread
from pyiceberg.utils.config import Config

from callbeam.errors import UsageError
from callbeam.iceberg import snapshot_commits
from callbeam.storage import StorageConfig, StorageError, open_store
from callbeam.tables import kept_catalog

if TYPE_CHECKING:
    from callbeam.storage import ObjectStore


@pytest.mark.usefixtures("catalog")
def test_the_program_of_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(StorageConfig(str(tmp_path / "out")))
    kept_catalog(store, "lake")
    spread(LAKE, store, DAYS, tables=NAMES, iceberg="lake")
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "use-iceberg.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    exec(program, {})
    assert capsys.readouterr().out.split() == [str(len(DAYS))] * 3


def test_an_output_keeps_to_its_catalog(store: ObjectStore) -> None:
    with pytest.raises(UsageError, match=r"keeps to Iceberg catalog lake\.calls: leave --iceberg lake out"):
        kept_catalog(store, "lake")


def test_a_catalog_that_is_away_is_told_and_the_same_again_completes_it(
    store: ObjectStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(snapshot_commits, "_commit_table", refuse)
        with pytest.raises(StorageError, match=r"did not take it \(connection refused\): run the same again"):
            again(store, DAYS[1])
    again(store, DAYS[1], attempt="next")
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)


def test_a_worker_that_does_not_know_the_catalog_is_told(
    store: ObjectStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its user has checked where the job was submitted may be missing where it works."""
    with monkeypatch.context() as patch:
        for name in ("URI", "WAREHOUSE", "TYPE"):
            patch.delenv(f"PYICEBERG_CATALOG__LAKE__{name}")
        patch.setattr("pyiceberg.catalog._ENV_CONFIG", Config())
        with pytest.raises(StorageError, match=r"is published, but .* on every machine that publishes\): run the same"):
            again(store, DAYS[1])
    again(store, DAYS[1], attempt="next")
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "cannot be opened .*: name it in .pyiceberg.yaml, or by PYICEBERG_CATALOG__NOWHERE__URI"),
        ("a/b", "is neither CATALOG nor CATALOG.NAMESPACE"),
    ],
    ids=["unknown", "no name"],
)
def test_a_catalog_that_there_is_not_is_refused(tmp_path: Path, name: str, message: str) -> None:
    store = open_store(StorageConfig(str(tmp_path / "out")))
    with pytest.raises(UsageError, match=message):
        kept_catalog(store, name)
    assert list(store.list("")) == []


def test_who_has_no_catalog_does_not_import_it() -> None:
    program = "import sys, callbeam.pipelines.backfill, callbeam.pipelines.compact, callbeam.pipelines.forget\n"
    program += "from callbeam.storage import StorageConfig, open_store\nfrom callbeam.tables import kept_catalog\n"
    program += "assert kept_catalog(open_store(StorageConfig('nowhere'))) == ''\nprint('pyiceberg' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_pyiceberg_is_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs pyiceberg: pip install 'callbeam\[iceberg\]'"):
        kept_catalog(open_store(StorageConfig(str(tmp_path / "out"))), "lake")
