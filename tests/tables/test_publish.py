"""Publishing, killed after every one of its steps: the tables always end as the last run wants them."""

from __future__ import annotations

import hashlib
import itertools
import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders.stores import make_day_job, make_seconds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callbeam.errors import JobError
from callbeam.schemas import TABLES
from callbeam.storage import StorageError
from callbeam.storage.local import LocalStore
from callbeam.tables import (
    Manifest,
    Outcome,
    PublishConfig,
    StagedFile,
    load_manifest,
    publish,
    stage_piece,
    stage_table,
)
from callbeam.tables.object_names import claim_key, final_key, manifest_key, piece_key, staged_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore

Content = dict[tuple[str, "int | str"], bytes]
"""A run's files: by table and shard, or by table and piece's name."""

OLD: Content = {
    ("calls", 0): b"old calls",
    ("seconds", 0): b"the same seconds",
    ("seconds", 1): b"seconds no longer there",
    ("frames", "x-00000"): b"old frames",
    ("frames", "x-00001"): b"frames no longer there",
}
NEW: Content = {
    ("calls", 0): b"new calls",
    ("seconds", 0): b"the same seconds",
    ("windows", 0): b"new windows",
    ("frames", "x-00000"): b"new frames, longer",
}
OTHERS = {
    "calls/dt=2026-03-01/another-00000.parquet": b"another job's",
    "calls/dt=2026-03-02/another-00000.parquet": b"another job's",
    "_jobs/another/manifest.json": b"another job's",
    "_jobs/another/attempt/calls/00000.parquet": b"another job's",
}


class KilledError(Exception):
    """Stands for the end of a process."""


class Killed:
    """A store whose process is killed after so many operations; nothing comes after that."""

    def __init__(self, store: ObjectStore, operations: int) -> None:
        self._store = store
        self._left = operations
        self._lock = threading.Lock()
        self.hit = False

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._store, name)
        if name == "describe":
            return operation

        def run(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                if self._left == 0:
                    self.hit = True
                    raise KilledError
                self._left -= 1
            return list(operation(*args)) if name == "list" else operation(*args, **kwargs)

        return run


class Full:
    """A store whose disk is full after so many operations: it still deletes, and writes nothing."""

    def __init__(self, store: ObjectStore, operations: int) -> None:
        self._store = store
        self._left = operations
        self._lock = threading.Lock()
        self.hit = False

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


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def stage(store: ObjectStore, job: Job, attempt: str, content: Content) -> list[StagedFile]:
    staged = []
    for (table, place), data in content.items():
        shard = place if isinstance(place, int) else None
        piece = isinstance(place, str)
        key = piece_key(table, job, place, sha256(data)) if piece else staged_key(table, job, attempt, place)
        store.put(key, data)
        staged.append(StagedFile(key, table, shard, 1, len(data), sha256(data)))
    return staged


def config_of(attempt: str, **flags: bool) -> PublishConfig:
    return PublishConfig(attempt=attempt, options_sha256="0f", versions={"callbeam": "0.1.0"}, **flags)


def run(
    store: ObjectStore, job: Job, attempt: str, content: Content, *, killed_after: int = -1, **flags: bool
) -> Manifest:
    staged = stage(store, job, attempt, content)
    killed: Any = Killed(store, killed_after)
    return publish(killed, job, staged, Outcome(), config_of(attempt, **flags))


def tables_of(job: Job, content: Content) -> dict[str, bytes]:
    """Name a run's files as they are to be in the tables."""
    files = {}
    for table in {table for table, _ in content}:
        places = sorted((place for name, place in content if name == table), key=str)
        for shard, place in enumerate(places):
            files[final_key(table, job, shard)] = content[table, place]
    return files


def everything(store: ObjectStore) -> dict[str, bytes | None]:
    return {info.key: store.get(info.key) for info in store.list("")}


def assert_published(store: ObjectStore, job: Job, content: Content) -> None:
    """Assert that tables, manifest and nothing else are there."""
    manifest = load_manifest(store, job.job_id)
    assert manifest is not None
    wanted = tables_of(job, content)
    assert {entry.key: entry.sha256 for entry in manifest.files} == {key: sha256(data) for key, data in wanted.items()}
    found = everything(store)
    others = {key: data for key, data in OTHERS.items() if key in found}
    assert found == {**wanted, **others, manifest_key(job.job_id): manifest.to_json()}


@pytest.fixture(autouse=True)
def no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the disk: a process is killed here, not a machine."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


def until_unhurt(store: ObjectStore, attempt: Callable[[int], object]) -> Iterator[int]:
    """Kill an attempt after 0, 1, 2, ... operations, each time from an empty store, until it comes to its end."""
    for killed_after in itertools.count():
        with suppress(KilledError):
            attempt(killed_after)
            return
        yield killed_after
        store.delete([info.key for info in store.list("")])


def test_files_are_published_and_nothing_else_is_left(store: ObjectStore, job: Job) -> None:
    for key, data in OTHERS.items():
        store.put(key, data)
    store.put(staged_key("calls", job, "dead", 0), b"a dead attempt's")
    manifest = run(store, job, "a", OLD)
    assert_published(store, job, OLD)
    assert load_manifest(store, job.job_id) == manifest
    run(store, job, "b", NEW)
    assert_published(store, job, NEW)
    assert set(OTHERS) < set(everything(store))


def test_a_job_without_calls_publishes_an_empty_manifest(store: ObjectStore, job: Job) -> None:
    manifest = publish(store, job, [], Outcome(), config_of("a"))
    assert manifest.files == ()
    assert everything(store) == {manifest_key(job.job_id): manifest.to_json()}
    run(store, job, "b", NEW)
    publish(store, job, [], Outcome(), config_of("c"))
    assert everything(store) == {manifest_key(job.job_id): manifest.to_json()}


def test_the_manifest_does_not_tell_runs_apart(store: ObjectStore, job: Job) -> None:
    assert run(store, job, "a", NEW).to_json() == run(store, job, "b", NEW).to_json()


def test_a_run_that_changes_nothing_copies_nothing(store: ObjectStore, job: Job) -> None:
    run(store, job, "a", NEW)
    staged = stage(store, job, "b", NEW)

    class NoCopies(Killed):
        def copy(self, source: str, target: str) -> None:
            raise AssertionError((source, target))

    watched: Any = NoCopies(store, -1)
    publish(watched, job, staged, Outcome(), config_of("b"))
    assert_published(store, job, NEW)


def test_a_file_that_was_changed_by_hand_is_put_right(store: ObjectStore, job: Job) -> None:
    run(store, job, "a", NEW)
    store.put(final_key("calls", job, 0), b"NEW CALLS")
    store.delete([final_key("windows", job, 0)])
    run(store, job, "b", NEW)
    assert_published(store, job, NEW)


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


def test_pieces_of_another_submission_do_not_take_the_place_of_ones_own(store: ObjectStore, job: Job) -> None:
    staged = stage(store, job, "a", {("frames", "x"): b"these frames"})
    stage(store, job, "b", {("frames", "x"): b"other frames"})
    publish(store, job, staged, Outcome(), config_of("a"))
    assert_published(store, job, {("frames", "x"): b"these frames"})


def test_pieces_that_are_gone_are_not_published(store: ObjectStore, job: Job) -> None:
    staged = stage(store, job, "a", {("frames", "x"): b"these frames"})
    store.delete([staged[0].key])
    with pytest.raises(JobError, match="no longer what this submission staged"):
        publish(store, job, staged, Outcome(), config_of("a"))
    assert store.get(claim_key(job.job_id)) is None


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


def test_fewer_fragments_do_not_replace_more(store: ObjectStore, job: Job) -> None:
    def publish_decoded(decoded: int, attempt: str, content: Content, *, allow_fewer: bool = False) -> None:
        staged = stage(store, job, attempt, content)
        outcome = Outcome(by_status={"decoded": decoded})
        publish(store, job, staged, outcome, config_of(attempt, allow_fewer=allow_fewer))

    publish_decoded(100, "a", OLD)
    with pytest.raises(JobError, match=r"decoded 99 fragments, the one in the tables 100.*--allow-fewer"):
        publish_decoded(99, "b", NEW)
    assert store.get(claim_key(job.job_id)) is None
    assert store.get(final_key("calls", job, 0)) == OLD["calls", 0]
    publish_decoded(100, "c", OLD)
    assert_published(store, job, OLD)
    publish_decoded(99, "d", NEW, allow_fewer=True)
    assert_published(store, job, NEW)


def test_two_files_of_one_name_are_refused(store: ObjectStore, job: Job) -> None:
    one, two = stage(store, job, "a", OLD)[:2]
    with pytest.raises(JobError, match="would both become"):
        publish(store, job, [one, replace(two, table=one.table, shard=one.shard)], Outcome(), config_of("a"))


def test_a_file_named_twice_counts_once(store: ObjectStore, job: Job) -> None:
    staged = stage(store, job, "a", NEW)
    publish(store, job, [*staged, *staged], Outcome(), config_of("a"))
    assert_published(store, job, NEW)


def test_real_rows_arrive(store: ObjectStore, job: Job) -> None:
    rows = make_seconds(500)
    shards = [stage_table(store, job, "a", TABLES["seconds"], shard, rows.slice(shard * 300, 300)) for shard in (0, 1)]
    frames = stage_piece(store, job, "frames", "channel-00000", TABLES["frames"].schema.empty_table())
    manifest = publish(store, job, [*shards, frames], Outcome(), config_of("a"))
    assert [(entry.table, entry.rows) for entry in manifest.files] == [
        ("frames", 0),
        ("seconds", 300),
        ("seconds", 200),
    ]
    for entry in manifest.files:
        content = store.get(entry.key)
        assert content is not None
        assert (len(content), sha256(content)) == (entry.bytes, entry.sha256)
    read = [pq.read_table(pa.BufferReader(store.get(final_key("seconds", job, shard)))) for shard in (0, 1)]
    assert pa.concat_tables(read).num_rows == 500


@pytest.mark.parametrize("attempt", ["", "pieces", "results", "a/b"])
def test_an_attempt_cannot_be_named_as_something_else(store: ObjectStore, job: Job, attempt: str) -> None:
    with pytest.raises(JobError, match="cannot name an attempt"):
        stage_table(store, job, attempt, TABLES["calls"], 0, TABLES["calls"].schema.empty_table())


def test_names_are_under_the_jobs_utc_date(job: Job) -> None:
    assert final_key("calls", job, 7) == "calls/dt=2026-03-01/0123456789abcdef-00007.parquet"
    last = make_day_job("j", start_ms=job.end_ms - 1)
    assert final_key("calls", last, 0) == "calls/dt=2026-03-01/j-00000.parquet"


def test_where_storage_fails_the_claim_stays(tmp_path: Path, job: Job) -> None:
    store = LocalStore(tmp_path)
    with pytest.raises(KilledError):
        run(store, job, "a", OLD, killed_after=5)
    assert store.get(claim_key(job.job_id)) == b'{"attempt": "a"}\n'
