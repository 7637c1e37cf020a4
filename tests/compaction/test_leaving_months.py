"""A job leaves the files of its month: whatever breaks that off, and whoever comes in between, its end is reached."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from builders.joined_months import (
    DAYS,
    LAKE,
    NAMES,
    again,
    assert_manifests_are_true,
    by_glob,
    by_manifest,
    of_day,
    run,
)
from builders.killed_store import KilledProcessError, killed_after, refusing_after
from builders.made_lake import publish_on

from callbeam.compaction import output_compaction
from callbeam.erasure import forget
from callbeam.storage import ObjectStore, StorageError
from callbeam.tables import Output, load_manifests, publishing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BROKEN_OFF = {"killed": (killed_after, KilledProcessError), "refused": (refusing_after, StorageError)}


def first_call(store: ObjectStore) -> str:
    """Return a call of the first of March."""
    calls = Output(store, load_manifests(store), "").read("calls", ["job_id", "call_id"]).sort_by("job_id")
    return str(calls["call_id"][0])


def erase(store: ObjectStore, call_id: str, attempt: str = "f") -> None:
    forget(store, call_ids=[call_id], subject_keys=[], attempt=attempt, asked="")


def files_with(folder: Path, call_id: str) -> list[str]:
    return [
        str(path.relative_to(folder))
        for name in ("calls", "events", "labels")
        for path in folder.glob(f"{name}/*/*.parquet")
        if call_id in pq.read_table(path, columns=["call_id"])["call_id"].to_pylist()
    ]


@pytest.mark.parametrize("operations", range(2, 42, 2))
@pytest.mark.parametrize("how", BROKEN_OFF)
@pytest.mark.parametrize("joined", [False, True], ids=["as published", "joined"])
def test_an_erasure_that_was_broken_off_is_ended_by_the_same_again(
    store: ObjectStore, folder: Path, joined: bool, how: str, operations: int
) -> None:
    breaking, error = BROKEN_OFF[how]
    if joined:
        run(store)
    call_id = first_call(store)
    counts = {one.job_id: one.outcome.call_count for one in load_manifests(store)}
    with suppress(error):
        erase(breaking(store, operations), call_id)
    erase(store, call_id, "same again")
    assert files_with(folder, call_id) == []
    assert by_glob(folder) == by_manifest(store)
    assert_manifests_are_true(store, folder)
    left = {one.job_id: one.outcome.call_count for one in load_manifests(store)}
    assert sum(left.values()) == sum(counts.values()) - 1


def calls_of_march(store: ObjectStore) -> list[str]:
    rows = Output(store, load_manifests(store), "").read("calls", ["job_id", "call_id"]).to_pylist()
    return [row["call_id"] for row in rows if row["job_id"].startswith("202603")]


def erase_all(store: ObjectStore, call_ids: list[str], attempt: str = "f") -> None:
    forget(store, call_ids=call_ids, subject_keys=[], attempt=attempt, asked="")


def join(store: ObjectStore, monkeypatch: pytest.MonkeyPatch, *, killed: bool) -> None:
    """Join March; or be killed when its files have landed, and its jobs do not point to them yet."""

    def kill(*_: object) -> None:
        raise KilledProcessError

    with monkeypatch.context() as patch, suppress(KilledProcessError):
        if killed:
            patch.setattr(output_compaction._Month, "_settle", kill)
        run(store)


@pytest.mark.parametrize("killed", [False, True], ids=["joined", "killed"])
def test_an_erasure_writes_a_month_anew_once_for_all_jobs_that_leave_it(
    store: ObjectStore, folder: Path, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    join(store, monkeypatch, killed=killed)
    call_ids, left = calls_of_march(store), list[int]()
    stage_without = publishing.stage_without

    def counting(*args: Any, **more: Any) -> Any:
        left.append(1)
        return stage_without(*args, **more)

    monkeypatch.setattr(publishing, "stage_without", counting)
    erase_all(store, call_ids)
    assert len(call_ids) == len(DAYS)
    assert len(left) == 1
    assert [files_with(folder, call_id) for call_id in call_ids] == [[]] * len(call_ids)
    run(store, attempt="b")
    assert by_glob(folder) == by_manifest(store)
    assert_manifests_are_true(store, folder)


@pytest.mark.parametrize("operations", range(4, 94, 9))
@pytest.mark.parametrize("how", BROKEN_OFF)
@pytest.mark.parametrize("killed", [False, True], ids=["joined", "killed"])
def test_an_erasure_from_many_jobs_of_a_month_is_ended_by_the_same_again(
    store: ObjectStore, folder: Path, monkeypatch: pytest.MonkeyPatch, killed: bool, how: str, operations: int
) -> None:
    join(store, monkeypatch, killed=killed)
    call_ids = calls_of_march(store)
    breaking, error = BROKEN_OFF[how]
    with suppress(error):
        erase_all(breaking(store, operations), call_ids)
    erase_all(store, call_ids, "same again")
    assert [files_with(folder, call_id) for call_id in call_ids] == [[]] * len(call_ids)
    assert sum(one.outcome.call_count for one in load_manifests(store)) == 1
    run(store, attempt="b")
    assert by_glob(folder) == by_manifest(store)
    assert_manifests_are_true(store, folder)


def test_files_that_tell_nothing_of_the_call_stay_as_they_are(store: ObjectStore, folder: Path) -> None:
    call_id = first_call(store)
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*/dt=*/*.parquet")}
    erase(store, call_id)
    left = {path: path.stat().st_mtime_ns for path in before if path.exists()}
    gone = {path.parts[-3] for path in before.keys() - left.keys()}
    assert left.items() <= before.items()
    assert gone == {"calls", "events", "frames", "jobs", "labels"}
    assert len(left) == len(before) - len(gone)


@pytest.mark.parametrize("operations", range(8, 32, 2))
def test_rows_that_a_job_has_no_more_stay_out_when_its_month_is_joined_again(
    store: ObjectStore, folder: Path, operations: int
) -> None:
    """Run again without events, it is refused a step while it leaves its month, and gives its claim up."""
    run(store)
    (manifest,) = (one for one in load_manifests(LAKE) if one.outcome.call_count)
    names = [name for name in NAMES if name != "events"]
    with suppress(StorageError):
        publish_on(LAKE, refusing_after(store, operations), manifest, DAYS[1], tables=names, attempt="again")
    rows = by_manifest(store)
    run(store, attempt="b")
    assert by_manifest(store) == rows
    publish_on(LAKE, store, manifest, DAYS[1], tables=names, attempt="same again")
    assert of_day(by_manifest(store), DAYS[1])["events"] == []
    assert by_glob(folder) == by_manifest(store)
    assert_manifests_are_true(store, folder)


@pytest.mark.parametrize("who", ["erasure", "run again"])
def test_what_is_published_while_a_month_is_joined_stays(
    store: ObjectStore, folder: Path, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    """The month's files have landed, its jobs do not point to them yet."""
    call_id, found = first_call(store), list[dict[str, list[str]]]()
    settle = output_compaction._Month._settle

    def interrupted(month: output_compaction._Month, plan: output_compaction._Plan) -> None:
        work: dict[str, Callable[[], None]] = {
            "erasure": lambda: erase(store, call_id),
            "run again": lambda: again(store, DAYS[1], take_over=True),
        }
        work[who]()
        found.append(by_manifest(store))
        settle(month, plan)

    monkeypatch.setattr(output_compaction._Month, "_settle", interrupted)
    run(store)
    monkeypatch.undo()
    assert by_manifest(store) == found[0]
    assert files_with(folder, call_id) == [] or who == "run again"
    run(store, attempt="b")
    assert by_manifest(store) == by_glob(folder) == found[0]
    assert_manifests_are_true(store, folder)


def test_a_reader_whose_manifests_are_old_does_not_miss_rows(store: ObjectStore) -> None:
    run(store)
    reader = Output(store, load_manifests(store), "")
    again(store, DAYS[1])
    with pytest.raises(StorageError, match="was just replaced; do this again"):
        reader.read("events", ["job_id"])
    assert of_day(by_manifest(store), DAYS[1])["events"]
