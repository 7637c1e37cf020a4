"""What the benchmarks of whole runs share: long calls on an emulator of their own, and measured processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = ("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z")
START_MS = 1772413200000  # 2026-03-02T01:00:00Z
DAY_MS = 86_400_000
PAUSE_MS = 20_000
"""Between calls of one stream."""

os.environ.setdefault("AWS_ACCESS_KEY_ID", "bench")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "bench")


def put_calls(data: Path, calls: int, minutes: float, *, days: int = 1, streams: int | None = None) -> None:
    """Fill an emulator's folder with two-party calls, spread evenly over days, and over streams: by default one a call.

    It happens in a process of its own: Linux counts the memory of the process that starts another towards the peak of
    the one started.
    """
    numbers = (str(number) for number in (calls, minutes, days, streams or calls))
    subprocess.run([sys.executable, __file__, str(data), *numbers], check=True)


def make_calls(data: str, calls: int, minutes: float, days: int, streams: int) -> None:
    """Repeat five minutes of a made-up conversation to the length asked for, shifted for each call."""
    import numpy as np  # noqa: PLC0415  (keeps the measuring process small)

    from callbeam.callmaker import CallSpec, ConversationSpec, connect_fragments_from_pcm, make_call  # noqa: PLC0415
    from callbeam.emulator import Emulator  # noqa: PLC0415

    spec = CallSpec(call_id="bench", start_ms=START_MS, conversation=ConversationSpec(duration_ms=300_000))
    made = make_call(spec, 1).pcm
    repeats, length = int(minutes // 5) + 1, round(minutes * 60 * 8000)
    customer, agent = (np.tile(made[role], repeats) for role in ("CUSTOMER", "AGENT"))
    every_ms = round(minutes * 60_000) + PAUSE_MS
    with Emulator(data=data) as kvs:
        for stream in range(streams):
            kvs.add_stream(f"bench-{stream:02d}")
        for call in range(calls):
            name = f"bench-{call % streams:02d}"
            start_ms = START_MS + (call % days) * DAY_MS + call // streams * every_ms
            pcm = (np.roll(track, call * 8000)[:length] for track in (customer, agent))
            for one in connect_fragments_from_pcm(*pcm, contact_id=f"bench-call-{call:02d}", start_ms=start_ms):
                kvs.add_fragment(name, one.data, server_ms=one.server_ms, producer_ms=one.producer_ms)


@contextmanager
def serve(data: Path) -> Iterator[str]:
    """Serve an emulator's folder from a process of its own; yield its URL."""
    command = [sys.executable, "-m", "callbeam.pipelines.cli", "emulator", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        yield "http://" + line.split("http://")[1].split()[0]
    finally:
        process.terminate()
        process.wait()


def measure(command: list[str]) -> tuple[float, float, float]:
    """Run a command; return CPU seconds, wall seconds and peak RSS in bytes, as the system accounts for it."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command[:5])} ... failed")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - begun, usage.ru_maxrss * 1024.0


if __name__ == "__main__":
    make_calls(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), *(int(word) for word in sys.argv[4:]))
