"""What it costs a job to keep what it makes of calls until it is published, and what that spares the next attempt.

The same job over the emulator and a local folder with ``--resume`` and with ``--no-resume``, in turn, each in a process
of its own; then a job that fails when it is about to publish, what it has kept, and the same job again. Run it with
``python benchmarks/bench_resume.py``.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from emulated import DAY, START_MS, measure, serve

from callbeam.callmaker import CallSpec, ConversationSpec, connect_fragments_from_pcm, make_call
from callbeam.emulator import Emulator

FAILING = """
import sys
from callbeam.pipelines.cli import main
from callbeam.transforms import publish_tables
publish_tables.publish_job = None
sys.exit(main())
"""
"""The command, but for the last thing that it does."""


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300, help="two-party calls (default %(default)s)")
    parser.add_argument("--seconds", type=int, default=20, help="length of each (default %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each side, in turn (default %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="callbeam-bench-") as folder:
        put_calls(Path(folder, "kvs"), options.calls, options.seconds)
        with serve(Path(folder, "kvs")) as url:
            compare(url, Path(folder), options)


def put_calls(data: Path, calls: int, seconds: int) -> None:
    """Fill an emulator's folder with calls, 50 on a stream, one after the other."""
    length_ms = max(seconds * 1000, 60_000)
    made = make_call(CallSpec("bench", START_MS, ConversationSpec(duration_ms=length_ms)), 1).pcm
    with Emulator(data=data) as kvs:
        for call in range(calls):
            name, place = f"bench-{call // 50:02d}", call % 50
            if not place:
                kvs.add_stream(name)
            pcm = (np.roll(made[role], -call * 8000)[: seconds * 8000] for role in ("CUSTOMER", "AGENT"))
            start_ms = START_MS + place * (seconds + 5) * 1000
            for one in connect_fragments_from_pcm(*pcm, contact_id=f"c-{call}", start_ms=start_ms):
                kvs.add_fragment(name, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)


def compare(url: str, folder: Path, options: argparse.Namespace) -> None:
    """Time both sides in turn, then the attempt after one that failed."""
    words = [
        "backfill",
        "--streams",
        "*",
        "--start",
        DAY[0],
        "--end",
        DAY[1],
        "--fragments-per-second",
        "0",
        "--workers",
        "1",
    ]
    words += ["--kvs-endpoint-url", url, "--region", "us-east-1", "--output"]
    command = [sys.executable, "-m", "callbeam.pipelines.cli", *words]
    kept, unkept = [], []
    for repeat in range(options.repeats):
        kept.append(measure([*command, str(folder / f"kept-{repeat}")]))
        unkept.append(measure([*command, str(folder / f"unkept-{repeat}"), "--no-resume"]))
    hours = options.calls * options.seconds / 3600
    print(f"{options.calls} two-party calls of {options.seconds} s, {hours:.2f} h; {options.repeats} runs in turn")
    for place, name in enumerate(("CPU", "wall")):
        ratio = statistics.median(one[place] / other[place] for one, other in zip(kept, unkept, strict=True))
        print(f"--resume takes {ratio:.3f} times the {name} time of --no-resume")
    output = folder / "failed"
    failing = subprocess.run([sys.executable, "-c", FAILING, *words, str(output)], capture_output=True, check=False)
    assert failing.returncode == 1, failing.stderr
    for kind in ("piece", "leg"):
        sizes = [path.stat().st_size for path in output.glob(f"_jobs/*/results/*/*/{kind}-*")]
        size, rate = statistics.mean(sizes) / 1e3, sum(sizes) / 1e6 / hours
        print(f"{kind}s: {len(sizes)} objects of {size:.1f} kB, {rate:.2f} MB for each hour of calls")
    again = measure([*command, str(output)])
    whole = statistics.median(one[1] for one in unkept)
    print(f"the job again after it failed at the end: {again[1]:.1f} s, where it takes {whole:.1f} s anew")


if __name__ == "__main__":
    main()
