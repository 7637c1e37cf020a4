"""Many workers on one machine: wall time, CPU seconds and memory of ``callbeam backfill --workers N`` for rising N.

All runs read the same calls from an emulator in this process, which takes CPU of the same machine: its seconds stand
beside those of the job, whose modules are compiled as those of an installation are. Run it with
``python benchmarks/bench_scale.py``; 10 hours of calls take 1.2 GB of disk.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from emulated import DAY, put_calls

from callbeam.emulator import Emulator
from callbeam.pipelines.local_run import descendants

COMMAND = Path(__file__).parent / "without_pandas.py"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
POLLED_S, WATCHED_S = 0.05, 1.0


@dataclass
class Process:
    """What the system accounts for a process: CPU seconds, and peak RSS in bytes."""

    is_command: bool
    cpu_s: float = 0.0
    rss: int = 0


@dataclass
class Run:
    """One backfill, as seen from outside; its times are seconds from its start."""

    wall_s: float = 0.0
    emulator_s: float = 0.0
    first_read_s: float = 0.0
    last_read_s: float = 0.0
    processes: dict[int, Process] = field(default_factory=dict)

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all its processes."""
        return sum(process.cpu_s for process in self.processes.values())


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    cores = len(os.sched_getaffinity(0))
    usual = sorted({*(1 << power for power in range(cores.bit_length()) if 1 << power <= cores), cores})
    parser.add_argument("--calls", type=int, default=30, help="two-party calls (default %(default)s)")
    parser.add_argument("--minutes", type=int, default=20, help="length of each (default %(default)s)")
    parser.add_argument("--workers", type=int, nargs="+", default=usual, metavar="N", help="default %(default)s")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run([sys.executable, str(COMMAND), "backfill", "--help"], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="callbeam-bench-") as folder:
        put_calls(Path(folder) / "kvs", options.calls, options.minutes)
        with Emulator(data=Path(folder) / "kvs") as kvs:
            show(kvs, Path(folder), options.workers, options.calls * options.minutes / 60, cores)


def show(kvs: Emulator, folder: Path, workers: list[int], hours: float, cores: int) -> None:
    """Run a backfill with each number of workers, and print what came of it."""
    print(f"{hours:g} h of two-party calls, {cores} cores\n")
    print("| workers | wall s | times the first | to the first read s | after the last s | CPU s | emulator's |")
    print("|---|---|---|---|---|---|---|")
    runs: dict[int, Run] = {}
    for count in workers:
        runs[count] = run = backfill(kvs, folder / f"out-{count}", count)
        times = runs[workers[0]].wall_s / run.wall_s
        seconds = (run.first_read_s, run.wall_s - run.last_read_s, run.cpu_s, run.emulator_s)
        cells = " | ".join(f"{number:.1f}" for number in seconds)
        print(f"| {count} | {run.wall_s:.1f} | {times:.2f} | {cells} |", flush=True)
    print("\n| workers | process | CPU s | peak RSS MB |\n|---|---|---|---|")
    for count, run in runs.items():
        for process in sorted(run.processes.values(), key=lambda one: (not one.is_command, -one.cpu_s)):
            if process.cpu_s >= 0.5:  # others start workers, and wait
                name = "command" if process.is_command else "worker"
                print(f"| {count} | {name} | {process.cpu_s:.1f} | {process.rss / 1e6:.0f} |")


def backfill(kvs: Emulator, output: Path, workers: int) -> Run:
    """Run a backfill, and watch its processes and what it asks the emulator for."""
    words = ["--streams", "*", "--start", DAY[0], "--end", DAY[1], "--fragments-per-second", "0", "--workers"]
    words += [str(workers), "--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1", "--output", str(output)]
    run, own = Run(), time.process_time()
    kvs.requests.clear()
    command = [sys.executable, str(COMMAND), "backfill", *words]
    begun = watched = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            reads = sum(request.api.startswith("GetMedia") for request in kvs.requests.copy())
            kvs.requests.clear()
            if reads:
                run.last_read_s = time.monotonic() - begun
                run.first_read_s = run.first_read_s or run.last_read_s
            if time.monotonic() - watched >= WATCHED_S:
                watched = time.monotonic()
                for pid in (process.pid, *descendants(process.pid)):
                    watch(run, pid, is_command=pid == process.pid)
            time.sleep(POLLED_S)
    run.wall_s, run.emulator_s = time.monotonic() - begun, time.process_time() - own
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:4])} ... failed")
    return run


def watch(run: Run, pid: int, *, is_command: bool) -> None:
    """Note what a process has taken so far."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return  # it has ended
    noted = run.processes.setdefault(pid, Process(is_command))
    noted.cpu_s = (int(stat[11]) + int(stat[12])) * TICK_S
    peak = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    noted.rss = max(noted.rss, *(int(kilobytes) * 1024 for kilobytes in peak), 0)


if __name__ == "__main__":
    main()
