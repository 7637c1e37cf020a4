"""Publishing, killed after every one of its steps: the tables always end as the last run wants them."""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from builders.published_contents import (
    NEW,
    OLD,
    Killed,
    KilledError,
    Limited,
    assert_published,
    config_of,
    everything,
    run,
    stage,
    tables_of,
)
from builders.stores import make_day_job
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callbeam.errors import JobError
from callbeam.storage import StorageError
from callbeam.storage.local import LocalStore
from callbeam.tables import Outcome, StagedFile, publish
from callbeam.tables.object_names import claim_key, manifest_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore

pytestmark = pytest.mark.usefixtures("no_fsync")


class Full(Limited):
    """A store whose disk is full after so many operations: it still deletes, and writes nothing."""

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._store, name)
        if name not in {"put", "copy"}:
            return operation

        def run(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                self._left -= 1
                self.hit = self.hit or self._left < 0
            if self._left < 0:
                raise StorageError("No space left on device")
            return operation(*args, **kwargs)

        return run


def until_unhurt(store: ObjectStore, attempt: Callable[[int], object]) -> Iterator[int]:
    """Kill an attempt after 0, 1, 2, ... operations, each time from an empty store, until it comes to its end."""
    for killed_after in itertools.count():
        with suppress(KilledError):
            attempt(killed_after)
            return
        yield killed_after
        store.delete([info.key for info in store.list("")])


def test_killed_after_any_step_it_is_completed(store: ObjectStore, job: Job) -> None:
    """By running the same attempt again or another, in turn; the property below has them in any order."""
    old, new = tables_of(job, OLD), tables_of(job, NEW)
    run(store, job, "a", OLD)
    before = everything(store)
    staged: list[StagedFile] = []

    def attempt(killed_after: int) -> None:
        for key, data in before.items():
            store.put(key, data or b"")
        staged[:] = stage(store, job, "b", NEW)
        killed: Any = Killed(store, killed_after)
        publish(killed, job, staged, Outcome(), config_of("b"))

    kills = 0
    for kills in until_unhurt(store, attempt):
        found = everything(store)
        for key in {*old, *new}:
            assert found.get(key) in (old.get(key), new.get(key))
        tables = {key: data for key, data in found.items() if not key.startswith("_jobs/")}
        if found[manifest_key(job.job_id)] != before[manifest_key(job.job_id)]:
            assert tables == new
            if claim_key(job.job_id) not in found:
                assert found.keys() == {*new, manifest_key(job.job_id)}
        elif claim_key(job.job_id) not in found:
            assert tables == old
        if kills % 2:
            publish(store, job, staged, Outcome(), config_of("b"))
        else:
            run(store, job, "c", NEW, take_over=True)
        assert_published(store, job, NEW)
    assert kills > 20


def test_on_a_full_disk_the_same_command_completes_it_later(store: ObjectStore, job: Job) -> None:
    for operations in itertools.count():
        run(store, job, "a", OLD)
        staged = stage(store, job, "b", NEW)
        full: Any = Full(store, operations)
        with suppress(StorageError):
            publish(full, job, staged, Outcome(), config_of("b"))
        assert store.get(claim_key(job.job_id)) is None  # nobody is to be told to take over
        run(store, job, "c", NEW)
        assert_published(store, job, NEW)
        store.delete([info.key for info in store.list("")])
        if not full.hit:
            break
    assert operations >= 5  # the claim, files, the manifest


def test_killed_it_keeps_others_out_until_they_take_over(tmp_path: Path, job: Job) -> None:
    store, refused = LocalStore(tmp_path), 0
    for _ in until_unhurt(store, lambda killed_after: run(store, job, "a", NEW, killed_after=killed_after)):
        before = everything(store)
        if claim_key(job.job_id) in before:
            with pytest.raises(JobError, match=r"by submission a, or was .* --take-over"):
                publish(store, job, [], Outcome(), config_of("b"))
            assert everything(store) == before
            refused += 1
        else:
            run(store, job, "b", NEW)
            assert_published(store, job, NEW)
    assert refused > 10


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 32)), min_size=1, max_size=5))
def test_after_any_row_of_kills_a_last_run_completes(
    tmp_path_factory: pytest.TempPathFactory, kills: list[tuple[str, bool, int]]
) -> None:
    store, job = LocalStore(tmp_path_factory.mktemp("lake")), make_day_job("j")
    for attempt, new, killed_after in kills:
        with suppress(KilledError):
            name, content = (f"{attempt}-new", NEW) if new else (f"{attempt}-old", OLD)
            run(store, job, name, content, killed_after=killed_after, take_over=True)
    run(store, job, "last", NEW, take_over=True)
    assert_published(store, job, NEW)


def test_a_retry_after_the_end_changes_nothing(store: ObjectStore, job: Job) -> None:
    staged = stage(store, job, "a", NEW)
    publish(store, job, staged, Outcome(), config_of("a"))
    before = everything(store)
    publish(store, job, staged, Outcome(), config_of("a"))
    assert everything(store) == before


def test_a_late_retry_does_not_undo_another_submissions_work(store: ObjectStore, job: Job) -> None:
    staged = stage(store, job, "a", OLD)
    publish(store, job, staged, Outcome(), config_of("a"))
    run(store, job, "b", NEW)
    before = everything(store)
    with pytest.raises(JobError, match="no longer what this submission staged"):
        publish(store, job, staged, Outcome(), config_of("a"))
    assert everything(store) == before


def test_one_that_was_taken_over_stops(store: ObjectStore, job: Job) -> None:
    staged = stage(store, job, "a", OLD)

    class Slow(Killed):
        """Another submission takes over and finishes while this one copies its first file."""

        def copy(self, source: str, target: str) -> None:
            store.copy(source, target)
            if not self.hit:
                self.hit = True
                run(store, job, "b", NEW, take_over=True)

    slow: Any = Slow(store, -1)
    with pytest.raises(JobError):
        publish(slow, job, staged[:1], Outcome(), config_of("a"))
    assert_published(store, job, NEW)


def test_where_storage_fails_the_claim_stays(tmp_path: Path, job: Job) -> None:
    store = LocalStore(tmp_path)
    with pytest.raises(KilledError):
        run(store, job, "a", OLD, killed_after=5)
    assert store.get(claim_key(job.job_id)) == b'{"attempt": "a"}\n'
