"""What jobs publish, as snapshots of a catalog: the very files, the old job or the new one, nothing of the erased."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
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
    table,
)
from builders.made_lake import publish_on, spread
from pyiceberg.avro.file import AvroFile
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import Record

from callbeam.erasure import forget
from callbeam.iceberg import iceberg_tables, snapshot_commits
from callbeam.schemas import TABLES, Column
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import Output, kept_catalog, load_manifests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.storage import ObjectStore

pytestmark = [
    pytest.mark.parametrize("catalog", ["sql", "rest"], indirect=True),
    pytest.mark.usefixtures("catalog"),
]


def test_each_job_is_a_snapshot_of_the_very_files(store: ObjectStore, folder: Path) -> None:
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)
    assert len(list(table("calls").snapshots())) == len(DAYS)
    assert not list(folder.parent.glob("warehouse/**/*.parquet"))


def test_polars_and_duckdb_read_it(store: ObjectStore) -> None:
    rows = len(by_manifest(store)["events"])
    assert polars.scan_iceberg(table("events")).collect().height == rows
    connection = table("events").scan().to_duckdb("events")
    assert connection.sql("SELECT count(*) FROM events").fetchall() == [(rows,)]
    files = [task.file.file_path for task in table("events").scan().plan_files()]
    assert duckdb.read_parquet(files, hive_partitioning=False).count("*").fetchall() == [(rows,)]


def test_rows_are_found_by_the_partition_of_their_month(store: ObjectStore) -> None:
    spread(LAKE, store, [date(2026, 4, 1)], tables=NAMES, iceberg=CATALOG)
    march = table("calls").scan(row_filter="job_id >= '202603' and job_id < '202604'")
    assert len(list(march.plan_files())) == len(DAYS)
    assert march.to_arrow().num_rows == len(DAYS)


def test_a_job_that_is_run_again_replaces_its_rows_in_one_snapshot(store: ObjectStore, folder: Path) -> None:
    before = by_catalog()
    again(store, DAYS[1])
    assert by_catalog() == by_manifest(store)
    assert len(by_catalog()["events"]) == len(before["events"]) - 1
    assert_nothing_else_is_there(folder)
    assert by_catalog()["calls"] == before["calls"]
    # What has not changed keeps its snapshots; of what has, none is left that knows the file replaced.
    assert len(list(table("calls").snapshots())) == len(DAYS)
    assert [one.summary.operation.value for one in table("events").snapshots()] == ["append", "overwrite"]


def test_joined_files_replace_small_ones_in_one_snapshot(store: ObjectStore, folder: Path) -> None:
    before = by_catalog()
    join(store)
    assert by_catalog() == by_manifest(store) == before
    assert_nothing_else_is_there(folder)
    assert len(list(table("calls").scan().plan_files())) == 1
    again(store, DAYS[1])
    assert by_catalog() == by_manifest(store)
    assert len(by_catalog()["events"]) == len(before["events"]) - 1
    assert_nothing_else_is_there(folder)


@pytest.mark.parametrize("joined", [False, True], ids=["as published", "joined"])
def test_nothing_of_who_was_erased_is_left(store: ObjectStore, folder: Path, catalog: Path, joined: bool) -> None:
    """Neither in a file of data, nor in metadata that a snapshot knows or that is left over."""
    call_id = Output(store, load_manifests(store), "").read("calls", ["call_id"])["call_id"][0].as_py()
    if joined:
        join(store)
    forget(store, call_ids=[call_id], subject_keys=[], attempt="f", asked="")
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)
    told = {path: told_by(path) for root in (folder, catalog) for path in root.rglob("*") if path.is_file()}
    assert [path for path, text in told.items() if call_id in text] == []
    manifests = [text for path, text in told.items() if path.name.endswith("-m0.avro")]
    assert all(f"{DAYS[0]:%Y%m}" in text for text in manifests)  # what they hold is read
    assert len(manifests) > len(NAMES) * len(DAYS)


def told_by(path: Path) -> str:
    """Return what a file says, and its name."""
    if path.suffix == ".parquet":
        return f"{path} {pq.read_table(path, partitioning=None).to_pylist()}"
    if path.suffix == ".avro":
        with AvroFile[Any](PyArrowFileIO().new_input(str(path))) as records:
            return f"{path} {[[_plain(value) for value in record._data] for record in records]}"
    return f"{path} {path.read_bytes()!r}"


def _plain(value: Any) -> Any:
    """Return a record of Avro as what its text shows in full."""
    if isinstance(value, Record):
        return [_plain(each) for each in value._data]
    return dict(value.items()) if isinstance(value, Mapping) else value


def test_what_was_published_before_is_committed_when_a_catalog_is_chosen(tmp_path: Path) -> None:
    folder = tmp_path / "earlier"
    store = open_store(StorageConfig(str(folder)))
    spread(LAKE, store, DAYS, tables=NAMES)
    assert kept_catalog(store) == ""
    assert kept_catalog(store, CATALOG) == CATALOG
    assert by_catalog() == by_manifest(store)
    assert len(list(table("calls").snapshots())) == 1
    assert kept_catalog(store) == CATALOG
    again(store, DAYS[0])
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)


WRITER = """
import sys
from datetime import date
from builders.made_lake import spread
from callbeam.storage import StorageConfig, open_store
source, target = (open_store(StorageConfig(place)) for place in sys.argv[1:3])
days = [date(2026, 5, int(day)) for day in sys.argv[3:]]
spread(source, target, days, tables=("calls", "events", "jobs", "labels"), iceberg="lake.calls")
"""


def test_two_writers_commit_one_after_the_other(store: ObjectStore, folder: Path) -> None:
    before = by_catalog()
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    words = [sys.executable, "-c", WRITER, LAKE.describe().rstrip("/"), str(folder)]
    writers = [
        subprocess.Popen([*words, *days], env={**os.environ, "PYTHONPATH": paths})
        for days in (("1", "2", "3"), ("4", "5", "6"))
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    found = by_catalog()
    assert found == by_manifest(store)
    assert len(found["calls"]) == len(before["calls"]) + 6
    assert_nothing_else_is_there(folder)


@pytest.mark.parametrize("other", ["a new job", "a job again", "an erasure"])
def test_another_commit_in_between_costs_an_attempt(
    store: ObjectStore, folder: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    """It comes when the files that are replaced, and the snapshots that know them, are looked up."""
    april = date(2026, 4, 1)
    spread(LAKE, store, [april], tables=NAMES, iceberg=CATALOG)
    knowing, met = snapshot_commits._knowing, 0

    def met_by_another(*words: Any) -> list[int]:
        nonlocal met
        found, met = knowing(*words), met + 1
        if found and met == 1:
            if other == "a new job":
                spread(LAKE, store, [date(2026, 5, 1)], tables=NAMES, iceberg=CATALOG)
            elif other == "a job again":
                again(store, april, attempt="other")
            else:
                call_id = Output(store, load_manifests(store), "").read("calls", ["call_id"])["call_id"][-1].as_py()
                forget(store, call_ids=[call_id], subject_keys=[], attempt="f", asked="")
        return found

    monkeypatch.setattr(snapshot_commits, "_knowing", met_by_another)
    again(store, DAYS[1])
    assert met > 1
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)


def test_readers_see_the_old_job_or_the_new_one(store: ObjectStore) -> None:
    """A reader whose snapshot was replaced while it read is told so, and reads again; it never sees half a job."""
    whole = len(by_catalog()["events"])
    seen: set[int] = set()
    ended = threading.Event()

    def read() -> Iterator[int]:
        while not ended.is_set():
            with suppress(FileNotFoundError):
                yield table("events").scan(selected_fields=("event_id",)).to_arrow().num_rows

    reader = threading.Thread(target=lambda: seen.update(read()))
    reader.start()
    for number in range(3):
        again(store, DAYS[1], attempt=f"less-{number}")
        spread(LAKE, store, [DAYS[1]], tables=NAMES, iceberg=CATALOG, attempt=f"more-{number}")
    ended.set()
    reader.join()
    assert seen <= {whole, whole - 1}
    assert whole in seen


def test_tables_grow_with_their_schemas(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    added = Column("added_ms", pa.int32(), "What the next version may add.", nullable=True)
    grown = replace(TABLES["events"], columns=(*TABLES["events"].columns, added))
    monkeypatch.setitem(TABLES, "events", grown)
    (manifest,) = (one for one in load_manifests(LAKE) if any(entry.table == "calls" for entry in one.files))

    def change(name: str, rows: pa.Table) -> pa.Table:
        if name != "events":
            return rows
        return rows.set_column(rows.schema.get_field_index("added_ms"), added.name, pa.array([7] * rows.num_rows))

    publish_on(LAKE, store, manifest, date(2026, 5, 1), tables=NAMES, change=change, iceberg=CATALOG)
    rows = table("events").scan().to_arrow()
    old, new = rows["added_ms"].null_count, rows.num_rows - rows["added_ms"].null_count
    assert (old, new) == (3 * new, new)
    assert table("events").schema().find_field("added_ms").doc == added.meaning
    assert [field.name for field in table("events").spec().fields] == [iceberg_tables.PARTITION]
