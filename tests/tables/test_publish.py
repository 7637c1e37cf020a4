"""Publishing: what is staged becomes the job's files in the tables, and nothing else is left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders.published_contents import (
    NEW,
    OLD,
    OTHERS,
    Content,
    Killed,
    assert_published,
    config_of,
    everything,
    run,
    sha256,
    stage,
)
from builders.stores import make_day_job, make_seconds

from callbeam.errors import JobError
from callbeam.schemas import TABLES
from callbeam.tables import Outcome, load_manifest, publish, stage_piece, stage_table
from callbeam.tables.object_names import claim_key, final_key, manifest_key, staged_key

if TYPE_CHECKING:
    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore

pytestmark = pytest.mark.usefixtures("no_fsync")


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
