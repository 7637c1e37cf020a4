"""Files of a month: rows of many jobs in one file, sorted by job, and how one job's are taken out again."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from callbeam.kvs import Job, job_id_of
from callbeam.schemas import TABLES
from callbeam.tables.manifest import COMPACTION, load_manifest
from callbeam.tables.object_names import shard_in, staged_key
from callbeam.tables.parquet_files import grouped, open_writer
from callbeam.tables.shards import FILE_BYTES
from callbeam.tables.staging import StagedFile
from callbeam.tables.table_file import TableFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from callbeam.schemas import Table
    from callbeam.storage import ObjectStore
    from callbeam.tables.manifest import FileEntry, Manifest

GROUP_BYTES = 32 * 1024**2
"""Most uncompressed bytes of a row group: small, for a reader of one day passes over the others."""


def compaction_of(at_ms: int) -> Job:
    """Return the job that joins the files of a month.

    Parameters
    ----------
    at_ms : int
        An instant of the month, UTC milliseconds.

    Examples
    --------
    >>> job = compaction_of(1_772_452_800_123)
    >>> job.job_id[:16], (job.end_ms - job.start_ms) // 86_400_000
    ('20260301T000000Z', 31)
    """
    day = datetime.fromtimestamp(at_ms // 1000, tz=timezone.utc)
    first = day.replace(day=1, hour=0, minute=0, second=0)
    following = (first + timedelta(days=31)).replace(day=1)
    start_ms, end_ms = (round(instant.timestamp()) * 1000 for instant in (first, following))
    return Job(job_id_of(COMPACTION, "", "", start_ms, end_ms), COMPACTION, (), "", "", start_ms, end_ms, end_ms)


def load_compactions(store: ObjectStore, manifests: Iterable[Manifest]) -> list[Manifest]:
    """Read the manifests of compactions of the months that jobs lie in, as many as there are."""
    months = sorted({compaction_of(manifest.start_ms).job_id for manifest in manifests})
    return [one for month in months if (one := load_manifest(store, month)) is not None]


def entries_of(manifest: Manifest, table: str) -> list[FileEntry]:
    """Return a job's or a compaction's own files of a table, in order."""
    return sorted((entry for entry in manifest.files if entry.table == table), key=lambda entry: shard_in(entry.key))


def as_staged(entry: FileEntry) -> StagedFile:
    """Return a published file as one that is to stay."""
    return StagedFile(entry.key, entry.table, shard_in(entry.key), entry.rows, entry.bytes, entry.sha256)


def rows_of_job(store: ObjectStore, compaction: Manifest, table: Table, job_id: str) -> Iterator[pa.Table]:
    """Read a job's rows of a table from a compaction's files.

    Yields
    ------
    pyarrow.Table
        In the order in which the job had them, in parts of at most ``GROUP_BYTES``.
    """
    for entry in entries_of(compaction, table.name):
        yield from TableFile(store, entry.key).groups(table.schema, [job_id])


def stage_month(
    store: ObjectStore, month: Job, attempt: str, table: Table, parts: Iterable[pa.Table]
) -> Iterator[StagedFile]:
    """Write rows of a month into staging, as files of ``FILE_BYTES``.

    Parameters
    ----------
    store : ObjectStore
    month : Job
        Of ``compaction_of``.
    attempt : str
    table : Table
    parts : iterable of pyarrow.Table
        In order of ``job_id``; how they are cut does not matter.

    Yields
    ------
    StagedFile
    """
    for shard, (content, rows) in enumerate(_encoded(table, parts, most_bytes=FILE_BYTES)):
        yield _stage(store, month, attempt, table.name, shard, content, rows)


def stage_without(
    store: ObjectStore, month: Job, compaction: Manifest, job_ids: Collection[str], *, attempt: str
) -> list[StagedFile]:
    """Return a compaction's files without the rows of jobs: those that hold some are written anew, the others stay."""
    left, of_jobs = [], pa.array(sorted(job_ids), pa.string())
    for entry in compaction.files:
        table, file = TABLES[entry.table], TableFile(store, entry.key)
        if not any(file.groups(pa.schema([pa.field("job_id", pa.string())]), job_ids)):
            left.append(as_staged(entry))
            continue
        others = (
            rows.filter(pc.invert(pc.is_in(rows["job_id"], value_set=of_jobs))) for rows in file.groups(table.schema)
        )
        for content, rows in _encoded(table, others, most_bytes=math.inf):  # one file, or none
            left.append(_stage(store, month, attempt, entry.table, shard_in(entry.key), content, rows))
    return left


def _stage(
    store: ObjectStore, month: Job, attempt: str, table: str, shard: int, content: memoryview, rows: int
) -> StagedFile:
    key = staged_key(table, month, attempt, shard)
    store.put(key, content)
    return StagedFile(key, table, shard, rows, len(content), hashlib.sha256(content).hexdigest())


def _encoded(table: Table, parts: Iterable[pa.Table], *, most_bytes: float) -> Iterator[tuple[memoryview, int]]:
    """Encode rows as files, each with the number of its rows: always the same bytes for the same rows."""
    groups = _regrouped(table, parts)
    while (group := next(groups, None)) is not None:
        sink, rows = pa.BufferOutputStream(), 0
        with open_writer(table, sink, group, order=("job_id",)) as writer:
            while group is not None:
                writer.write_table(group, row_group_size=group.num_rows)
                rows += group.num_rows
                group = next(groups, None) if sink.tell() < most_bytes else None
        yield memoryview(sink.getvalue()), rows


def _regrouped(table: Table, parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Cut rows into row groups that do not depend on how they were cut before."""
    waiting: list[pa.Table] = []
    schema = table.schema  # without what a file says of itself, which differs from version to version
    for part in parts:
        waiting.append(part.cast(schema))
        if sum(one.nbytes for one in waiting) > 2 * GROUP_BYTES:
            *whole, rest = grouped(table, pa.concat_tables(waiting), GROUP_BYTES)
            yield from whole
            waiting = [rest]
    if waiting:
        yield from grouped(table, pa.concat_tables(waiting), GROUP_BYTES)
