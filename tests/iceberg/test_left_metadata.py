"""Metadata of expired snapshots: there for readers in flight, and gone a day later."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders.iceberg_lake import CATALOG, DAYS, LAKE, NAMES, again, by_catalog, by_manifest, join, table
from builders.killed_store import KilledProcessError
from builders.made_lake import spread

from callbeam.iceberg import left_metadata

if TYPE_CHECKING:
    from pathlib import Path

    from callbeam.storage import ObjectStore

APRIL = date(2026, 4, 1)

pytestmark = pytest.mark.parametrize("catalog", ["sql", "rest"], indirect=True)


def reachable() -> set[str]:
    """Return every file of metadata that the catalog leads to."""
    found: set[str] = set()
    for name in NAMES:
        opened = table(name)
        found |= {opened.metadata_location, *(entry.metadata_file for entry in opened.metadata.metadata_log)}
        for snapshot in opened.snapshots():
            found |= {snapshot.manifest_list, *(one.manifest_path for one in snapshot.manifests(opened.io))}
    return {place.removeprefix("file:").replace("///", "/") for place in found}


def there(catalog: Path) -> set[str]:
    return {str(path) for path in (catalog / "warehouse").rglob("*") if path.is_file() and path.suffix != ".crc"}


def add(store: ObjectStore, day: date) -> None:
    spread(LAKE, store, [day], tables=NAMES, iceberg=CATALOG)


def test_they_are_deleted_by_a_commit_a_day_later(
    store: ObjectStore, catalog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_flight = table("calls"), table("events")
    again(store, DAYS[1])
    join(store)
    add(store, APRIL)
    assert all(list(each.scan().plan_files()) for each in in_flight)
    assert there(catalog) > reachable()
    monkeypatch.setattr(left_metadata, "GRACE_MS", 0)
    add(store, APRIL + timedelta(1))
    assert there(catalog) == reachable()
    assert [left_metadata.left_metadata(table(name)) for name in NAMES] == [{}] * len(NAMES)
    assert by_catalog() == by_manifest(store)
    again(store, DAYS[0])  # what it expires is left, and nothing else
    assert {len(left_metadata.left_metadata(table(name))) for name in NAMES} == {0, 3}


@pytest.mark.parametrize("deletions", [0, 1, 5, 12])
def test_a_killed_deletion_is_completed(
    store: ObjectStore, catalog: Path, monkeypatch: pytest.MonkeyPatch, deletions: int
) -> None:
    join(store)
    delete, done = left_metadata._delete_file, 0

    def killed(*words: Any) -> None:
        nonlocal done
        if done >= deletions:
            raise KilledProcessError
        done += 1
        delete(*words)

    monkeypatch.setattr(left_metadata, "GRACE_MS", 0)
    with monkeypatch.context() as patch:
        patch.setattr(left_metadata, "_delete_file", killed)
        with pytest.raises(KilledProcessError):
            add(store, APRIL)
    again(store, APRIL, attempt="next", take_over=True)
    add(store, APRIL + timedelta(1))
    assert there(catalog) == reachable()
    assert by_catalog() == by_manifest(store)


def test_what_a_tagged_snapshot_knows_stays(store: ObjectStore, catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = table("events")
    first = opened.snapshots()[1]
    opened.manage_snapshots().create_tag(first.snapshot_id, "audited").commit()
    again(store, DAYS[0])
    monkeypatch.setattr(left_metadata, "GRACE_MS", 0)
    add(store, APRIL)
    assert there(catalog) == reachable()
    assert len(list(table("events").scan(snapshot_id=first.snapshot_id).plan_files())) == 2
