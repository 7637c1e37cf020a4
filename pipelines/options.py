"""Options that several commands share, and Beam's own, checked."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from callbeam.call_names import canonical
from callbeam.errors import UsageError
from callbeam.kvs import CallFilter, KvsConfig
from callbeam.pipelines.command_line import StrictParser, instant, number, suggestion, web_address


def add_source_arguments(parser: argparse.ArgumentParser, *, region_is_taken: bool = False) -> None:
    """Add the options that say what to read, and from where; ``check_source`` says what is missing.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    region_is_taken : bool, optional
        Whether ``--region`` is another cloud's, so that only ``--aws-region`` is ours.
    """
    source = parser.add_argument_group("source")
    add = source.add_argument
    add("--streams", nargs="+", action="extend", metavar="STREAM", help="stream names, ARNs, or prefix* (quote it)")
    add("--start", type=instant, metavar="ISO8601", help="start of server time, with a zone")
    add("--end", type=instant, metavar="ISO8601", help="end, exclusive; at least 2 minutes ago")
    add(
        "--calls",
        metavar="PLACE",
        help="instead of streams and a range: records that name the calls (contact records, flow and contact events, "
        "streaming events, a CSV), as a file, a folder or s3://bucket/prefix",
    )
    add(
        "--attributes",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="contact attributes that records may leave in the tables",
    )
    add(
        "--contact-id",
        "--transaction-id",
        dest="call_ids",
        type=canonical,
        nargs="+",
        action="extend",
        default=[],
        metavar="ID",
        help="only these calls, by what their fragments' tags say: contacts of Amazon Connect, transactions of Chime",
    )
    add(
        "--voice-connector-id",
        nargs="+",
        action="extend",
        default=[],
        metavar="ID",
        help="only calls of these Chime Voice Connectors",
    )
    regions = ["--aws-region"] if region_is_taken else ["--aws-region", "--region"]
    add(*regions, dest="region", metavar="REGION", help="AWS region of streams given by name (else the SDK's own)")
    add(
        "--kvs-endpoint-url",
        type=web_address,
        metavar="URL",
        help="Kinesis Video Streams elsewhere, such as the emulator",
    )
    add("--kvs-role-arn", metavar="ARN", help="role to assume for reading the streams")
    add("--kvs-role-external-id", metavar="ID", help="what that role's trust policy asks for, if it is another party's")
    add(
        "--fragments-per-second",
        type=_pace,
        default=KvsConfig().fragments_per_second,
        metavar="N",
        help="pace per stream (default %(default)g; KVS allows 500; 0 for no limit)",
    )


def add_recordings_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that names recordings."""
    parser.add_argument_group("recordings").add_argument(
        "--recordings",
        metavar="PLACE",
        help="recordings of calls, named as Amazon Connect, Live Call Analytics or Chime do: a file, a folder or "
        "s3://bucket/prefix; alone, or with --calls for the contacts that streams do not hold any more",
    )


def _pace(text: str) -> float:
    return 0.0 if text in {"0", "0.0"} else number(1)(text)


def check_source(options: argparse.Namespace, *, recordings: str | None = None) -> None:
    """Refuse what names both records or recordings and streams, or nothing.

    Raises
    ------
    UsageError
        With what is missing, or too much.
    """
    by_stream = {"--streams": options.streams, "--start": options.start, "--end": options.end}
    given = [name for name, value in by_stream.items() if value is not None]
    given += ["--contact-id"] * bool(options.call_ids) + ["--voice-connector-id"] * bool(options.voice_connector_id)
    by_itself = {"--calls": options.calls, "--recordings": recordings}
    named = [name for name, value in by_itself.items() if value is not None]
    if named and given:
        verb = "says by itself" if len(named) == 1 else "say by themselves"
        raise UsageError(f"{' and '.join(named)} {verb} what is read: leave out {', '.join(given)}")
    missing = [name for name, value in by_stream.items() if value is None]
    if not named and missing:
        raise UsageError(f"the following arguments are required: {', '.join(missing)} (or --calls)")


def call_filter(options: argparse.Namespace) -> CallFilter:
    """Make the filter of calls from the source options.

    Raises
    ------
    UsageError
        If an identifier is empty, as a shell's variable is that was never set.
    """
    if not all((*options.call_ids, *options.voice_connector_id)):
        raise UsageError("an identifier behind --contact-id, --transaction-id or --voice-connector-id is empty")
    return CallFilter(frozenset(options.call_ids), frozenset(options.voice_connector_id))


def kvs_config(options: argparse.Namespace) -> KvsConfig:
    """Make the client's configuration from the source options."""
    return KvsConfig(
        region=options.region,
        endpoint_url=options.kvs_endpoint_url,
        role_arn=options.kvs_role_arn,
        external_id=options.kvs_role_external_id,
        fragments_per_second=options.fragments_per_second,
    )


def beam_parser() -> StrictParser:
    """Return a parser that knows every option that Beam knows in this process."""
    from apache_beam.options.pipeline_options import PipelineOptions  # noqa: PLC0415  (others do without Beam)

    from callbeam.pipelines.engines import JobServerOptions  # noqa: F401, PLC0415  (Beam knows options by their classes)

    parser = StrictParser()
    parser.conflict_handler = "resolve"
    pending = list(PipelineOptions.__subclasses__())
    while pending:
        options = pending.pop(0)
        pending.extend(options.__subclasses__())
        options._add_argparse_args(parser)  # noqa: SLF001  (Beam has no public way to ask)
    return parser


def check_beam_words(parser: StrictParser, words: Sequence[str]) -> argparse.Namespace:
    """Refuse Beam options with bad values or of another runner, and runners that do not exist, before anything runs.

    Returns
    -------
    argparse.Namespace
        What they come to.

    Raises
    ------
    UsageError
        With what is wrong.
    """
    from apache_beam.options.pipeline_options import StandardOptions  # noqa: PLC0415

    from callbeam.pipelines.engines import FLINK_RUNNERS, flink_words, is_dataflow  # noqa: PLC0415

    options, unexpected = parser.parse_known_args(words)
    if unexpected:
        raise UsageError(f"unexpected argument {unexpected[0]!r}; `--help` lists the options")
    runner = options.runner
    known = [*StandardOptions.KNOWN_RUNNER_NAMES]
    if runner is not None and "." not in runner and runner.lower() not in {name.lower() for name in known}:
        raise UsageError(f"unknown runner {runner}{suggestion(runner, known)}")
    for_flink = flink_words(words)
    if for_flink and (runner or "").lower() not in {name.lower() for name in FLINK_RUNNERS}:
        raise UsageError(f"{for_flink[0]} is an option of Flink's job server: it goes with --runner=FlinkRunner")
    if options.no_wait_until_finish and not is_dataflow(words):
        raise UsageError("--no_wait_until_finish goes with --runner=DataflowRunner: other runners end with the command")
    return options
