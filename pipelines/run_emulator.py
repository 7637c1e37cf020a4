"""``callbeam emulator``: Kinesis Video Streams on this machine, for boto3 and any other SDK."""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, get_args

from callbeam.emulator import AWS_QUOTAS, Emulator, EmulatorConfig, ListingOrder, Quotas, TagVocabulary, read_fault_plan
from callbeam.errors import UsageError
from callbeam.pipelines.command_line import StrictParser, number, parse, suggestion, whole_number
from callbeam.pipelines.exits import command
from callbeam.report import counted

DESCRIPTION = """Serve Kinesis Video Streams on this machine. Point an SDK at it with endpoint_url, or with
AWS_ENDPOINT_URL_KINESIS_VIDEO, AWS_ENDPOINT_URL_KINESIS_VIDEO_MEDIA and AWS_ENDPOINT_URL_KINESIS_VIDEO_ARCHIVED_MEDIA;
any credentials do. The port opens, and one line with the URL is printed, when everything is loaded."""


class StoppedError(BaseException):
    """A signal asks the process to stop; no ``except Exception`` may hold it up."""


@command("callbeam emulator")
def main(argv: Sequence[str]) -> int:
    """Run the emulator until a signal stops it.

    Parameters
    ----------
    argv : sequence of str
        The command line.

    Returns
    -------
    int
        0 when it was stopped; 2 when what was asked for cannot be done.
    """
    options = _parse(argv)
    config = _config(options)
    faults = read_fault_plan(options.faults) if options.faults else []
    _serve(options, Emulator(options.port, options.data, config, host=options.host, faults=faults))
    return 0


def _serve(options: argparse.Namespace, kvs: Emulator) -> None:
    """Load, open the port, wait for a signal; whatever happens, close the streams' files."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _stop)
    try:
        for stream, paths in _captures(options.load).items():
            kvs.load(stream, *paths)
        for stream, recording in _recordings(options.load_call):
            contact_id = kvs.load_recording(stream, *recording)
            print(f"callbeam emulator: {', '.join(map(str, recording))} is contact {contact_id} on {stream}")
        if options.demo_calls:
            kvs.load_demo(options.demo_calls, seed=options.demo_seed)
        kvs.start()
        streams = kvs.store.all()
        held = f"{counted(len(streams), 'stream')}, {counted(sum(map(len, streams)), 'fragment')}"
        print(f"callbeam emulator: {kvs.endpoint_url} ({held}; {_where(options)})", flush=True)
        threading.Event().wait()
    except StoppedError:
        pass
    finally:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, signal.SIG_IGN)
        kvs.stop()


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise StoppedError


def _where(options: argparse.Namespace) -> str:
    return f"kept in {options.data}" if options.data else "kept until it stops"


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    default = EmulatorConfig()
    parser = StrictParser(prog="callbeam emulator", description=DESCRIPTION)
    add = parser.add_argument
    add(
        "--port", type=whole_number(0, 65_535), default=0, metavar="N", help="port to listen on (default: any free one)"
    )
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--data", type=Path, metavar="DIR", help="folder in which streams persist (default: none, they go with it)")
    add("--load", action="append", default=[], metavar="STREAM=FILE", help="put a Matroska capture into a stream")
    add(
        "--load-call",
        action="append",
        default=[],
        metavar="STREAM=FILE[,FILE]",
        help="put a recording in as a Connect contact of 2026-03-01 09:00 UTC: a file of two channels (left from the "
        "customer, right from the agent), or two files, the customer's first; any format and rate, brought to 8 kHz",
    )
    add("--demo-calls", type=whole_number(0), default=0, metavar="N", help="put N made-up calls in, truth in DIR/truth")
    add(
        "--demo-seed",
        type=whole_number(0),
        default=1,
        metavar="N",
        help="seed of the made-up calls (default: %(default)s)",
    )
    add(
        "--getmedia-idle",
        type=number(0),
        default=default.getmedia_idle_s,
        metavar="S",
        help="GetMedia ends after S idle",
    )
    add("--tag-vocabulary", choices=get_args(TagVocabulary), default=default.tag_vocabulary)
    add("--listing-order", choices=get_args(ListingOrder), default=default.listing_order)
    add("--page-size", type=whole_number(1), metavar="N", help="a page of ListFragments holds N fragments at most")
    add("--apply-retention", action="store_true", help="retention applies to loaded streams, too")
    add("--quotas", action="store_true", help="hold callers to the quotas that AWS documents")
    add("--faults", type=Path, metavar="FILE", help="fault plan, a JSON list")
    add("--switch", action="append", default=[], metavar="NAME=VALUE", help=f"any of {', '.join(_switches())}")
    return parse(parser, argv)[0]


def _config(options: argparse.Namespace) -> EmulatorConfig:
    values: dict[str, Any] = {
        "getmedia_idle_s": options.getmedia_idle,
        "tag_vocabulary": options.tag_vocabulary,
        "listing_order": options.listing_order,
        "listing_page_cap": options.page_size,
        "apply_retention": options.apply_retention,
        "quotas": AWS_QUOTAS if options.quotas else Quotas(),
    }
    switches = _switches()
    for text in options.switch:
        name, found, value = text.partition("=")
        if name not in switches:
            raise UsageError(f"--switch {text}: no switch has this name{suggestion(name, switches)}")
        if not found:
            raise UsageError(f"--switch {text}: write NAME=VALUE")
        values[name] = _value(name, value, switches[name])
    return dataclasses.replace(EmulatorConfig(), **values)


def _switches() -> dict[str, str]:
    """Return the switches that a word can set, with their types."""
    return {f.name: str(f.type) for f in dataclasses.fields(EmulatorConfig) if f.name not in {"quotas", "clock"}}


def _value(name: str, text: str, kind: str) -> object:
    if kind == "bool":
        if text not in {"true", "false"}:
            raise UsageError(f"--switch {name} is true or false, not {text!r}")
        return text == "true"
    try:
        return int(text) if kind.startswith("int") else float(text) if kind.startswith("float") else text
    except ValueError as error:
        raise UsageError(f"--switch {name} needs a number, not {text!r}") from error


def _captures(texts: Sequence[str]) -> dict[str, list[Path]]:
    captures: dict[str, list[Path]] = {}
    for text in texts:
        stream, found, path = text.partition("=")
        if not found or not stream or not path:
            raise UsageError(f"--load {text}: write STREAM=FILE")
        captures.setdefault(stream, []).append(Path(path))
    return captures


def _recordings(texts: Sequence[str]) -> list[tuple[str, list[Path]]]:
    recordings = []
    for text in texts:
        stream, _, paths = text.partition("=")
        if not stream or not paths:
            raise UsageError(f"--load-call {text}: write STREAM=RECORDING or STREAM=CUSTOMER,AGENT")
        recordings.append((stream, [Path(path) for path in paths.split(",")]))
    return recordings


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
