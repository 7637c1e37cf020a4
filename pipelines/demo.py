"""``callbeam demo``: the main job over made-up calls on the emulator, planned from the records that they leave.

The result is shown beside the calls' truth. Where a system says something of calls, what it says is read with them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from callbeam.callmaker import LCA_FOLDER, CallTruth, load_truth, write_call_analytics, write_contact_lens
from callbeam.errors import JobError
from callbeam.pipelines import backfill, report
from callbeam.pipelines.command_line import StrictParser, parse, whole_number
from callbeam.pipelines.exits import EXIT_LOSS, command
from callbeam.pipelines.local_run import cleaned_up
from callbeam.scoring import compare_said_with_truth, compare_with_truth


@dataclass(frozen=True, slots=True)
class Saying:
    """A system that says something of another's calls: whose, and what writes it."""

    of: str
    write: Callable[[Iterable[CallTruth], Path], None]


SAYING = {
    "contact-lens": Saying("connect", write_contact_lens),
    "call-analytics": Saying("chime", write_call_analytics),
}
SYSTEMS = ("connect", "chime", "lca", *SAYING)

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
        help="read only the calls of this system, by the records that it left: with lca also its recordings, with "
        "contact-lens and call-analytics also what these say of the calls of Connect and Chime; by default those of "
        "Connect and Chime",
    )
    options, _ = parse(parser, argv)
    data = options.data / f"{options.calls}-calls"
    with emulator_process(data, options.calls) as url:
        words = [*_sources(data, options.records), "--output", options.output, "--kvs-endpoint-url", url]
        code = backfill.main([*words, "--region", "us-east-1", "--fragments-per-second", "0"])
    if code in (0, EXIT_LOSS):
        _tell(data, Path(options.output), options.records)
    return code


def _sources(data: Path, system: str | None) -> list[str]:
    """Return the options that name what is read."""
    saying = SAYING.get(system or "")
    if saying is not None:
        place = data / "said" / str(system)
        saying.write(_truths(data, saying.of), place)
        said = ["--transcripts", str(place), "--text-policy", "raw"]
        return ["--calls", str(data / "records" / saying.of), *said]
    if system == "lca":
        return ["--calls", str(data / "lca" / "events"), "--recordings", str(data / "lca" / LCA_FOLDER)]
    return ["--calls", str(data / "records" / (system or ""))]


def _truths(data: Path, system: str) -> list[CallTruth]:
    every = map(load_truth, sorted((data / "truth").glob("*.json")))
    return [call for call in every if call.source == system]


def _tell(data: Path, output: Path, system: str | None) -> None:
    """Print the result beside the truth; of what others say, also where people see it."""
    saying = SAYING.get(system or "")
    source = saying.of if saying else "connect" if system == "lca" else system
    truths = [data / "truth", *([data / "truth-recorded"] if system == "lca" else [])]
    print("beside the truth that the call maker knows:")
    found = compare_with_truth(output, *truths, source=source)
    print("\n".join(f"  {line}" for line in found.lines()))
    if saying is not None:
        print(f"what {system} says of these calls, beside the turns that it was made from:")
        said = compare_said_with_truth(output, data / "truth", source=saying.of)
        print("\n".join(f"  {line}" for line in said.lines()))
        print(f"tables: {output.absolute()}; pages, with what is said of each call:")
        report.main([str(output)])


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
