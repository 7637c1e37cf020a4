"""Months are joined: every reader finds the same rows as before, wherever a run is killed, whatever is run again."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from builders.killed_store import KilledProcessError, killed_after
from builders.made_lake import publish_on, spread

from callbeam.compaction import CompactedMonth, compact
from callbeam.errors import JobError, UsageError
from callbeam.kvs import DAY_MS, Job, Stream
from callbeam.schemas import TABLES
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import (
    Outcome,
    Output,
    PublishConfig,
    claim,
    compacted,
    compaction_of,
    holder,
    load_manifest,
    load_manifests,
    load_tombstones,
    publish,
    publishing,
    refuse_overlap,
)
from callbeam.tables.object_names import claim_key
from callbeam.tables.tombstones import add_tombstone

if TYPE_CHECKING:
    from callbeam.storage import ObjectStore
    from callbeam.tables import Manifest

LAKE = open_store(StorageConfig(str(max((Path(__file__).parents[1] / "schemas").glob("lake-*")))))
DAYS = [date(2026, 3, 1), date(2026, 3, 30), date(2026, 3, 31)]
NAMES = ("calls", "events", "frames", "jobs", "labels")
APRIL_MS = compaction_of(1_772_452_800_000).end_ms
Rows = dict[str, list[str]]


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


def test_a_month_becomes_a_file_of_each_table_and_no_reader_sees_a_difference(store: ObjectStore, folder: Path) -> None:
    before = by_manifest(store)
    assert by_glob(folder) == before
    (march,) = run(store)
    assert (march.month, march.files_before, march.files_after, march.jobs) == ("2026-03", 15, 5, 6)
    assert march.bytes_after == sum(path.stat().st_size for path in folder.glob("*/month=2026-03/*.parquet"))
    assert by_manifest(store) == by_glob(folder) == before
    assert_manifests_are_true(store, folder)
    assert not list(folder.glob("*/dt=2026-03-*"))
    assert len(list(folder.glob("*/dt=2026-04-01/*.parquet"))) == len(NAMES)


def test_a_day_is_found_by_the_id_of_its_job(store: ObjectStore, folder: Path) -> None:
    before = of_day(by_manifest(store), DAYS[1])
    run(store)
    days = "strptime(left(job_id, 8), '%Y%m%d')::DATE"
    files = f"read_parquet('{folder}/calls/**/*.parquet', union_by_name = true, hive_partitioning = false)"
    assert duckdb.sql(f"SELECT count(*) FROM {files} WHERE {days} = '2026-03-30'").fetchall() == [
        (len(before["calls"]),)
    ]
    for path in folder.glob("*/month=2026-03/*.parquet"):
        job_ids = pq.read_table(path, partitioning=None)["job_id"]
        assert job_ids.to_pylist() == sorted(job_ids.to_pylist())


def test_calls_of_a_job_are_found_in_joined_files(store: ObjectStore) -> None:
    run(store)
    output = Output(store, load_manifests(store), "")
    calls = output.read("calls", ["job_id", "call_id"]).to_pylist()
    asked = {row["job_id"]: {row["call_id"]} for row in calls[:2]}
    channels = {job_id: set() for job_id in asked}
    found = output.read_calls("events", ["job_id", "call_id"], asked, channel_ids=channels).to_pylist()
    assert {(row["job_id"], row["call_id"]) for row in found} == {(job, min(ids)) for job, ids in asked.items()}
    assert output.has("events")
    assert not output.has("windows")


def test_it_is_done_once(store: ObjectStore, folder: Path) -> None:
    run(store)
    files = parquet(folder)
    assert run(store) == []
    assert parquet(folder) == files


def test_months_that_have_not_ended_before_the_date_stay(store: ObjectStore, folder: Path) -> None:
    files = parquet(folder)
    assert run(store, APRIL_MS - 1) == []
    assert parquet(folder) == files


def test_large_files_stay_and_many_rows_become_several_files(
    store: ObjectStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = by_manifest(store)
    sizes = sorted(path.stat().st_size for path in folder.glob("frames/dt=2026-03-*/*.parquet"))
    monkeypatch.setattr("callbeam.compaction.output_compaction.SMALL_BYTES", sizes[-1])
    monkeypatch.setattr(compacted, "FILE_BYTES", 1)
    monkeypatch.setattr(compacted, "GROUP_BYTES", 2_000)
    run(store)
    assert by_manifest(store) == by_glob(folder) == before
    assert_manifests_are_true(store, folder)
    assert len(list(folder.glob("events/month=2026-03/*.parquet"))) > 1
    assert len(list(folder.glob("frames/dt=2026-03-*/*.parquet"))) == sizes.count(sizes[-1])


def again(store: ObjectStore, day: date, *, attempt: str = "again", take_over: bool = False) -> None:
    """Run the backfill's job of a day again: it finds one event less."""
    (manifest,) = (one for one in load_manifests(LAKE) if any(entry.table == "calls" for entry in one.files))

    def change(name: str, rows: pa.Table) -> pa.Table:
        return rows.slice(1) if name == "events" else rows

    publish_on(LAKE, store, manifest, day, tables=NAMES, attempt=attempt, change=change, take_over=take_over)


def test_a_job_that_is_run_again_replaces_its_rows_and_no_others(store: ObjectStore, folder: Path) -> None:
    before = by_manifest(store)
    run(store)
    again(store, DAYS[1])
    after = by_manifest(store)
    assert by_glob(folder) == after
    for day in (DAYS[0], DAYS[2]):
        assert of_day(after, day) == of_day(before, day)
    now, then = of_day(after, DAYS[1]), of_day(before, DAYS[1])
    assert set(now["events"]) < set(then["events"])
    assert len(now["events"]) == len(then["events"]) - 1
    assert {name: rows for name, rows in now.items() if name != "events"} == {
        name: rows for name, rows in then.items() if name != "events"
    }
    assert_manifests_are_true(store, folder)
    (march,) = run(store)
    assert march.jobs == 1
    assert by_manifest(store) == by_glob(folder) == after
    assert_manifests_are_true(store, folder)


def test_what_a_job_must_not_do_to_the_tables_is_refused_as_ever(store: ObjectStore, folder: Path) -> None:
    run(store)
    files = parquet(folder)
    manifest = next(one for one in load_manifests(store) if one.outcome.decoded)
    streams = tuple(Stream(arn, 0, 0) for arn in manifest.streams)
    job = Job(
        manifest.job_id, manifest.sources, streams, "", "", manifest.start_ms, manifest.end_ms, as_of_ms=manifest.end_ms
    )
    fewer = Outcome(by_status={"decoded": manifest.outcome.decoded - 1})
    with pytest.raises(JobError, match="its rows were kept"):
        publish(store, job, [], fewer, PublishConfig(attempt="b", options_sha256=""))
    other = replace(job, job_id="20260301T010000Z-0123456789ab", start_ms=job.start_ms + 1)
    with pytest.raises(UsageError, match="would be in the tables twice"):
        refuse_overlap(store, other)
    assert parquet(folder) == files


@pytest.mark.parametrize("operations", range(0, 48, 3))
def test_killed_anywhere_it_is_completed_by_running_it_again(store: ObjectStore, folder: Path, operations: int) -> None:
    before = by_manifest(store)
    with suppress(KilledProcessError):
        run(killed_after(store, operations))
    assert by_manifest(store) == before  # who reads by manifests sees no step of it
    run(store, attempt="b")
    assert by_manifest(store) == by_glob(folder) == before
    assert_manifests_are_true(store, folder)
    assert len(list(folder.glob("*/month=2026-03/*.parquet"))) == len(NAMES)


@pytest.mark.parametrize("operations", range(0, 40, 3))
def test_a_job_that_was_killed_while_it_left_its_month_is_completed(
    store: ObjectStore, folder: Path, operations: int
) -> None:
    before = by_manifest(store)
    run(store)
    with suppress(KilledProcessError):
        again(killed_after(store, operations), DAYS[1])
    again(store, DAYS[1], attempt="third", take_over=True)
    after = by_manifest(store)
    assert by_glob(folder) == after
    assert len(after["events"]) == len(before["events"]) - 1
    assert_manifests_are_true(store, folder)


def test_days_that_are_run_again_at_the_same_time_take_turns(
    store: ObjectStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "TURN_S", 20.0)
    before = by_manifest(store)
    run(store)
    with ThreadPoolExecutor(len(DAYS)) as pool:
        list(pool.map(lambda day: again(open_store(StorageConfig(str(folder))), day, attempt="same"), DAYS))
    after = by_manifest(store)
    assert by_glob(folder) == after
    assert len(after["events"]) == len(before["events"]) - len(DAYS)
    assert_manifests_are_true(store, folder)


def test_a_month_waits_for_a_job_that_is_being_published(store: ObjectStore, folder: Path) -> None:
    job_id = load_manifests(store)[2].job_id
    assert claim(store, job_id, "somebody")
    files = parquet(folder)
    (march,) = run(store)
    assert march.waits_for == job_id
    assert parquet(folder) == files
    assert [info.key for info in store.list("_jobs/") if info.key.endswith("/publishing")] == [claim_key(job_id)]
    assert holder(store, job_id) == "somebody"


def test_nobody_who_was_erased_is_joined(store: ObjectStore, folder: Path) -> None:
    """A tombstone whose erasure was killed: the call is still in the tables."""
    files = parquet(folder)
    call_id = Output(store, load_manifests(store), "").read("calls", ["call_id"])["call_id"][0].as_py()
    add_tombstone(store, call_id, {"complete": False})
    with pytest.raises(JobError, match="an erasure has not come to its end; run the same callbeam forget again"):
        run(store)
    assert parquet(folder) == files
    assert not [info.key for info in store.list("_jobs/") if info.key.endswith("/publishing")]


def test_a_job_whose_id_does_not_tell_its_day_stays(store: ObjectStore, folder: Path) -> None:
    """Once its rows lay beside others, nothing would."""
    names = [manifest.job_id for manifest in load_manifests(store) if manifest.start_ms < APRIL_MS - DAY_MS]
    for path in folder.rglob(f"*{names[0]}*"):
        path.rename(path.with_name(path.name.replace(names[0], "mine")))
    manifest = folder / "_jobs" / "mine" / "manifest.json"
    manifest.write_text(manifest.read_text().replace(names[0], "mine"))
    run(store)
    assert {path.name.rpartition("-")[0] for path in folder.glob("*/dt=2026-03-*/*.parquet")} == {"mine"}


def test_rows_are_cut_alike_however_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compacted, "GROUP_BYTES", 2_000)
    output = Output(LAKE, load_manifests(LAKE), "")
    rows = output.read("events", TABLES["events"].schema.names)
    rows = rows.take(pc.sort_indices(rows["event_id"]))
    whole = [bytes(content) for content, _ in compacted._encoded(TABLES["events"], [rows], most_bytes=1e9)]
    parts = [rows.slice(at, 7) for at in range(0, rows.num_rows, 7)]
    assert [bytes(content) for content, _ in compacted._encoded(TABLES["events"], parts, most_bytes=1e9)] == whole
    assert pq.ParquetFile(io.BytesIO(whole[0])).num_row_groups > 1
