"""Commits and publications that are killed at every step: the old job or the new one, completed by the same again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from builders.iceberg_lake import (
    DAYS,
    NAMES,
    again,
    assert_nothing_else_is_there,
    by_catalog,
    by_manifest,
    join,
    table,
)
from builders.killed_store import KilledProcessError, killed_after

from callbeam.erasure import forget
from callbeam.iceberg import snapshot_commits
from callbeam.tables import Output, load_manifests

if TYPE_CHECKING:
    from pathlib import Path

    from callbeam.storage import ObjectStore


@pytest.mark.parametrize("catalog", ["sql", "rest"], indirect=True)
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
            raise KilledProcessError
        done += 1
        commit(*words)

    monkeypatch.setattr(snapshot_commits, "_commit_table", killed)
    with pytest.raises(KilledProcessError):
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


@pytest.mark.parametrize("operations", range(3, 43, 5))
@pytest.mark.parametrize("joined", [False, True], ids=["as published", "joined"])
def test_an_erasure_that_is_killed_is_ended_by_the_same_again(
    store: ObjectStore, folder: Path, joined: bool, operations: int
) -> None:
    if joined:
        join(store)
    call_id = str(Output(store, load_manifests(store), "").read("calls", ["call_id"])["call_id"][0])
    with suppress(KilledProcessError):
        forget(killed_after(store, operations), call_ids=[call_id], subject_keys=[], attempt="f", asked="")
    forget(store, call_ids=[call_id], subject_keys=[], attempt="same again", asked="")
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)
    assert not [row for rows in by_catalog().values() for row in rows if call_id in row]
