"""``callbeam export``: sound files of calls from KVS, and labels and manifests of calls from the tables."""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from callbeam.calls import PlannedJob, has_ended, parse_role_map
from callbeam.decoding import DecodeConfig
from callbeam.errors import UsageError
from callbeam.export import (
    AUDIO_FORMATS,
    LABELS,
    MANIFESTS,
    Destination,
    Exported,
    ExportedCall,
    export_fragment,
    export_job,
    export_labels,
)
from callbeam.kvs import LOST, KvsClient
from callbeam.mkv import printable
from callbeam.pipelines.command_line import StrictParser, add_s3_arguments, folder_beside, parse, s3_config
from callbeam.pipelines.exits import EXIT_LOSS, command
from callbeam.pipelines.options import add_source_arguments, kvs_config
from callbeam.pipelines.source_plan import planned_jobs
from callbeam.pipelines.summary import accounting
from callbeam.report import counted
from callbeam.tables import open_output

DEFAULT_FORMATS = ("raw",)

MOST_NAMED = 12
"""Calls named in what is printed."""

KVS_OPTIONS = (
    "region",
    "kvs_endpoint_url",
    "kvs_role_arn",
    "kvs_role_external_id",
    "fragments_per_second",
    "role_map",
    "format",
)
S3_OPTIONS = ("s3_endpoint_url", "s3_role_arn", "s3_role_external_id", "s3_requester_pays")

BELONGING = {
    "stream": ("fragment", "whole_call", *KVS_OPTIONS),
    "streams": ("start", "end", "call_ids", "voice_connector_id", *KVS_OPTIONS),
    "calls": ("attributes", *S3_OPTIONS, *KVS_OPTIONS),
    "tables": ("labels", "manifest", "audio_dir", "call_ids", *S3_OPTIONS),
}
"""What may be asked for, and the options of each."""

NEEDED = {"stream": ("fragment",), "streams": ("start", "end"), "calls": (), "tables": ()}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of an export."""
    one = parser.add_argument_group("one call")
    one.add_argument("--stream", metavar="STREAM", help="name or ARN of the stream that --fragment lies on")
    one.add_argument(
        "--fragment", type=_fragment_number, metavar="N", help="number of the first fragment of the call to be written"
    )
    one.add_argument(
        "--whole-call", action="store_true", default=False, help="from the call's own first fragment, if it is before N"
    )
    add_source_arguments(parser)
    audio = parser.add_argument_group("audio")
    audio.add_argument(
        "--format",
        nargs="+",
        action="extend",
        choices=AUDIO_FORMATS,
        default=[],
        metavar="FORMAT",
        help=f"of {', '.join(AUDIO_FORMATS)} (default raw: 16-bit little-endian samples, a file for each track)",
    )
    audio.add_argument("--role-map", action="append", default=[], metavar="NAME=ROLE", help="as for a backfill")
    tables = parser.add_argument_group("labels and manifests")
    tables.add_argument("--tables", metavar="OUT", help="the --output of a backfill: a folder or s3://bucket/prefix")
    tables.add_argument(
        "--labels",
        nargs="+",
        action="extend",
        choices=LABELS,
        default=[],
        metavar="KIND",
        help=f"of {', '.join(LABELS)}",
    )
    tables.add_argument(
        "--manifest",
        nargs="+",
        action="extend",
        choices=MANIFESTS,
        default=[],
        metavar="KIND",
        help=f"of {', '.join(MANIFESTS)}",
    )
    tables.add_argument(
        "--audio-dir", metavar="DIR", help="where an export wrote the wav or flac files that manifests name"
    )
    add_s3_arguments(tables.add_argument, "reading from")
    parser.add_argument_group("output").add_argument(
        "--output", default="export", metavar="DIR", help="a local folder (default %(default)s)"
    )


def _fragment_number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,128}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no fragment number: they are decimal digits, 47 of them mostly")
    return int(text)


@command("callbeam export")
def main(argv: Sequence[str]) -> int:
    """Export calls.

    Parameters
    ----------
    argv : sequence of str
        The command line.

    Returns
    -------
    int
        0 written, 1 failed on the way, 2 cannot be done, 3 written but some of it was lost.
    """
    parser = StrictParser(prog="callbeam export", description=__doc__)
    add_arguments(parser)
    options, _ = parse(parser, argv)
    asked = _asked(parser, options)
    if not options.output or "://" in options.output:
        raise UsageError(
            f"--output {options.output!r} is no local folder; files can be copied to elsewhere as they are"
        )
    if asked == "tables":
        return _export_labels(options)
    exported = _export_one(options) if asked == "stream" else _export_range(options)
    _report(exported, options.output)
    return EXIT_LOSS if sum(exported.by_status[status.value] for status in LOST) else 0


def _asked(parser: StrictParser, options: argparse.Namespace) -> str:
    """Tell what is asked for.

    Raises
    ------
    UsageError
        If none or several are, or an option does not belong to it.
    """
    given = {name for name, value in vars(options).items() if value != parser.get_default(name)} - {"output"}
    asked = [name for name in BELONGING if name in given]
    if len(asked) != 1:
        what = " or ".join(_word(name) for name in asked) + ", not several" if asked else "but nothing is given"
        raise UsageError(
            "say what to export: --stream with --fragment, --streams with --start and --end, --calls, or --tables with "
            f"--labels or --manifest; {what}"
        )
    (name,) = asked
    for other in sorted(given - {name, *BELONGING[name]}):
        raise UsageError(f"{_word(other)} does not go with {_word(name)}; `--help` lists what does")
    for needed in NEEDED[name]:
        if getattr(options, needed) is None:
            raise UsageError(f"{_word(name)} needs {_word(needed)}")
    if name == "tables" and not (options.labels or options.manifest):
        raise UsageError("--tables needs --labels or --manifest: say what to make of them")
    return name


def _word(name: str) -> str:
    return "--contact-id" if name == "call_ids" else f"--{name.replace('_', '-')}"


def _export_one(options: argparse.Namespace) -> Exported:
    decode, now_ms = DecodeConfig(parse_role_map(options.role_map)), _now_ms()
    with _client(options) as client, Destination(options.output) as to:
        streams = client.resolve_streams([options.stream])
        if len(streams) != 1 or options.stream.endswith("*"):
            raise UsageError(f"--stream {options.stream} must name one stream; --streams takes several")
        return export_fragment(
            client,
            streams[0],
            options.fragment,
            to,
            options.format or DEFAULT_FORMATS,
            now_ms=now_ms,
            whole_call=options.whole_call,
            decode=decode,
        )


def _export_range(options: argparse.Namespace) -> Exported:
    decode = DecodeConfig(parse_role_map(options.role_map))
    s3 = s3_config(options, "")
    exported = Exported()
    sought: set[str] = set()
    with _client(options) as client:
        jobs, _ = planned_jobs(client, options, s3=s3)
        with Destination(options.output) as to:
            for planned in jobs:
                told = decode.told_by(planned.contacts)
                done = export_job(
                    client, planned.job, to, options.format or DEFAULT_FORMATS, told, ended=_ended(planned)
                )
                sought.update(contact.call_id for contact in planned.contacts)
                exported.calls += done.calls
                exported.by_status += done.by_status
                exported.open_calls += done.open_calls
                exported.losses += done.losses
    if not exported.calls and not exported.open_calls:
        raise UsageError(_nothing(exported.by_status))
    found = {call.call_id for call in exported.calls} | set(exported.open_calls)
    _report_missing(sought - found, "not found where records put them", "a backfill says of each why")
    _report_missing(set(options.call_ids) - found, "asked for, and not found", "check the range and the ids")
    return exported


def _ended(planned: PlannedJob) -> frozenset[str]:
    """Return the names of the calls that records say are over."""
    over = (contact for contact in planned.contacts if has_ended(contact, planned.job.as_of_ms))
    return frozenset(name for contact in over for name in (contact.call_id, *contact.aliases))


def _report_missing(missing: Collection[str], what: str, way_out: str) -> None:
    """Name the calls of which nothing was found."""
    if missing:
        named = ", ".join(map(printable, sorted(missing)[:3])) + (", ..." if len(missing) > 3 else "")
        count = counted(len(missing), "call")
        print(f"{what}: {count} ({named}); {way_out}")


def _nothing(by_status: Counter[str]) -> str:
    if not by_status:
        return "nothing to export: the streams hold no fragment of this range; check --start, --end and the retention"
    came = " ".join(line.strip() for line in accounting(by_status)[:1])
    return (
        f"nothing to export: no call that is asked for begins in this range; begin earlier, or ask for others ({came})"
    )


@contextmanager
def _client(options: argparse.Namespace) -> Iterator[KvsClient]:
    client = KvsClient(kvs_config(options))
    try:
        yield client
    finally:
        client.close()


def _export_labels(options: argparse.Namespace) -> int:
    output = open_output(s3_config(options, options.tables))
    folder_beside(options.tables, options.output, "--output", "_export")
    with Destination(options.output) as to:
        done = export_labels(
            output,
            to,
            labels=options.labels,
            manifests=options.manifest,
            audio_dir=options.audio_dir,
            call_ids=options.call_ids,
        )
    print(f"{options.output}: {counted(len(done.files), 'file')} about {counted(done.calls, 'call')}")
    for path in done.files[-MOST_NAMED:]:
        print(f"  {path.relative_to(options.output)}")
    if len(done.files) > MOST_NAMED:
        print(f"  and {len(done.files) - MOST_NAMED:,} more")
    if done.missing:
        print(f"left out of the manifests, since there is no audio: {counted(len(done.missing), 'channel')}")
        print(f"  {done.missing[0]}.wav" + (", ..." if len(done.missing) > 1 else ""))
    return 0


def _report(exported: Exported, output: str) -> None:
    """Say what was written, and what became of every fragment."""
    seconds = sum(call.duration_ms for call in exported.calls) / 1000
    files = sum(len(call.files) for call in exported.calls)
    print(f"{output}: {counted(len(exported.calls), 'call')}, {seconds:,.1f} s, {counted(files, 'file')}")
    for call in exported.calls[:MOST_NAMED]:
        _report_call(call)
    if len(exported.calls) > MOST_NAMED:
        print(f"  and {len(exported.calls) - MOST_NAMED:,} more calls")
    for line in accounting(exported.by_status):
        print(line)
    for loss in exported.losses[:MOST_NAMED]:
        print(f"    {loss}")
    if exported.open_calls:
        named = ", ".join(map(printable, exported.open_calls[:3]))
        count = counted(len(exported.open_calls), "call")
        print(f"  {count} may still be going on, and not written: run it again later ({named})")


def _report_call(call: ExportedCall) -> None:
    where = f" in {call.files[0].parent.name}" if call.files else ""
    print(f"  call {printable(call.call_id)}: {call.duration_ms / 1000:,.1f} s{where}")
    for path in call.files:
        print(f"    {path.name}")
    for note in call.notes:
        print(f"    note: {note}")


def _now_ms() -> int:
    return round(time.time() * 1000)
