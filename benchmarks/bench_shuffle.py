"""What an hour of calls costs beside time: bytes that a runner shuffles, and bytes of tables.

A backfill of made-up calls over the emulator into a local folder, in a process whose local runner counts what it groups
by key: a Reshuffle is that, too. Run it with ``python benchmarks/bench_shuffle.py``.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from emulated import DAY, serve

MAKE = "import sys; from callbeam import Emulator; kvs = Emulator(data=sys.argv[1]); kvs.load_demo(int(sys.argv[2]))"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=24, help="made-up calls, of both systems (default %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="callbeam-bench-") as folder:
        subprocess.run([sys.executable, "-c", MAKE, f"{folder}/kvs", str(options.calls)], check=True)
        with serve(Path(folder) / "kvs") as url:
            words = ["--streams", "*", "--start", DAY[0], "--end", DAY[1], "--fragments-per-second", "0"]
            words += ["--kvs-endpoint-url", url, "--region", "us-east-1", "--output", f"{folder}/out"]
            command = [sys.executable, __file__, "count", "backfill", *words]
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        tables = sum(path.stat().st_size for path in Path(folder, "out").glob("*/dt=*/*.parquet"))
    hours = float(re.findall(r"calls, ([\d.]+) h", told)[0])
    shuffled = int(re.findall(r"^shuffled (\d+)$", told, re.MULTILINE)[0])
    print("| calls | hours | shuffled, MB an hour | tables, MB an hour |\n|---|---|---|---|")
    print(f"| {options.calls} | {hours} | {shuffled / 1e6 / hours:.1f} | {tables / 1e6 / hours:.1f} |")


def count(words: list[str]) -> int:
    """Run a command, and count the bytes that its local runner groups."""
    from apache_beam.runners.portability.fn_api_runner.execution import GroupingBuffer  # noqa: PLC0415

    from callbeam.pipelines.cli import main as callbeam  # noqa: PLC0415

    sizes: list[int] = []
    append = GroupingBuffer.append

    def counting(self: GroupingBuffer, elements: bytes) -> None:
        sizes.append(len(elements))
        append(self, elements)

    GroupingBuffer.append = counting
    code = callbeam(words)
    print(f"\nshuffled {sum(sizes)}")
    return code


if __name__ == "__main__":
    if sys.argv[1:2] == ["count"]:
        sys.exit(count(sys.argv[2:]))
    main()
