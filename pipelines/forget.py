"""``callbeam forget``: takes calls, or all calls of customers, out of every table of an output, and keeps them out."""

from __future__ import annotations

import argparse
import time
import uuid
from collections.abc import Sequence

from callbeam.call_names import canonical
from callbeam.erasure import forget
from callbeam.errors import UsageError
from callbeam.pipelines.command_line import (
    StrictParser,
    add_s3_arguments,
    add_s3_writing_arguments,
    output_config,
    parse,
    show_instant,
)
from callbeam.pipelines.exits import command
from callbeam.report import counted
from callbeam.storage import check_writable, open_store
from callbeam.tables import open_output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of an erasure."""
    parser.add_argument("tables", metavar="TABLES", help="the --output of a backfill: a folder or s3://bucket/prefix")
    add = parser.add_argument_group("who").add_argument
    add(
        "--call-id",
        dest="call_ids",
        type=canonical,
        nargs="+",
        action="extend",
        default=[],
        metavar="ID",
        help="calls, by any name",
    )
    add(
        "--subject-key",
        dest="subject_keys",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY",
        help="customers: all calls that sentiment_inputs.subject_key has of them",
    )
    s3 = parser.add_argument_group("S3").add_argument
    add_s3_arguments(s3, "reading and writing")
    add_s3_writing_arguments(s3)


@command("callbeam forget")
def main(argv: Sequence[str]) -> int:
    """Erase calls.

    Parameters
    ----------
    argv : sequence of str
        The command line.

    Returns
    -------
    int
        0 erased, 1 failed on the way (the same again goes on), 2 cannot be done.
    """
    parser = StrictParser(prog="callbeam forget", description=__doc__)
    add_arguments(parser)
    options, _ = parse(parser, argv)
    if not options.call_ids and not options.subject_keys:
        raise UsageError("nobody is named: give --call-id or --subject-key")
    storage = output_config(options, options.tables)
    open_output(storage)
    store = open_store(storage)
    check_writable(store)
    erasure = forget(
        store,
        call_ids=options.call_ids,
        subject_keys=options.subject_keys,
        attempt=uuid.uuid4().hex[:12],
        asked=show_instant(round(time.time() * 1000)),
    )
    print(f"{counted(erasure.calls, 'call')} erased from {counted(erasure.jobs, 'job')}")
    for table, count in sorted(erasure.rows.items()):
        if count:
            print(f"  {table:<20} {count:>9,} rows")
    removed = counted(erasure.kept, "object")
    print(f"  {counted(erasure.files, 'file')} rewritten; {removed} of unfinished jobs and pages removed")
    print("_erased/ keeps later jobs from writing them again; what lies outside these tables is not touched")
    return 0
