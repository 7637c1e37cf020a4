"""A year of small jobs, joined by ``callbeam compact``: the queries of docs/queries.md before and after, in seconds.

One day's tables (``--tables``, what ``callbeam demo`` writes) become a year of days with 100 calls each, published as a
backfill's jobs are, in a folder. Each query runs in a new DuckDB process, three times; the middle one counts.
Run it with ``python benchmarks/bench_compact.py --tables out``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from callbeam.compaction import compact
from callbeam.kvs import DAY_MS, Job, job_id_of
from callbeam.schemas import TABLES
from callbeam.storage import ObjectStore, StorageConfig, open_store
from callbeam.tables import Outcome, Output, PublishConfig, open_output, publish, stage_table

PAGE = Path(__file__).parents[1] / "docs" / "queries.md"
FIRST_DAY = date(2025, 1, 1)
RUNS = 3
CONFIG = PublishConfig(attempt="bench", options_sha256="")

ASK = """
import json, sys, time
import duckdb
setup, query = json.load(sys.stdin)
connection = duckdb.connect()
connection.execute("SET enable_progress_bar = false")
for sql in setup:
    connection.execute(sql)
begun = time.perf_counter()
rows = connection.sql(query).fetchall()
print(json.dumps([time.perf_counter() - begun, str(rows)]))
"""


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", required=True, help="a day's tables, such as callbeam demo writes")
    parser.add_argument("--calls", type=int, default=100, metavar="N", help="calls a day (default: %(default)s)")
    parser.add_argument("--days", type=int, default=365, metavar="N", help="days (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="callbeam-bench-") as folder:
        store = open_store(StorageConfig(folder))
        make_year(store, one_day(open_output(StorageConfig(options.tables)), options.calls), options.days)
        told = [f"{files(folder):,} files, {size(folder) / 1e9:.2f} GB"]
        before = [ask(folder, sql) for sql in queries()]
        end = FIRST_DAY + timedelta(days=options.days)
        begun = time.perf_counter()
        list(compact(store, instant_ms(end), CONFIG, attempt="bench"))
        took_s = time.perf_counter() - begun
        told.append(f"{files(folder):,} files, {size(folder) / 1e9:.2f} GB")
        after = [ask(folder, sql) for sql in queries()]
    print(f"{options.days} days of {options.calls} calls, {os.cpu_count()} cores; joined in {took_s:.0f} s\n")
    print(f"| query | before: {told[0]} | after: {told[1]} |\n|---|---|---|")
    for number, ((slow, one), (fast, other)) in enumerate(zip(before, after, strict=True), start=1):
        print(f"| {number} | {slow:.2f} s | {fast:.2f} s |" + ("" if one == other else " other answer!"))


def one_day(output: Output, calls: int) -> dict[str, pa.Table]:
    """Return the day's tables with its calls again and again, under other names, until there are so many."""
    ids = sorted(set(output.read("calls", ["call_id"])["call_id"].to_pylist()))
    tables = {}
    for name, table in TABLES.items():
        rows = output.read(name, table.schema.names)
        if not rows.num_rows or table.on_request or name == "jobs":
            continue
        parts = []
        for first in range(0, calls, len(ids)):
            wanted = pa.array(ids[: calls - first])
            part = rows.filter(pc.is_in(rows["call_id"], wanted))
            for column in ("call_id", "channel_id", "stream_arn", "utterance_id"):
                if column in part.schema.names:
                    values = pc.binary_join_element_wise(f"{first:03d}", part[column], "-")
                    part = part.set_column(part.schema.get_field_index(column), table.schema.field(column), values)
            parts.append(part)
        tables[name] = pa.concat_tables(parts).combine_chunks()
    return tables


def make_year(store: ObjectStore, tables: dict[str, pa.Table], days: int) -> None:
    """Publish a job for each day."""
    first_ms = min(tables["calls"]["call_start_ts"].to_pylist()).timestamp() * 1000 // DAY_MS * DAY_MS
    for number in range(days):
        day = FIRST_DAY + timedelta(days=number)
        start_ms = instant_ms(day)
        job_id = job_id_of(["bench"], "", "", start_ms, start_ms + DAY_MS)
        job = Job(job_id, ("bench",), (), "", "", start_ms, start_ms + DAY_MS, as_of_ms=start_ms + DAY_MS)
        later = pa.scalar(timedelta(milliseconds=start_ms - first_ms), pa.duration("ms"))
        staged = []
        for name, rows in tables.items():
            columns: list[Any] = []
            for field in rows.schema:
                values: Any = rows[field.name]
                if field.name == "job_id":
                    values = pa.array([job_id] * rows.num_rows)
                elif field.name in {"call_id", "utterance_id"}:
                    values = pc.binary_join_element_wise(f"{day:%y%m%d}", values, "-")
                elif pa.types.is_timestamp(field.type):
                    values = pc.add(values, later)
                columns.append(values)
            part = pa.table(columns, schema=rows.schema)
            staged.append(stage_table(store, job, CONFIG.attempt, TABLES[name], 0, part))
        publish(store, job, staged, Outcome(), CONFIG)


def instant_ms(day: date) -> int:
    """Return when a UTC day begins, in UTC milliseconds."""
    return round(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp() * 1000)


def statements() -> list[str]:
    """Return the page's statements on calls' own tables."""
    page = PAGE.read_text(encoding="utf-8").partition("\n# What others say")[0]
    return re.findall(r"^```sql\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def queries() -> list[str]:
    """Return the page's questions."""
    return [sql for sql in statements() if sql.startswith("SELECT")]


def ask(folder: str, query: str) -> tuple[float, str]:
    """Return how long a query takes, and its answer."""
    setup = [sql.replace("'out/", f"'{folder}/") for sql in statements() if not sql.startswith("SELECT")]
    told = []
    for _ in range(RUNS):
        words = [sys.executable, "-c", ASK]
        run = subprocess.run(words, input=json.dumps([setup, query]), capture_output=True, check=True, text=True)
        told.append(json.loads(run.stdout))
    return statistics.median(seconds for seconds, _ in told), told[0][1]


def files(folder: str) -> int:
    """Return how many files tables have."""
    return sum(1 for _ in Path(folder).glob("*/*/*.parquet"))


def size(folder: str) -> int:
    """Return their bytes."""
    return sum(path.stat().st_size for path in Path(folder).glob("*/*/*.parquet"))


if __name__ == "__main__":
    main()
