"""Removes people's rows from every file of every job of an output.

First comes the tombstone, so that nothing writes them any more; then each job is rewritten and published as it was
first. A file that holds nothing of them is left as it is. What was begun and not ended is ended by the next run: what
is to be removed is told by the tombstones alone, and looked for in every file that is there, named by a manifest or
not.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from callbeam.assembly import lost_ratio
from callbeam.errors import UsageError
from callbeam.kvs import Job, Stream
from callbeam.schemas import TABLES
from callbeam.tables import (
    JOBS,
    Output,
    PublishConfig,
    StagedFile,
    TableFile,
    Tombstones,
    add_tombstone,
    as_staged,
    claimed_jobs,
    compaction_of,
    entries_of,
    holder,
    is_final,
    job_in,
    kept_catalog,
    load_manifest,
    load_manifests,
    load_tombstones,
    names_in,
    naming_columns,
    publish,
    release,
    rows_of_job,
    shard_in,
    stage_table,
    take,
    without_erased,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from callbeam.storage import ObjectStore
    from callbeam.tables import FileEntry, Manifest, Outcome

PAGES = "_report/"
"""Where ``callbeam report`` writes by default."""

ATTEMPT: Final = "erasure-"
"""What attempts of an erasure are called: the next one ends what they hold."""

READERS = 8
"""Files looked at, at a time."""


@dataclass(slots=True)
class Erasure:
    """What was removed.

    Attributes
    ----------
    calls : int
        Calls that tables knew and know no more.
    rows : Counter of str
        Rows removed, by table.
    files, jobs : int
        Files rewritten or removed, and the jobs that they are of.
    kept : int
        Objects of unfinished jobs, and pages, that were removed as well.
    """

    calls: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    files: int = 0
    jobs: int = 0
    kept: int = 0


def forget(
    store: ObjectStore, *, call_ids: Collection[str], subject_keys: Collection[str], attempt: str, asked: str
) -> Erasure:
    """Erase calls, and all calls of subjects.

    Parameters
    ----------
    store : ObjectStore
    call_ids : collection of str
        Names of calls: ``call_id``, or any that records know them by.
    subject_keys : collection of str
        Pseudonyms of customers, as ``sentiment_inputs.subject_key`` has them.
    attempt : str
        Names this run.
    asked : str
        When it was asked for, for the audit.

    Returns
    -------
    Erasure

    Raises
    ------
    UsageError
        If no table and no tombstone knows one of the names.
    JobError, StorageError
        As ``callbeam.tables.publish``; the same again goes on where it stopped.
    """
    manifests = load_manifests(store)
    names = _resolved(Output(store, manifests, ""), load_tombstones(store), call_ids, subject_keys)
    facts, catalog = {"asked": asked}, kept_catalog(store)
    for name in sorted(names):
        add_tombstone(store, name, {**facts, "complete": False})
    erased = load_tombstones(store)
    result = Erasure(kept=_remove_unfinished(store))
    attempt = f"{ATTEMPT}{attempt}"
    begun = {job_in(key) for key in _loose_files(store, manifests, erased)}
    begun |= {job_id for job_id in claimed_jobs(store) if (holder(store, job_id) or "").startswith(ATTEMPT)}
    for manifest in manifests:
        is_begun = manifest.job_id in begun
        _erase_job(store, manifest, erased, result, attempt=attempt, catalog=catalog, is_begun=is_begun)
    result.kept += _remove_loose(store, erased, attempt)
    audit = {"calls": result.calls, "rows": dict(sorted(result.rows.items())), "files": result.files}
    for name in sorted(names):
        add_tombstone(store, name, {**facts, **audit, "jobs": result.jobs, "complete": True})
    return result


def _resolved(output: Output, erased: Tombstones, call_ids: Collection[str], subject_keys: Collection[str]) -> set[str]:
    """Return all names of what is to be erased: those given, and those of the calls that they mean."""
    columns = ["call_id", "contact_id", "chime_call_id", "aliases"]
    names, known = {*call_ids, *subject_keys}, set()
    calls = output.read("calls", columns).to_pylist()
    of_subjects = pc.is_in(
        (units := output.read("sentiment_inputs", ["call_id", "subject_key"]))["subject_key"],
        pa.array(sorted(subject_keys), pa.string()),
    )
    theirs = units.filter(pc.fill_null(of_subjects, False))
    wanted = {*call_ids, *theirs["call_id"].to_pylist()}
    known |= set(theirs["subject_key"].to_pylist())
    for call in calls:
        own = {call["call_id"], call["contact_id"], call["chime_call_id"], *(call["aliases"] or ())} - {None}
        if own & wanted:
            names |= own
            known |= own
    known |= {name for name in names if erased.hold(name)}
    known |= set(output.read("segments", ["call_id"])["call_id"].to_pylist()) & names
    if unknown := sorted(names - known):
        raise UsageError(
            f"no table knows {unknown[0]!r}: nothing was erased; --call-id takes names of calls, --subject-key what "
            "sentiment_inputs.subject_key has"
        )
    return names


def _remove_unfinished(store: ObjectStore) -> int:
    """Remove what jobs have staged or kept, and pages: nobody can tell whose it is, and all of it can be made anew."""
    keys = [info.key for info in store.list(JOBS) if info.key.count("/") > 2]
    keys += [info.key for info in store.list(PAGES)]
    store.delete(keys)
    return len(keys)


def _loose_files(store: ObjectStore, manifests: Sequence[Manifest], erased: Tombstones) -> list[str]:
    """Return files of the tables that tell of the erased and that no manifest names.

    A publication that is under way or was broken off has not named them yet, or not deleted them yet.
    """
    months = sorted({compaction_of(manifest.start_ms).job_id for manifest in manifests})
    joined = (load_manifest(store, month) for month in months)
    known = (*manifests, *(one for one in joined if one is not None))
    named = {entry.key for manifest in known for entry in manifest.files}
    found = []
    for name, table in TABLES.items():
        schema = _schema(name, naming_columns(table.schema))
        keys = (info.key for info in store.list(f"{name}/"))
        loose = (key for key in keys if key not in named and is_final(key))
        found += [key for key in loose if names_in(TableFile(store, key).read(schema), erased)]
    return found


def _remove_loose(store: ObjectStore, erased: Tombstones, attempt: str) -> int:
    """Remove files that no publication of a job that is published has removed: whoever wrote them can do so again."""
    loose = _loose_files(store, load_manifests(store), erased)
    for job_id in sorted({job_in(key) for key in loose}):
        take(store, job_id, attempt)  # who is still at it stops
        store.delete([key for key in loose if job_in(key) == job_id])
        release(store, job_id)
    return len(loose)


def _erase_job(
    store: ObjectStore,
    manifest: Manifest,
    erased: Tombstones,
    result: Erasure,
    *,
    attempt: str,
    catalog: str,
    is_begun: bool,
) -> None:
    """Publish a job again without the erased, if there is anything of them in it, or that was begun and not ended.

    What lies in files of its month, beside rows of other jobs, becomes files of its own again: publishing takes it out
    of those.
    """
    with ThreadPoolExecutor(READERS) as pool:
        concerned = list(pool.map(lambda entry: _is_concerned(store, entry, erased), manifest.files))
    month = load_manifest(store, compaction_of(manifest.start_ms).job_id)
    if not (is_begun or any(concerned) or (month is not None and _month_tells(store, manifest, month, erased))):
        return
    joined = month if manifest.compacted else None
    job = _job_of(manifest, erased)
    rewriting = _Rewriting(store, job, attempt, erased)
    files = [
        rewriting.file(entry) if is_concerned else as_staged(entry)
        for entry, is_concerned in zip(manifest.files, concerned, strict=True)
        if entry.table != "jobs"
    ]
    if joined is not None:
        files += [file for name in TABLES if name != "jobs" for file in rewriting.joined(manifest, joined, name)]
    outcome = rewriting.outcome(manifest.outcome)
    files += rewriting.jobs(manifest, joined, outcome)
    config = PublishConfig(
        attempt=attempt,
        options_sha256=manifest.options_sha256,
        versions=manifest.versions,
        take_over=True,
        allow_fewer=True,
        erased=erased,
        from_own_files=True,
        iceberg=catalog,
    )
    publish(store, job, [file for file in files if file is not None], outcome, config)
    result.calls += rewriting.calls
    result.rows.update(rewriting.rows)
    result.files += sum(concerned) + rewriting.joined_files
    result.jobs += 1


def _month_tells(store: ObjectStore, manifest: Manifest, month: Manifest, erased: Tombstones) -> bool:
    """Tell whether a job's rows in files of its month tell of the erased, or may in files that month had before.

    Whether these rows count does not matter: a job may have been broken off while it left its month.
    """
    if manifest.job_id in month.leaving:
        return True
    if manifest.job_id not in month.jobs:
        return False
    for entry in month.files:
        schema = _schema(entry.table, naming_columns(TABLES[entry.table].schema))
        if names_in(TableFile(store, entry.key).read(schema, job_ids=[manifest.job_id]), erased):
            return True
    return False


def _is_concerned(store: ObjectStore, entry: FileEntry, erased: Tombstones) -> bool:
    columns = naming_columns(TABLES[entry.table].schema)
    return names_in(TableFile(store, entry.key).read(_schema(entry.table, columns)), erased)


def _schema(table: str, columns: Sequence[str]) -> pa.Schema:
    return pa.schema([TABLES[table].schema.field(name).with_nullable(True) for name in columns])


def _job_of(manifest: Manifest, erased: Tombstones) -> Job:
    return Job(
        manifest.job_id,
        tuple(erased.masked(source) for source in manifest.sources),
        tuple(Stream(arn, 0, 0) for arn in manifest.streams),
        manifest.account,
        manifest.region,
        manifest.start_ms,
        manifest.end_ms,
        as_of_ms=manifest.end_ms,
    )


class _Rewriting:
    """Writes a job's files anew without the erased, and counts what goes."""

    def __init__(self, store: ObjectStore, job: Job, attempt: str, erased: Tombstones) -> None:
        self._store = store
        self._job = job
        self._attempt = attempt
        self._erased = erased
        self.rows: Counter[str] = Counter()
        self.calls = 0
        self.joined_files = 0
        self._call_ms = 0
        self._channel_ms = 0
        self._by_status: Counter[str] = Counter()

    def file(self, entry: FileEntry) -> StagedFile | None:
        """Stage a file without the erased; None for a piece's file of which nothing is left."""
        rows = TableFile(self._store, entry.key).read(_schema(entry.table, TABLES[entry.table].schema.names))
        return self._staged(entry.table, shard_in(entry.key), rows)

    def joined(self, manifest: Manifest, compaction: Manifest, name: str) -> Iterator[StagedFile | None]:
        """Stage what a compaction's files hold of the job, in files of its own behind those that it has."""
        first = 1 + max((shard_in(entry.key) for entry in entries_of(manifest, name)), default=-1)
        for shard, rows in enumerate(rows_of_job(self._store, compaction, TABLES[name], self._job.job_id), start=first):
            self.joined_files += 1
            yield self._staged(name, shard, rows)

    def _staged(self, name: str, shard: int, rows: pa.Table) -> StagedFile | None:
        left = without_erased(rows, self._erased)
        self.rows[name] += rows.num_rows - left.num_rows
        self._count(name, rows, left)
        if TABLES[name].on_request and not left.num_rows:
            return None
        return stage_table(self._store, self._job, self._attempt, TABLES[name], shard, left)

    def _count(self, table: str, rows: pa.Table, left: pa.Table) -> None:
        """Take what goes out of the job's counts."""
        if table == "calls":
            self.calls += rows.num_rows - left.num_rows
            self._call_ms += (pc.sum(rows["duration_ms"]).as_py() or 0) - (pc.sum(left["duration_ms"]).as_py() or 0)
        elif table == "channels":
            self._channel_ms += _channel_ms(rows) - _channel_ms(left)
        elif table == "fragments":
            self._by_status.update(rows["status"].to_pylist())
            self._by_status.subtract(left["status"].to_pylist())

    def outcome(self, before: Outcome) -> Outcome:
        """Return the job's counts without the erased."""
        left = Counter(before.by_status)
        left.subtract(self._by_status)
        return replace(
            before,
            by_status={status: count for status, count in sorted(left.items()) if count},
            call_count=before.call_count - self.calls,
            call_ms=before.call_ms - self._call_ms,
            open_calls=tuple(name for name in before.open_calls if not self._erased.hold(name)),
        )

    def jobs(self, manifest: Manifest, compaction: Manifest | None, outcome: Outcome) -> list[StagedFile]:
        """Stage the job's row of table ``jobs`` with these counts, if it has one."""
        table = TABLES["jobs"]
        rows = [TableFile(self._store, entry.key).read(table.schema) for entry in entries_of(manifest, "jobs")]
        if compaction is not None:
            rows += rows_of_job(self._store, compaction, table, self._job.job_id)
        return [self._job_row(part.to_pylist()[0], outcome) for part in rows]

    def _job_row(self, row: dict[str, Any], outcome: Outcome) -> StagedFile:
        row |= {
            "sources": list(self._job.sources),
            "call_count": outcome.call_count,
            "channel_hours": (round(row["channel_hours"] * 3_600_000) - self._channel_ms) / 3_600_000,
            "listed": sum(outcome.by_status.values()),
            "by_status": sorted(outcome.by_status.items()),
            "lost_ratio": lost_ratio(outcome.by_status),
        }
        rows: Any = pa.Table.from_pylist([row], schema=TABLES["jobs"].schema)
        return stage_table(self._store, self._job, self._attempt, TABLES["jobs"], 0, rows)


def _channel_ms(channels: pa.Table) -> int:
    samples, rates = channels["samples"].to_pylist(), channels["sample_rate_hz"].to_pylist()
    return sum(count * 1000 // rate for count, rate in zip(samples, rates, strict=True))
