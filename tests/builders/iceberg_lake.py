"""A lake of three days that keeps to an Iceberg catalog, and what the catalog says of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from pyiceberg.catalog import load_catalog

from builders.made_lake import publish_on
from callbeam.compaction import compact
from callbeam.schemas import TABLES
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import Output, PublishConfig, compaction_of, load_manifests, load_tombstones

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.table import Table as IcebergTable

    from callbeam.storage import ObjectStore

LAKE = open_store(StorageConfig(str(max((Path(__file__).parents[1] / "schemas").glob("lake-*")))))
DAYS = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 31)]
NAMES = ("calls", "events", "jobs", "labels")
APRIL_MS = compaction_of(1_772_452_800_000).end_ms
CATALOG = "lake.calls"
Rows = dict[str, list[str]]


def table(name: str) -> IcebergTable:
    return load_catalog("lake").load_table(("calls", name))


def by_catalog() -> Rows:
    """Return the rows that a reader of the catalog finds."""
    return {name: as_set(table(name).scan().to_arrow(), name) for name in NAMES}


def by_manifest(store: ObjectStore) -> Rows:
    """Return the rows that are published."""
    output = Output(store, load_manifests(store), "")
    return {name: as_set(output.read(name, TABLES[name].schema.names), name) for name in NAMES}


def as_set(rows: pa.Table, name: str) -> list[str]:
    schema = TABLES[name].schema
    columns = [rows[field.name].cast(field.type).to_pylist() for field in schema]
    return sorted(map(repr, zip(*columns, strict=True)))


def assert_nothing_else_is_there(folder: Path) -> None:
    """Assert that snapshots know the files that are there, and those alone."""
    for name in NAMES:
        there = [path for path in (folder / name).glob("*/*.parquet") if pq.read_metadata(path).num_rows]
        assert _known_files(name) == set(map(str, there))
    assert not list(folder.glob("_jobs/*/publishing"))


def _known_files(name: str) -> set[str]:
    """Return every file that any snapshot of a table knows."""
    opened = table(name)
    return {
        task.file.file_path
        for snapshot in opened.snapshots()
        for task in opened.scan(snapshot_id=snapshot.snapshot_id).plan_files()
    }


def again(store: ObjectStore, day: date, *, attempt: str = "again", take_over: bool = False) -> None:
    """Run the backfill's job of a day again: it finds an event less."""
    (manifest,) = (one for one in load_manifests(LAKE) if any(entry.table == "calls" for entry in one.files))

    def change(name: str, rows: pa.Table) -> pa.Table:
        return rows.slice(1) if name == "events" else rows

    more: dict[str, Any] = {"tables": NAMES, "attempt": attempt, "take_over": take_over, "iceberg": CATALOG}
    publish_on(LAKE, store, manifest, day, change=change, **more)


def join(store: ObjectStore) -> None:
    """Compact March."""
    config = PublishConfig(attempt="a", options_sha256="", iceberg=CATALOG, erased=load_tombstones(store))
    list(compact(store, APRIL_MS, config, attempt="a"))
