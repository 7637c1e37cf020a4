"""Months are joined: every reader finds the same rows as before, wherever a run is killed, whatever is run again."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from builders.joined_months import (
    APRIL_MS,
    DAYS,
    LAKE,
    NAMES,
    again,
    assert_manifests_are_true,
    by_glob,
    by_manifest,
    of_day,
    parquet,
    run,
)
from builders.killed_store import KilledProcessError, killed_after

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
    holder,
    load_manifests,
    publish,
    publishing,
    refuse_overlap,
)
from callbeam.tables.object_names import claim_key
from callbeam.tables.tombstones import add_tombstone

if TYPE_CHECKING:
    from callbeam.storage import ObjectStore


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
