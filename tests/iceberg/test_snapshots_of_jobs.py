"""What jobs publish, as snapshots of a catalog: the very files, the old job or the new one, nothing of the erased."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
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
from builders.killed_store import KilledProcessError, killed_after
from builders.made_lake import publish_on, spread
from pyiceberg.catalog import load_catalog
from pyiceberg.utils.config import Config

from callbeam.compaction import compact
from callbeam.erasure import forget
from callbeam.errors import UsageError
from callbeam.iceberg import iceberg_tables, snapshot_commits
from callbeam.schemas import TABLES, Column
from callbeam.storage import StorageConfig, StorageError, open_store
from callbeam.tables import Output, PublishConfig, compaction_of, kept_catalog, load_manifests, load_tombstones

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyiceberg.table import Table as IcebergTable

    from callbeam.storage import ObjectStore

LAKE = open_store(StorageConfig(str(max((Path(__file__).parents[1] / "schemas").glob("lake-*")))))
DAYS = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 31)]
NAMES = ("calls", "events", "jobs", "labels")
APRIL_MS = compaction_of(1_772_452_800_000).end_ms
CATALOG = "lake.calls"
Rows = dict[str, list[str]]


@pytest.fixture(autouse=True)
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name a catalog as a user would: in the environment."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    monkeypatch.setenv("PYICEBERG_CATALOG__LAKE__URI", f"sqlite:///{tmp_path}/catalog.db")
    monkeypatch.setenv("PYICEBERG_CATALOG__LAKE__WAREHOUSE", f"file://{tmp_path}/warehouse")
    monkeypatch.setenv("PYICEBERG_CATALOG__LAKE__TYPE", "sql")
    monkeypatch.setattr("pyiceberg.catalog._ENV_CONFIG", Config())  # which is read once, when it is imported


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "an output"


@pytest.fixture
def store(folder: Path) -> ObjectStore:
    store = open_store(StorageConfig(str(folder)))
    assert kept_catalog(store, CATALOG) == CATALOG
    spread(LAKE, store, DAYS, tables=NAMES, iceberg=CATALOG)
    return store


def table(name: str) -> IcebergTable:
    return load_catalog("lake").load_table(("calls", name))


def as_set(rows: pa.Table, name: str) -> list[str]:
    schema = TABLES[name].schema
    columns = [rows[field.name].cast(field.type).to_pylist() for field in schema]
    return sorted(map(repr, zip(*columns, strict=True)))


def by_catalog() -> Rows:
    return {name: as_set(table(name).scan().to_arrow(), name) for name in NAMES}


def by_manifest(store: ObjectStore) -> Rows:
    output = Output(store, load_manifests(store), "")
    return {name: as_set(output.read(name, TABLES[name].schema.names), name) for name in NAMES}


def known_files(name: str) -> set[str]:
    """Return every file that any snapshot of a table knows."""
    opened = table(name)
    return {
        task.file.file_path
        for snapshot in opened.snapshots()
        for task in opened.scan(snapshot_id=snapshot.snapshot_id).plan_files()
    }


def assert_nothing_else_is_there(folder: Path) -> None:
    """Assert that snapshots know the files that are there, and those alone."""
    for name in NAMES:
        there = [path for path in (folder / name).glob("*/*.parquet") if pq.read_metadata(path).num_rows]
        assert known_files(name) == set(map(str, there))
    assert not list(folder.glob("_jobs/*/publishing"))


def again(store: ObjectStore, day: date, *, attempt: str = "again", take_over: bool = False) -> None:
    """Run the backfill's job of a day again: it finds an event less."""
    (manifest,) = (one for one in load_manifests(LAKE) if any(entry.table == "calls" for entry in one.files))

    def change(name: str, rows: pa.Table) -> pa.Table:
        return rows.slice(1) if name == "events" else rows

    more: dict[str, Any] = {"tables": NAMES, "attempt": attempt, "take_over": take_over, "iceberg": CATALOG}
    publish_on(LAKE, store, manifest, day, change=change, **more)


def join(store: ObjectStore) -> None:
    erased = load_tombstones(store)
    list(
        compact(
            store, APRIL_MS, PublishConfig(attempt="a", options_sha256="", iceberg=CATALOG, erased=erased), attempt="a"
        )
    )


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


def test_the_program_of_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(StorageConfig(str(tmp_path / "out")))
    kept_catalog(store, "lake")
    spread(LAKE, store, DAYS, tables=NAMES, iceberg="lake")
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "use-iceberg.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    exec(program, {})
    assert capsys.readouterr().out.split() == [str(len(DAYS))] * 3


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
def test_nothing_of_who_was_erased_is_left(store: ObjectStore, folder: Path, joined: bool) -> None:
    call_id = Output(store, load_manifests(store), "").read("calls", ["call_id"])["call_id"][0].as_py()
    if joined:
        join(store)
    forget(store, call_ids=[call_id], subject_keys=[], attempt="f", asked="")
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)
    assert call_id not in repr(by_catalog())
    told = [path for path in folder.parent.rglob("*") if path.is_file() and call_id.encode() in path.read_bytes()]
    assert told == []
    decoded = [repr(pq.read_table(path, partitioning=None).to_pylist()) for path in folder.glob("*/*/*.parquet")]
    assert not any(call_id in text for text in decoded)


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


def test_an_output_keeps_to_its_catalog(store: ObjectStore) -> None:
    with pytest.raises(UsageError, match=r"keeps to Iceberg catalog lake\.calls: leave --iceberg lake out"):
        kept_catalog(store, "lake")


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


class KilledError(BaseException):
    """Stands for the end of a process."""


@pytest.mark.parametrize("commits", range(4))
@pytest.mark.parametrize("joined", [False, True], ids=["as published", "joined"])
def test_a_killed_commit_is_completed_by_the_next_run(
    store: ObjectStore, folder: Path, monkeypatch: pytest.MonkeyPatch, joined: bool, commits: int
) -> None:
    """It is killed before it has committed the first, second, ... table."""
    before = by_catalog()
    if joined:
        join(store)
    commit, done = snapshot_commits._commit_table, 0

    def killed(*words: Any) -> None:
        nonlocal done
        if done == commits:
            raise KilledError
        done += 1
        commit(*words)

    monkeypatch.setattr(snapshot_commits, "_commit_table", killed)
    with pytest.raises(KilledError):
        again(store, DAYS[1])
    monkeypatch.setattr(snapshot_commits, "_commit_table", commit)
    found = by_catalog()
    assert {name: rows for name, rows in found.items() if name != "events"} == {
        name: rows for name, rows in before.items() if name != "events"
    }
    assert len(before["events"]) - len(found["events"]) in {0, 1}
    again(store, DAYS[1], attempt="next", take_over=True)
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)


@pytest.mark.parametrize("operations", range(0, 46, 5))
def test_a_compaction_that_is_killed_shows_nothing_and_is_completed(
    store: ObjectStore, folder: Path, operations: int
) -> None:
    before = by_catalog()
    with suppress(KilledProcessError):
        join(killed_after(store, operations))
    assert by_catalog() == by_manifest(store) == before
    join(store)
    assert by_catalog() == by_manifest(store) == before
    assert_nothing_else_is_there(folder)
    assert len(list(table("calls").scan().plan_files())) == 1


@pytest.mark.parametrize("operations", range(0, 40, 5))
def test_a_job_that_is_killed_while_it_leaves_its_month_shows_the_old_or_the_new(
    store: ObjectStore, folder: Path, operations: int
) -> None:
    join(store)
    before = by_catalog()
    with suppress(KilledProcessError):
        again(killed_after(store, operations), DAYS[1])
    found = by_catalog()
    assert {name for name in NAMES if found[name] != before[name]} <= {"events"}
    assert len(before["events"]) - len(found["events"]) in {0, 1}
    again(store, DAYS[1], attempt="next", take_over=True)
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)


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
