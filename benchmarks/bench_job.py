"""The whole job over the emulator and a local folder: speed per core, peak memory, and beside it two peers.

One is the straightforward program for the same job (``straightforward.py``: boto3, ebmlite, librosa, Silero frame by
frame, pandas). The other is the same work by the plain functions, without Beam, which shows what Beam adds: it reads,
decodes, analyses, windows, assembles and writes the same rows. All read the same calls, in turn, each in a process of
its own. Run it with ``python benchmarks/bench_job.py``; it takes some minutes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from emulated import DAY, measure, put_calls, serve

SPEED_GOAL = 350
"""Times real time per core, of two-party calls."""

PEER_GOAL = 3
"""Times as fast as the straightforward program."""

Measured = tuple[float, float, float]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=12, help="two-party calls (default %(default)s)")
    parser.add_argument("--minutes", type=int, default=20, help="length of each (default %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each side, in turn (default %(default)s)")
    parser.add_argument("--plain", nargs=2, metavar=("URL", "OUTPUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        run_plain(*options.plain)
        return
    with tempfile.TemporaryDirectory(prefix="callbeam-bench-") as folder:
        compare(Path(folder), options.calls, options.minutes, options.repeats)


def compare(folder: Path, calls: int, minutes: int, repeats: int) -> None:
    """Time the job and its peers in turn, and print a table."""
    put_calls(folder / "kvs", calls, minutes)
    seconds = calls * minutes * 60
    runs: dict[str, list[Measured]] = {"backfill (FnApiRunner)": [], "plain functions": [], "straightforward": []}
    with serve(folder / "kvs") as url:
        for repeat in range(repeats):
            for name, command in commands(url, folder, repeat).items():
                runs[name].append(measure(command))
    print(f"{calls} two-party calls of {minutes} min, {seconds / 3600:.2f} h; median of {repeats} runs in turn")
    print("| | CPU s | wall s | times real time per core (CPU) | peak RSS MB |\n|---|---|---|---|---|")
    for name, some in runs.items():
        cpu, wall, rss = (statistics.median(run[i] for run in some) for i in range(3))
        print(f"| {name} | {cpu:.1f} | {wall:.1f} | {seconds / cpu:.0f} | {rss / 1e6:.0f} |")
    job, plain, peer = runs.values()
    speed = seconds / statistics.median(run[0] for run in job)
    print(f"\nBeam adds {ratio(job, plain) - 1:.0%} CPU to the plain functions (start of both processes included)")
    print(f"{verdict(speed, SPEED_GOAL)}: {speed:.0f} times real time per core; the goal is {SPEED_GOAL}")
    times = ratio(peer, job)
    print(f"{verdict(times, PEER_GOAL)}: {times:.1f} times as fast as the straightforward one; the goal is {PEER_GOAL}")


def commands(url: str, folder: Path, repeat: int) -> dict[str, list[str]]:
    """Return each side's command line."""
    words = ["--streams", "*", "--start", DAY[0], "--end", DAY[1], "--fragments-per-second", "0", "--workers", "1"]
    words += ["--kvs-endpoint-url", url, "--region", "us-east-1", "--output", str(folder / f"beam-{repeat}")]
    peer = str(Path(__file__).with_name("straightforward.py"))
    return {
        "backfill (FnApiRunner)": [sys.executable, "-m", "callbeam.pipelines.cli", "backfill", *words],
        "plain functions": [sys.executable, __file__, "--plain", url, str(folder / f"plain-{repeat}")],
        "straightforward": [sys.executable, peer, url, str(folder / f"straightforward-{repeat}")],
    }


def ratio(some: list[Measured], others: list[Measured]) -> float:
    """Return how many times as much CPU one side takes as the other, the median of runs that took turns."""
    return statistics.median(one[0] / other[0] for one, other in zip(some, others, strict=True))


def verdict(reached: float, goal: float) -> str:
    """Say whether a goal is reached."""
    return "passed" if reached >= goal else "MISSED"


def run_plain(url: str, output: str) -> None:
    """Do the job's work with the plain functions alone."""
    # Imported here, so that the process that measures stays small.
    # ruff: noqa: PLC0415
    from plain_job import read_parts, write_tables
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        job, parts = read_parts(url, *DAY)
    write_tables(job, parts, output)


if __name__ == "__main__":
    main()
