"""``callbeam report``: HTML pages that show calls to people, from the tables of a backfill."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from callbeam.call_names import canonical
from callbeam.errors import UsageError
from callbeam.pipelines.command_line import (
    StrictParser,
    add_s3_arguments,
    folder_beside,
    number,
    parse,
    s3_config,
    whole_number,
)
from callbeam.pipelines.exits import command
from callbeam.report import CLIP_BYTES, counted, write_report
from callbeam.tables import open_output

DEFAULT_FOLDER = "_report"
"""Below the output: what begins with an underscore is no table to Athena, Spark or duckdb's globs."""

MOST_NAMED = 12


@command("callbeam report")
def main(argv: Sequence[str]) -> int:
    """Write a report.

    Parameters
    ----------
    argv : sequence of str
        The command line.

    Returns
    -------
    int
        0 written, 1 a table or page failed, 2 cannot be done.
    """
    parser = StrictParser(prog="callbeam report", description=__doc__)
    parser.add_argument(
        "output", metavar="OUT", help="the --output of a backfill: a local folder or s3://bucket/prefix"
    )
    parser.add_argument(
        "--call-id",
        type=canonical,
        nargs="+",
        action="extend",
        default=[],
        metavar="ID",
        help="calls that get a page of their own",
    )
    parser.add_argument(
        "--sample",
        type=whole_number(0),
        metavar="N",
        help="pages for so many more calls, always the same ones (without --call-id and --sample: the 10 calls that "
        "stand out most, filled up from a sample)",
    )
    parser.add_argument(
        "--to", metavar="FOLDER", help=f"local folder for the pages (default: OUT/{DEFAULT_FOLDER} if OUT is local)"
    )
    parser.add_argument(
        "--audio-mb",
        type=number(0, 1000),
        default=CLIP_BYTES / 1e6,
        metavar="MB",
        help="most audio in a page, where the backfill kept clips (default %(default)g)",
    )
    add_s3_arguments(parser.add_argument, "reading from")
    options, _ = parse(parser, argv)
    folder = _folder(options.output, options.to)
    output = open_output(s3_config(options, options.output))
    report = write_report(
        output,
        folder,
        call_ids=options.call_id,
        sample=options.sample,
        clip_bytes=round(options.audio_mb * 1_000_000),
    )
    print(f"{report.index}: {counted(report.calls, 'call')}")
    for path in report.pages[:MOST_NAMED]:
        print(f"  {path}")
    if len(report.pages) > MOST_NAMED:
        print(f"  and {len(report.pages) - MOST_NAMED:,} more pages")
    return 0


def _folder(output: str, to: str | None) -> Path:
    """Return where pages go; never among the tables, whose readers would take pages for rows.

    Raises
    ------
    UsageError
        If it is in S3, not given though the tables are there, or a folder of the tables.
    """
    if to is None:
        if output.startswith("s3://"):
            raise UsageError("the tables are in S3: say with --to FOLDER where on this machine the pages go")
        return Path(output).expanduser().absolute() / DEFAULT_FOLDER
    if not to or "://" in to:
        raise UsageError(f"--to {to!r} is no local folder; pages can be copied to elsewhere as they are")
    return folder_beside(output, to, "--to", DEFAULT_FOLDER)
