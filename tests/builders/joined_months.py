"""A lake whose month can be joined, and what its readers find in it."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from builders.made_lake import publish_on
from callbeam.compaction import CompactedMonth, compact
from callbeam.schemas import TABLES
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import Output, PublishConfig, compaction_of, load_manifest, load_manifests, load_tombstones

if TYPE_CHECKING:
    from callbeam.storage import ObjectStore
    from callbeam.tables import Manifest

LAKE = open_store(StorageConfig(str(max((Path(__file__).parents[1] / "schemas").glob("lake-*")))))
DAYS = [date(2026, 3, 1), date(2026, 3, 30), date(2026, 3, 31)]
NAMES = ("calls", "events", "frames", "jobs", "labels")
APRIL_MS = compaction_of(1_772_452_800_000).end_ms
Rows = dict[str, list[str]]


def run(store: ObjectStore, before_ms: int = APRIL_MS, attempt: str = "a") -> list[CompactedMonth]:
    config = PublishConfig(attempt="", options_sha256="", erased=load_tombstones(store))
    return list(compact(store, before_ms, config, attempt=attempt))


def by_manifest(store: ObjectStore) -> Rows:
    """Read every table as callbeam does."""
    output = Output(store, load_manifests(store), "")
    return {name: as_set(output.read(name, TABLES[name].schema.names)) for name in NAMES}


def by_glob(folder: Path) -> Rows:
    """Read every table as the docs do."""
    found = {}
    for name in NAMES:
        files = f"read_parquet('{folder}/{name}/**/*.parquet', union_by_name = true, hive_partitioning = false)"
        schema = TABLES[name].schema
        rows = duckdb.sql(f"FROM {files}").to_arrow_table().select(schema.names)
        found[name] = as_set(pa.table([rows[field.name].cast(field.type) for field in schema], schema=schema))
    return found


def as_set(rows: pa.Table) -> list[str]:
    return sorted(map(repr, zip(*(column.to_pylist() for column in rows.columns), strict=True)))


def of_day(rows: Rows, day: date) -> Rows:
    return {name: [row for row in found if f"{day:%Y%m%d}T" in row] for name, found in rows.items()}


def parquet(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.glob("*/*/*.parquet")
    }


def assert_manifests_are_true(store: ObjectStore, folder: Path) -> None:
    """Assert that every file is named once, and is as it is said to be."""
    months = [load_manifest(store, job_id) for job_id in {compaction_of(APRIL_MS - 1).job_id}]
    manifests: list[Manifest] = [one for one in (*load_manifests(store), *months) if one is not None]
    entries = [entry for manifest in manifests for entry in manifest.files]
    assert sorted(entry.key for entry in entries) == sorted(parquet(folder))
    for entry in entries:
        path = folder / entry.key
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry.sha256
        assert (pq.read_metadata(path).num_rows, path.stat().st_size) == (entry.rows, entry.bytes)
    left = [info.key for info in store.list("_jobs/") if not info.key.endswith("/manifest.json")]
    assert left == []


def again(store: ObjectStore, day: date, *, attempt: str = "again", take_over: bool = False) -> None:
    """Run the backfill's job of a day again: it finds one event less."""
    (manifest,) = (one for one in load_manifests(LAKE) if any(entry.table == "calls" for entry in one.files))

    def change(name: str, rows: pa.Table) -> pa.Table:
        return rows.slice(1) if name == "events" else rows

    publish_on(LAKE, store, manifest, day, tables=NAMES, attempt=attempt, change=change, take_over=take_over)
