"""Joins the files of whole months: one publication a month, which the manifests of its jobs then point to.

While a month is joined, its jobs are claimed, so none of them is published meanwhile. What a run that was killed has
claimed is taken over by the next one, which ends what was begun.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from callbeam.errors import JobError
from callbeam.schemas import TABLES
from callbeam.storage import StorageError
from callbeam.tables import (
    FILE_BYTES,
    Manifest,
    Outcome,
    TableFile,
    as_staged,
    check_claim,
    claim,
    claimed_jobs,
    compaction_of,
    entries_of,
    holder,
    job_in,
    load_manifest,
    load_manifests,
    manifest_key,
    names_in,
    naming_columns,
    publish,
    release,
    stage_month,
    take,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from callbeam.kvs import Job
    from callbeam.schemas import Table
    from callbeam.storage import ObjectStore
    from callbeam.tables import FileEntry, PublishConfig, StagedFile, Tombstones

SMALL_BYTES: Final = FILE_BYTES // 2
"""Files from this size on stay where they are."""

ATTEMPT: Final = "compaction-"
"""What the attempts of a compaction are called: another compaction may take over what they hold."""

WRITERS: Final = 8
"""Manifests written at a time."""


@dataclass(slots=True)
class CompactedMonth:
    """What became of a month.

    Attributes
    ----------
    month : str
        ``2026-03``.
    files_before, files_after : int
        Small files, and the files that they were joined to, those of an earlier compaction included in both.
    bytes_after : int
    jobs : int
        Jobs whose files were joined.
    waits_for : str
        A job that is being published, or was when that stopped: then the month was left as it is.
    """

    month: str
    files_before: int = 0
    files_after: int = 0
    bytes_after: int = 0
    jobs: int = 0
    waits_for: str = ""


@dataclass(slots=True)
class _Plan:
    """What is to be joined in a month.

    Attributes
    ----------
    members : list of Manifest
        The month's jobs, sorted by job_id.
    small : mapping of str to mapping of str to list of FileEntry
        By table and job_id, the small files to be joined. Tables that are written anew, whether or not they have any.
    earlier : Manifest or None
        What an earlier compaction has published.
    """

    members: list[Manifest]
    small: dict[str, dict[str, list[FileEntry]]]
    earlier: Manifest | None

    @property
    def entries(self) -> list[FileEntry]:
        """The small files."""
        return [entry for jobs in self.small.values() for entries in jobs.values() for entry in entries]

    @property
    def job_ids(self) -> set[str]:
        """The jobs that have small files."""
        return {job_id for by_job in self.small.values() for job_id in by_job}

    @property
    def left(self) -> list[Manifest]:
        """The jobs of which earlier files may hold rows that do not count: their leaving has not come to its end."""
        named = {*self.earlier.jobs, *self.earlier.leaving} if self.earlier else set()
        return [one for one in self.members if one.job_id in named and not one.compacted]


def compact(store: ObjectStore, before_ms: int, config: PublishConfig, *, attempt: str) -> Iterator[CompactedMonth]:
    """Join the small files of each month that ends before an instant.

    Parameters
    ----------
    store : ObjectStore
    before_ms : int
        UTC milliseconds.
    config : PublishConfig
        Who is erased, and what to call versions.
    attempt : str
        Names this run.

    Yields
    ------
    CompactedMonth
        Of each month in which there was something to do.

    Raises
    ------
    JobError, StorageError
        As ``callbeam.tables.publish``; the same again goes on where it stopped.
    """
    config = replace(config, attempt=f"{ATTEMPT}{attempt}", take_over=True)
    claimed = claimed_jobs(store)
    months: dict[int, list[Manifest]] = defaultdict(list)
    for manifest in load_manifests(store):
        if _day_is_in_name(manifest):
            months[compaction_of(manifest.start_ms).end_ms].append(manifest)
    for end_ms, members in sorted(months.items()):
        if end_ms <= before_ms:
            done = _Month(store, compaction_of(members[0].start_ms), config).compact(members, claimed)
            if done is not None:
                yield done


class _Month:
    """Joins the files of one month."""

    def __init__(self, store: ObjectStore, month: Job, config: PublishConfig) -> None:
        self._store = store
        self._month = month
        self._config = config

    def compact(self, members: Sequence[Manifest], claimed: Collection[str]) -> CompactedMonth | None:
        """Join what is to be joined; None where that is nothing."""
        job_ids = sorted(manifest.job_id for manifest in members)
        begun = [job_id for job_id in claimed if job_id in job_ids and self._is_ours(job_id)]
        plan = self._plan(members)
        if not (begun or plan.small or plan.left):
            return None
        done = CompactedMonth(f"{self._month.job_id[:4]}-{self._month.job_id[4:6]}")
        if (other := self._claim(job_ids, begun)) is not None:
            done.waits_for = other
            return done
        try:
            # As they are now that nobody changes them.
            plan = self._plan([one for job_id in job_ids if (one := load_manifest(self._store, job_id)) is not None])
            if plan.small or plan.earlier:
                self._join(plan, done)
        except JobError:
            with suppress(StorageError):  # storage that is away would be asked again, and hide why this ended
                self._release(job_ids)
            raise
        self._settle(plan)
        self._release(job_ids)
        return done

    def _is_ours(self, job_id: str) -> bool:
        return (holder(self._store, job_id) or "").startswith(ATTEMPT)

    def _plan(self, members: Sequence[Manifest]) -> _Plan:
        members = sorted(members, key=lambda manifest: manifest.job_id)
        plan = _Plan(members, {}, load_manifest(self._store, self._month.job_id))
        is_stale = bool(plan.left)
        for name in TABLES:
            small = defaultdict(list)
            for manifest in members:
                for entry in entries_of(manifest, name):
                    if entry.rows and entry.bytes < SMALL_BYTES:  # a file without rows is there to be found
                        small[manifest.job_id].append(entry)
            joined = plan.earlier is not None and bool(entries_of(plan.earlier, name))
            if sum(map(len, small.values())) + joined > 1 or (joined and is_stale):
                plan.small[name] = dict(small)
        return plan

    def _claim(self, job_ids: Sequence[str], begun: Collection[str]) -> str | None:
        """Claim all jobs of the month; or none, and return one that somebody else publishes."""
        for job_id in job_ids:
            if job_id in begun:
                take(self._store, job_id, self._config.attempt)
            elif not claim(self._store, job_id, self._config.attempt):
                self._release([one for one in job_ids if one not in begun])
                return job_id
        return None

    def _join(self, plan: _Plan, done: CompactedMonth) -> None:
        """Publish the month's files, and note what that changed."""
        store, config = self._store, self._config
        files = list(self._staged(plan))
        with ThreadPoolExecutor(WRITERS) as pool:  # what was read may be replaced by now
            list(pool.map(lambda one: check_claim(store, one.job_id, config.attempt), plan.members))
        small = plan.job_ids
        jobs = small | {one.job_id for one in plan.members if one.compacted}
        together = [*(one for one in plan.left if one.job_id not in small), *self._pointing(plan)]
        published = publish(store, self._month, files, Outcome(), config, jobs=jobs, together=together)
        done.jobs = len(small)
        earlier = [entry for entry in plan.earlier.files if entry.table in plan.small] if plan.earlier else []
        done.files_before = len(plan.entries) + len(earlier)
        after = [entry for entry in published.files if entry.table in plan.small]
        done.files_after, done.bytes_after = len(after), sum(entry.bytes for entry in after)

    def _staged(self, plan: _Plan) -> Iterator[StagedFile]:
        """Write the tables that have something to be joined; others' files stay."""
        for name, table in TABLES.items():
            if name in plan.small:
                yield from stage_month(self._store, self._month, self._config.attempt, table, self._rows(table, plan))
            elif plan.earlier is not None:
                yield from map(as_staged, entries_of(plan.earlier, name))

    def _rows(self, table: Table, plan: _Plan) -> Iterator[pa.Table]:
        """Yield the rows of a table of all jobs, in order of job_id, each job's as its files have them."""
        counting = {one.job_id for one in plan.members if one.compacted}
        joined = entries_of(plan.earlier, table.name) if plan.earlier else []
        before = (
            part
            for entry in joined
            for rows in TableFile(self._store, entry.key).groups(table.schema, counting)
            for part in _by_job(rows)
        )
        added = (
            (job_id, rows)
            for job_id, entries in sorted(plan.small[table.name].items())
            for entry in entries
            for rows in TableFile(self._store, entry.key).groups(table.schema)
        )
        for _, rows in heapq.merge(before, added, key=lambda part: part[0]):
            _refuse_erased(table, rows, self._config.erased)
            yield rows

    def _settle(self, plan: _Plan) -> None:
        """Have the jobs' manifests point to the joined files, then remove the small ones.

        Not those of jobs that somebody has taken over: what these publish now counts, and leaves the month again.
        """
        pointing = {one.job_id: one for one in self._held(self._pointing(plan))}
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda one: self._store.put(manifest_key(one.job_id), one.to_json()), pointing.values()))
        now = [pointing.get(manifest.job_id, manifest) for manifest in self._held(plan.members)]
        self._store.delete(self._left_over(now))

    def _pointing(self, plan: _Plan) -> list[Manifest]:
        """Return the manifests that jobs have once their files are joined."""
        joined, job_ids = {entry.key for entry in plan.entries}, plan.job_ids
        return [
            replace(
                manifest,
                files=tuple(entry for entry in manifest.files if entry.key not in joined),
                compacted=self._month.job_id,
            )
            for manifest in plan.members
            if manifest.job_id in job_ids
        ]

    def _left_over(self, members: Iterable[Manifest]) -> list[str]:
        """Return the files of the month's jobs that no manifest names: what was moved, now or by a run before."""
        named = {entry.key for manifest in members for entry in manifest.files}
        job_ids = {manifest.job_id for manifest in members}
        month = f"dt={self._month.job_id[:4]}-{self._month.job_id[4:6]}"
        keys = (info.key for name in TABLES for info in self._store.list(f"{name}/{month}"))
        return [key for key in keys if job_in(key) in job_ids and key not in named]

    def _held(self, members: Iterable[Manifest]) -> list[Manifest]:
        """Return those of some jobs that nobody has taken over."""
        members = list(members)
        with ThreadPoolExecutor(WRITERS) as pool:
            by = pool.map(lambda one: holder(self._store, one.job_id), members)
            return [one for one, attempt in zip(members, by, strict=True) if attempt == self._config.attempt]

    def _release(self, job_ids: Iterable[str]) -> None:
        for job_id in job_ids:
            if holder(self._store, job_id) == self._config.attempt:
                release(self._store, job_id)


def _day_is_in_name(manifest: Manifest) -> bool:
    """Tell whether a job's id begins with its day: once files are joined, nothing else tells the day of a row."""
    return manifest.job_id.startswith(f"{datetime.fromtimestamp(manifest.start_ms // 1000, tz=timezone.utc):%Y%m%dT}")


def _by_job(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Cut rows that are sorted by job."""
    counts = pc.value_counts(rows["job_id"].combine_chunks())
    begin = 0
    for one in counts:
        count = one["counts"].as_py()
        yield one["values"].as_py(), rows.slice(begin, count)
        begin += count


def _refuse_erased(table: Table, rows: pa.Table, erased: Tombstones) -> None:
    if erased and names_in(rows.select(naming_columns(table.schema)), erased):
        raise JobError(
            f"table {table.name} still has rows of somebody who was erased: an erasure has not come to its end; run "
            "the same callbeam forget again, then this"
        )
