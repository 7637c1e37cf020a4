"""Peak memory of ``callbeam backfill`` on the local runner: by hours in a job, by day jobs, for one long call.

The measured process runs without pandas (``without_pandas.py``), whether or not it is installed.
Run it with ``python benchmarks/bench_memory.py``; it takes a quarter of an hour. ``--short-calls 20000`` measures one
job of so many calls of 20 s instead, in the better part of an hour.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from emulated import DAY, measure, put_calls, serve

Case = tuple[str, int, float, int, int, int]


def short_calls(count: int) -> Case:
    """Return a job of calls of 20 s."""
    return f"{count:,} calls of 20 s", count, 1 / 3, 1, 20, 400 + round(12 * count / 180)


CASES = (
    # name, calls, minutes of each, days, streams, the bound in MB
    ("an hour of calls", 6, 10, 1, 6, 400 + 12),
    ("8 hours of calls", 24, 20, 1, 24, 400 + 12 * 8),
    ("13 hours of calls on 200 streams", 200, 4, 1, 200, 400 + 12 * 13),
    ("8 hours of calls in 8 day jobs", 24, 20, 8, 24, 400 + 12),
    ("one call of 4 hours", 1, 240, 1, 1, 1000),
    short_calls(500),
    short_calls(2000),
)

COMMAND = Path(__file__).parent / "without_pandas.py"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Peak memory of a backfill on the local runner.")
    parser.add_argument("--short-calls", type=int, metavar="N", help="one job of N calls of 20 s, and nothing else")
    calls = parser.parse_args().short_calls
    cases = CASES if calls is None else (short_calls(calls),)
    installed = "installed, and kept out of" if find_spec("pandas") else "not installed, nor in"
    print(f"pandas is {installed} the measured process\n")
    print("| | peak RSS MB | bound MB | CPU s |\n|---|---|---|---|")
    for name, calls, minutes, days, streams, bound in cases:
        with tempfile.TemporaryDirectory(prefix="callbeam-bench-") as folder:
            put_calls(Path(folder) / "kvs", calls, minutes, days=days, streams=streams)
            end = f"2026-03-{2 + days:02d}T00:00:00Z"
            with serve(Path(folder) / "kvs") as url:
                words = ["--streams", "*", "--start", DAY[0], "--end", end, "--output", f"{folder}/out"]
                words += [
                    "--kvs-endpoint-url",
                    url,
                    "--region",
                    "us-east-1",
                    "--fragments-per-second",
                    "0",
                    "--workers",
                    "1",
                ]
                cpu, _, rss = measure([sys.executable, str(COMMAND), "backfill", *words])
        print(f"| {name} | {rss / 1e6:.0f} | {bound} | {cpu:.1f} |", flush=True)


if __name__ == "__main__":
    main()
