"""The whole job over the emulator and a local folder: speed per core, what Beam adds, peak memory.

The peer is the same work by the plain functions, without Beam, in a process of its own: it reads, decodes, analyses,
windows, assembles and writes the same rows. Run it with ``python benchmarks/bench_job.py``; it takes some minutes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from emulated import DAY, measure, put_calls, serve


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
    """Time the job and its peer in turn, and print a table."""
    put_calls(folder / "kvs", calls, minutes)
    seconds = calls * minutes * 60
    beam, plain = [], []
    with serve(folder / "kvs") as url:
        for repeat in range(repeats):
            words = ["--streams", "*", "--start", DAY[0], "--end", DAY[1], "--fragments-per-second", "0"]
            words += ["--kvs-endpoint-url", url, "--region", "us-east-1", "--output", str(folder / f"beam-{repeat}")]
            beam.append(measure([sys.executable, "-m", "callbeam.pipelines.cli", "backfill", *words]))
            plain.append(measure([sys.executable, __file__, "--plain", url, str(folder / f"plain-{repeat}")]))
    print(f"{calls} two-party calls of {minutes} min, {seconds / 3600:.2f} h; median of {repeats} runs in turn")
    print("| | CPU s | wall s | times real time per core (CPU) | peak RSS MB |\n|---|---|---|---|---|")
    for name, runs in (("backfill (FnApiRunner)", beam), ("plain functions", plain)):
        cpu, wall, rss = (statistics.median(run[i] for run in runs) for i in range(3))
        print(f"| {name} | {cpu:.1f} | {wall:.1f} | {seconds / cpu:.0f} | {rss / 1e6:.0f} |")
    ratio = statistics.median(one[0] / other[0] for one, other in zip(beam, plain, strict=True))
    print(f"\nBeam adds {ratio - 1:.0%} CPU to the plain functions (start of both processes included)")


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
