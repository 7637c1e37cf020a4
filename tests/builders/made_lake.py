"""A lake of many days, from the tables of one: each call again on other days, in jobs of their own."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from callbeam.kvs import Job, Stream, job_id_of
from callbeam.schemas import TABLES
from callbeam.tables import Output, PublishConfig, load_manifests, publish, stage_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from callbeam.storage import ObjectStore
    from callbeam.tables import Manifest

DAY_MS = 86_400_000


def spread(
    source: ObjectStore,
    target: ObjectStore,
    days: Iterable[date],
    *,
    tables: Iterable[str] = TABLES,
    attempt: str = "made",
    iceberg: str = "",
) -> None:
    """Publish every job of a lake of one day again on other days.

    Instants and ids move with the day, so that no two days share a call.
    """
    for day in days:
        for manifest in load_manifests(source):
            publish_on(source, target, manifest, day, tables=tables, attempt=attempt, iceberg=iceberg)


def publish_on(
    source: ObjectStore,
    target: ObjectStore,
    manifest: Manifest,
    day: date,
    *,
    tables: Iterable[str] = TABLES,
    attempt: str = "made",
    change: Callable[[str, pa.Table], pa.Table] = lambda name, rows: rows,
    take_over: bool = False,
    iceberg: str = "",
) -> Job:
    """Publish a job on another day; ``change`` is given each table's rows."""
    begin_ms = round(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp() * 1000)
    later_ms = begin_ms - manifest.start_ms // DAY_MS * DAY_MS
    start_ms, end_ms = manifest.start_ms + later_ms, manifest.end_ms + later_ms
    job_id = job_id_of(manifest.sources, manifest.account, manifest.region, start_ms, end_ms)
    streams = tuple(Stream(arn, 0, 0) for arn in manifest.streams)
    job = Job(job_id, manifest.sources, streams, manifest.account, manifest.region, start_ms, end_ms, as_of_ms=end_ms)
    config = PublishConfig(
        attempt=attempt,
        options_sha256=manifest.options_sha256,
        versions=manifest.versions,
        take_over=take_over,
        iceberg=iceberg,
    )
    output, names = Output(source, [manifest], ""), names_of(source)
    staged = []
    for name in tables:
        if output.has(name):
            rows = change(name, moved(output.read(name, TABLES[name].schema.names), job_id, day, later_ms, names))
            staged.append(stage_table(target, job, attempt, TABLES[name], 0, rows))
    publish(target, job, staged, manifest.outcome, config)
    return job


def names_of(source: ObjectStore) -> list[str]:
    """Return the names of calls and channels, of which other ids are made."""
    output = Output(source, load_manifests(source), "")
    calls, channels = output.read("calls", ["call_id"]), output.read("channels", ["channel_id"])
    return sorted({*calls["call_id"].to_pylist(), *channels["channel_id"].to_pylist()})


def moved(rows: pa.Table, job_id: str, day: date, later_ms: int, names: Iterable[str]) -> pa.Table:
    """Return a job's rows as another day's."""
    columns: dict[str, Any] = {}
    for field in rows.schema:
        values: Any = rows[field.name]
        if field.name == "job_id":
            values = pa.array([job_id] * rows.num_rows, pa.string())
        elif pa.types.is_string(field.type):
            for name in names:
                values = pc.replace_substring(values, name, f"{day:%y%m%d}{name[6:]}")
        elif pa.types.is_timestamp(field.type):
            values = pc.add(values, pa.scalar(timedelta(milliseconds=later_ms), pa.duration("ms")))
        columns[field.name] = values
    return pa.table(columns)
