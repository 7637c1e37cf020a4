"""The line that tells a person how far a job has got."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol

from callbeam.pipelines.local_run.interrupts import cleaned_up
from callbeam.report import counted
from callbeam.transforms import PROGRESS_FILE, figures_in

TERMINAL_EVERY_S = 0.5
EVERY_S = 10.0


class Notices(Protocol):
    """Tells what keeps a job, given for how long it has not moved and whether it ever has."""

    def __call__(self, *, idle_s: float, worked: bool) -> list[str]:
        """Return what is new, as lines."""


class ProgressLine:
    """Adds up what the steps report, and prints a line while a job runs.

    On a terminal the line is rewritten every half second; elsewhere a new one comes every 10 s.

    Parameters
    ----------
    label : str
        What the job is about.
    runner : str
        Who is to be named where nothing is told: many runners keep a job's counters to themselves until it ends.

    Attributes
    ----------
    figures : collections.Counter
        Sums by name: ``legs``, ``audio_ms``, ``planned_bytes``, ``read_bytes``.
    elapsed_s : float
        Seconds that the job took; while it runs, so far.
    outcome : str
        What becomes of the job if the command is interrupted; empty as long as it would end with it.
    """

    def __init__(self, label: str, runner: str) -> None:
        self.figures: Counter[str] = Counter()
        self.outcome = ""
        self._label = label
        self._runner = runner
        self._ask_engine: Callable[[], Mapping[str, int] | None] = dict
        self._ask_why: Notices | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._ended: float | None = None
        self._resources = ExitStack()

    def __enter__(self) -> ProgressLine:
        descriptor, name = tempfile.mkstemp(prefix="callbeam-progress-")
        os.close(descriptor)
        self._path = Path(name)
        self._read = 0
        os.environ[PROGRESS_FILE] = name
        self._resources.enter_context(cleaned_up(self._path.unlink))
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = time.monotonic()
        self._stop.set()
        self._thread.join()
        self._collect()
        del os.environ[PROGRESS_FILE]
        self._resources.close()
        if sys.stderr.isatty():
            print(f"\r{self.line()}\033[K", file=sys.stderr)

    def ask(self, engine: Callable[[], Mapping[str, int] | None], notices: Notices | None = None) -> None:
        """Take the figures from an engine from now on, and what it says of a job that does not move."""
        self._ask_engine = engine
        self._ask_why = notices

    def say(self, text: str) -> None:
        """Print a line that stays."""
        begin, end = ("\r", "\033[K\n") if sys.stderr.isatty() else ("", "\n")
        print(f"{begin}{self._label}: {text}", end=end, file=sys.stderr, flush=True)

    @property
    def elapsed_s(self) -> float:
        """Seconds from the begin to the end, or to now."""
        return (self._ended or time.monotonic()) - self._started

    def line(self) -> str:
        """Return the line as it stands."""
        if not self.figures:
            waiting = "" if self._ended else f", {self._runner} tells nothing yet"
            return f"{self._label}: {self.elapsed_s:.0f} s{waiting}"
        hours = self.figures["audio_ms"] / 3_600_000
        speed = self.figures["audio_ms"] / 1000 / max(self.elapsed_s, 1e-3)
        text = f"{self._label}: {counted(self.figures['legs'], 'leg')}, {hours:.2f} h, {speed:.0f} times real time"
        planned, read = self.figures["planned_bytes"], self.figures["read_bytes"]
        if 0 < read < planned:
            left_s = (planned - read) / read * self.elapsed_s
            text += f", {read / planned:.0%} read, about {left_s:.0f} s left"
        return text

    def _run(self) -> None:
        terminal = sys.stderr.isatty()
        begin, end = ("\r", "\033[K") if terminal else ("", "\n")
        told, moved, asked = Counter(self.figures), time.monotonic(), time.monotonic()
        while not self._stop.wait(TERMINAL_EVERY_S if terminal else EVERY_S):
            self._collect()
            if self.figures != told:
                told, moved = Counter(self.figures), time.monotonic()
            if self._ask_why is not None and time.monotonic() - asked >= EVERY_S:
                asked = time.monotonic()
                for notice in self._ask_why(idle_s=asked - moved, worked=bool(self.figures)):
                    print(f"{begin}callbeam: {notice}{end}", end="\n" if terminal else "", file=sys.stderr)
            print(f"{begin}{self.line()}", end=end, file=sys.stderr, flush=True)

    def _collect(self) -> None:
        """Take what the engine tells, or add the whole lines that have come since the last time."""
        told = self._ask_engine()
        if told:
            self.figures = Counter(told)
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.decode("ascii").splitlines():
            self.figures.update(figures_in(line))
