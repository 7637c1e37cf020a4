"""A catalog's namespace is one output's: nobody else's files take their place, and what was lost comes back."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from builders.iceberg_lake import (
    CATALOG,
    DAYS,
    LAKE,
    NAMES,
    again,
    assert_nothing_else_is_there,
    by_catalog,
    by_manifest,
    join,
)
from builders.made_lake import publish_on, spread
from pyiceberg.catalog import load_catalog

from callbeam.errors import JobError, UsageError
from callbeam.iceberg import snapshot_commits
from callbeam.storage import ObjectStore, StorageConfig, StorageError, open_store
from callbeam.tables import claim, kept_catalog, load_manifests, release

if TYPE_CHECKING:
    from pathlib import Path

    from callbeam.tables import Manifest


def calls_job() -> Manifest:
    """Return the manifest of the lake's job that has calls."""
    (manifest,) = (one for one in load_manifests(LAKE) if one.outcome.call_count)
    return manifest


def test_a_second_output_needs_a_namespace_of_its_own(store: ObjectStore, tmp_path: Path) -> None:
    before = by_catalog()
    second = open_store(StorageConfig(str(tmp_path / "second")))
    with pytest.raises(UsageError, match=r"has what lies at .*an output, not at .*second: name a namespace"):
        kept_catalog(second, CATALOG)
    assert kept_catalog(second) == ""
    with pytest.raises(StorageError, match="name a namespace of this output's own"):
        spread(LAKE, second, DAYS[:1], tables=NAMES, iceberg=CATALOG)
    assert kept_catalog(second, "lake.others") == "lake.others"
    assert by_catalog() == before == by_manifest(store)


@pytest.mark.parametrize("lost", [NAMES, ("calls",)], ids=["all", "one"])
def test_tables_that_a_catalog_has_lost_get_all_rows_with_the_next_job(
    store: ObjectStore, folder: Path, lost: tuple[str, ...]
) -> None:
    for name in lost:
        load_catalog("lake").drop_table(("calls", name))
    again(store, DAYS[1])
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)


def test_a_table_that_was_made_and_not_filled_gets_all_rows(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process ends between the making of a table and its first commit."""
    load_catalog("lake").drop_table(("calls", "calls"))

    def ended(*_: Any) -> None:
        raise OSError("gone")

    with monkeypatch.context() as patch, suppress(StorageError):
        patch.setattr(snapshot_commits, "_commit_table", ended)
        again(store, DAYS[1])
    again(store, DAYS[1], attempt="next")
    assert by_catalog() == by_manifest(store)


def test_a_job_that_was_submitted_before_the_output_kept_to_a_catalog_is_refused(catalog: Path, tmp_path: Path) -> None:
    store = open_store(StorageConfig(str(tmp_path / "earlier")))
    spread(LAKE, store, DAYS, tables=NAMES)
    assert kept_catalog(store, CATALOG) == CATALOG
    before = by_catalog()
    with pytest.raises(JobError, match=r"keeps to Iceberg catalog lake.calls since job .* was submitted"):
        publish_on(LAKE, store, calls_job(), DAYS[1], tables=NAMES[:1], attempt="late")
    assert by_catalog() == by_manifest(store) == before
    assert not [info.key for info in store.list("_jobs/") if info.key.endswith("/publishing")]


def test_what_was_being_published_when_a_catalog_was_chosen_is_committed_by_the_next_command(
    catalog: Path, tmp_path: Path
) -> None:
    """It held its claim before there was a mark, so it may not have seen that."""
    store = open_store(StorageConfig(str(tmp_path / "earlier")))
    spread(LAKE, store, DAYS[:2], tables=NAMES)
    claim(store, "somebody's", "a")
    assert kept_catalog(store, CATALOG) == CATALOG
    mark = store.get("_jobs/iceberg.json") or b""
    store.delete(["_jobs/iceberg.json"])
    spread(LAKE, store, DAYS[2:], tables=NAMES)  # as one that did not see the mark
    store.put("_jobs/iceberg.json", mark)
    release(store, "somebody's")
    assert by_catalog() != by_manifest(store)
    assert kept_catalog(store) == CATALOG
    assert by_catalog() == by_manifest(store)


def test_a_month_that_was_left_while_the_catalog_was_down_is_committed_by_the_same_again(
    store: ObjectStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    join(store)

    def down(*_: Any) -> None:
        raise OSError("the catalog is down")

    with monkeypatch.context() as patch:
        patch.setattr(snapshot_commits, "_commit_table", down)
        with pytest.raises(StorageError, match="run the same again"):
            again(store, DAYS[1])
    again(store, DAYS[1], attempt="same again")
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)
