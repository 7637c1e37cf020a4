"""Strict command lines: what is not known is an error with a suggestion, Beam's own options included."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import NoReturn

from apache_beam.options.pipeline_options import PipelineOptions

from callbeam.errors import UsageError
from callbeam.kvs.config import KvsConfig


class StrictParser(argparse.ArgumentParser):
    """An argument parser that neither abbreviates nor exits: it raises UsageError."""

    def __init__(self, prog: str | None = None, description: str | None = None, epilog: str | None = None) -> None:
        super().__init__(prog=prog, description=description, epilog=epilog, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise UsageError(message)


def instant(text: str) -> int:
    """Read an ISO 8601 instant with a zone.

    Parameters
    ----------
    text : str
        Such as ``2026-03-02T00:00:00Z`` or ``2026-03-02T01:00+01:00``.

    Returns
    -------
    int
        UTC milliseconds since the epoch.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is no instant, or names no zone.
    """
    try:
        when = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))  # Python 3.10 reads no Z
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 8601 instant such as 2026-03-02T00:00:00Z") from None
    if when.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no zone: write {text}Z for UTC, or an offset such as +01:00")
    return round(when.timestamp() * 1000)


def show_instant(milliseconds: int) -> str:
    """Write UTC milliseconds as ISO 8601."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def number_at_least(least: float) -> Callable[[str], float]:
    """Make an argument type: a number that is at least ``least``."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
        if not value >= least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least:g}")
        return value

    return read


def whole_number(text: str) -> int:
    """Read a whole number that is at least 1."""
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what to read, and from where."""
    source = parser.add_argument_group("source")
    source.add_argument(
        "--streams",
        nargs="+",
        required=True,
        metavar="STREAM",
        help="stream names, ARNs, or prefix* (quote it)",
    )
    source.add_argument(
        "--start", type=instant, required=True, metavar="ISO8601", help="start of server time, with a zone"
    )
    source.add_argument(
        "--end", type=instant, required=True, metavar="ISO8601", help="end, exclusive; at least 2 minutes ago"
    )
    source.add_argument("--region", help="AWS region of streams given by name (else the SDK's own)")
    source.add_argument(
        "--kvs-endpoint-url", metavar="URL", help="Kinesis Video Streams elsewhere, such as the emulator"
    )
    source.add_argument("--kvs-role-arn", metavar="ARN", help="role to assume for reading the streams")
    source.add_argument(
        "--fragments-per-second",
        type=number_at_least(0),
        default=KvsConfig().fragments_per_second,
        metavar="N",
        help="pace per stream (default %(default)g; KVS allows 500; 0 for no limit)",
    )


def kvs_config(options: argparse.Namespace) -> KvsConfig:
    """Make the client's configuration from the source options."""
    return KvsConfig(
        region=options.region,
        endpoint_url=options.kvs_endpoint_url,
        role_arn=options.kvs_role_arn,
        fragments_per_second=options.fragments_per_second,
    )


def beam_parser() -> argparse.ArgumentParser:
    """Return a parser that knows every option that Beam knows in this process."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, conflict_handler="resolve")
    pending = list(PipelineOptions.__subclasses__())
    while pending:
        options = pending.pop(0)
        pending.extend(options.__subclasses__())
        options._add_argparse_args(parser)  # noqa: SLF001  (Beam has no public way to ask)
    return parser


def parse(parser: argparse.ArgumentParser, argv: Sequence[str], *, beam: bool) -> tuple[argparse.Namespace, list[str]]:
    """Parse a command line in which every word must be known.

    Parameters
    ----------
    parser : StrictParser
        The command's own options.
    argv : sequence of str
        The words of the command line.
    beam : bool
        Whether Beam's options may stand among them.

    Returns
    -------
    options : argparse.Namespace
    beam_words : list of str
        The words that are Beam's, checked, to be passed to PipelineOptions.

    Raises
    ------
    UsageError
        If an option is unknown (with the nearest known one), or has a bad value.
    """
    options, rest = parser.parse_known_args(argv)
    if not rest:
        return options, []
    known = list(parser._option_string_actions)  # noqa: SLF001  (argparse has no public list)
    unknown = rest
    if beam:
        beams = beam_parser()
        _, unknown = beams.parse_known_args(rest)
        known += list(beams._option_string_actions)  # noqa: SLF001
    if unknown:
        raise UsageError(_complaint(unknown[0], known))
    return options, rest


def _complaint(word: str, known: Sequence[str]) -> str:
    name = word.split("=", maxsplit=1)[0]
    if not name.startswith("-"):
        return f"unexpected argument {word!r}; `--help` lists the options"
    near = difflib.get_close_matches(name, known, n=1)
    return f"unknown option {name}" + (f"; did you mean {near[0]}?" if near else "; `--help` lists the options")
