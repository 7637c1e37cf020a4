"""A job's files without the erased: staged anew, and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from callbeam.assembly import lost_ratio
from callbeam.schemas import TABLES
from callbeam.tables import (
    TableFile,
    entries_of,
    rows_of_job,
    schema_of,
    shard_in,
    stage_table,
    without_erased,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore
    from callbeam.tables import FileEntry, Manifest, Outcome, StagedFile, Tombstones


class JobRewriting:
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
        rows = TableFile(self._store, entry.key).read(schema_of(entry.table, TABLES[entry.table].schema.names))
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
