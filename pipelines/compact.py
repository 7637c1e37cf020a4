"""``callbeam compact``: joins the small files of whole months into large ones."""

from __future__ import annotations

import argparse
import time
import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone

from callbeam.compaction import CompactedMonth, compact
from callbeam.errors import UsageError
from callbeam.pipelines.command_line import (
    StrictParser,
    add_iceberg_argument,
    add_s3_arguments,
    add_s3_writing_arguments,
    output_config,
    parse,
)
from callbeam.pipelines.exits import EXIT_JOB_FAILED, command
from callbeam.pipelines.job_identity import versions
from callbeam.report import counted
from callbeam.storage import check_writable, open_store
from callbeam.tables import PublishConfig, kept_catalog, load_tombstones, open_output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a compaction."""
    parser.add_argument("tables", metavar="OUTPUT", help="the --output of a backfill: a folder or s3://bucket/prefix")
    parser.add_argument(
        "--before",
        required=True,
        type=_day,
        metavar="DATE",
        help="the months that have ended before this UTC date, such as 2026-04-01 for March and all before it",
    )
    add_iceberg_argument(parser.add_argument)
    s3 = parser.add_argument_group("S3").add_argument
    add_s3_arguments(s3, "reading and writing")
    add_s3_writing_arguments(s3)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-04-01") from error


@command("callbeam compact")
def main(argv: Sequence[str]) -> int:
    """Compact tables.

    Parameters
    ----------
    argv : sequence of str
        The command line.

    Returns
    -------
    int
        0 joined, 1 failed on the way or left a month out (the same again goes on), 2 cannot be done.
    """
    parser = StrictParser(prog="callbeam compact", description=__doc__)
    add_arguments(parser)
    options, _ = parse(parser, argv)
    before_ms = _checked(options.before)
    storage = output_config(options, options.tables)
    open_output(storage)
    store = open_store(storage)
    check_writable(store)
    config = PublishConfig(
        attempt="",
        options_sha256="",
        versions=versions(),
        erased=load_tombstones(store),
        iceberg=kept_catalog(store, options.iceberg),
    )
    months = []
    for month in compact(store, before_ms, config, attempt=uuid.uuid4().hex[:12]):
        print(_told(month), flush=True)
        months.append(month)
    if not months:
        print(f"no month before {options.before} has files to be joined")
    return EXIT_JOB_FAILED if any(month.waits_for for month in months) else 0


def _checked(before: date) -> int:
    """Return the instant at which a date begins, in UTC milliseconds.

    Raises
    ------
    UsageError
        If that is yet to come: jobs of the days before it are yet to be run.
    """
    now = datetime.fromtimestamp(time.time(), tz=timezone.utc)
    if before > now.date():
        last = now.date().replace(day=1)
        raise UsageError(
            f"--before {before} is yet to come, and so are jobs of its month; --before {last} joins "
            f"{last - timedelta(days=1):%Y-%m} and all before it"
        )
    return round(datetime(before.year, before.month, before.day, tzinfo=timezone.utc).timestamp() * 1000)


def _told(month: CompactedMonth) -> str:
    if month.waits_for:
        return (
            f"{month.month}: left as it is, for job {month.waits_for} is being published, or was when that stopped: "
            "once it is complete, run this again"
        )
    if not month.files_before:
        return f"{month.month}: what an earlier run had begun is complete"
    jobs, before, after = counted(month.jobs, "job"), counted(month.files_before, "file"), f"{month.files_after:,}"
    return f"{month.month}: {before} of {jobs} became {after}, {month.bytes_after / 1e6:.1f} MB"
