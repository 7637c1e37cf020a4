"""``callbeam demo``: the main job over made-up calls on the emulator, planned from the records that they leave.

The result is shown beside the calls' truth.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from callbeam.callmaker import LCA_FOLDER
from callbeam.errors import JobError
from callbeam.pipelines import backfill
from callbeam.pipelines.command_line import StrictParser, parse, whole_number
from callbeam.pipelines.exits import EXIT_LOSS, command
from callbeam.pipelines.local_run import cleaned_up
from callbeam.scoring import compare_with_truth

SYSTEMS = ("connect", "chime", "lca")

STOP_AFTER_S = 5.0


@command("callbeam demo")
def main(argv: Sequence[str]) -> int:
    """Run the demo.

    Parameters
    ----------
    argv : sequence of str
        The command line.

    Returns
    -------
    int
        The backfill's exit code.
    """
    parser = StrictParser(prog="callbeam demo", description=__doc__)
    parser.add_argument("--output", default="out", help="where the tables go (default: %(default)s)")
    parser.add_argument(
        "--calls",
        type=whole_number(1),
        default=12,
        metavar="N",
        help="how many calls are made up (default: %(default)s)",
    )
    parser.add_argument(
        "--data", type=Path, default=Path(".callbeam/demo"), help="where the emulator keeps them (default: %(default)s)"
    )
    parser.add_argument(
        "--records",
        choices=SYSTEMS,
        help="read only the calls of this system, by the records that it left, with lca also its recordings; by "
        "default those of Connect and Chime",
    )
    options, _ = parse(parser, argv)
    data = options.data / f"{options.calls}-calls"
    with emulator_process(data, options.calls) as url:
        if options.records == "lca":
            words = ["--calls", str(data / "lca" / "events"), "--recordings", str(data / "lca" / LCA_FOLDER)]
        else:
            words = ["--calls", str(data / "records" / (options.records or ""))]
        words += [
            "--output",
            options.output,
            "--kvs-endpoint-url",
            url,
            "--region",
            "us-east-1",
            "--fragments-per-second",
            "0",
        ]
        code = backfill.main(words)
    if code in (0, EXIT_LOSS):
        print("beside the truth that the call maker knows:")
        lca = options.records == "lca"
        truths = [data / "truth", data / "truth-recorded"] if lca else [data / "truth"]
        found = compare_with_truth(Path(options.output), *truths, source="connect" if lca else options.records)
        print("\n".join(f"  {line}" for line in found.lines()))
    return code


@contextmanager
def emulator_process(data: Path, calls: int) -> Iterator[str]:
    """Run the emulator in a process of its own, with made-up calls, and yield its URL.

    Raises
    ------
    JobError
        If it does not start.
    """
    # The emulator checks no signature, but the SDK insists on having something to sign with.
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "demo")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "demo")
    command = [sys.executable, "-m", "callbeam.pipelines.cli", "emulator", "--port", "0"]
    command += ["--data", str(data), "--demo-calls", str(calls)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  (this very program)
    with cleaned_up(partial(_stop, process)):
        line = process.stdout.readline() if process.stdout else ""
        _, found, address = line.partition("http://")
        if not found:
            raise JobError(f"the emulator did not start; `{' '.join(command[1:])}` says why")
        yield "http://" + address.split()[0]


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_AFTER_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
