"""The line that tells a person how far a job has got."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import Counter
from types import TracebackType

from callbeam.transforms.progress import LOGGER, figures_in

EVERY_S = 10.0


class ProgressLine(logging.Handler):
    """Adds up what the steps report, and prints a line while a job runs.

    On a terminal the line is rewritten every half second; elsewhere a new one comes every 10 s.

    Attributes
    ----------
    figures : collections.Counter
        Sums by name: ``calls``, ``audio_ms``, ``planned_bytes``, ``read_bytes``.
    """

    def __init__(self, label: str) -> None:
        super().__init__(level=logging.INFO)
        self.figures: Counter[str] = Counter()
        self._label = label
        self._started = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        # In this process steps log here; from worker processes Beam logs their records through a logger of its own.
        self._loggers = (LOGGER, logging.getLogger("apache_beam.runners.portability.local_job_service"))

    def emit(self, record: logging.LogRecord) -> None:
        """Take the figures of a log record, if it carries any."""
        self.figures.update(figures_in(record.getMessage()))

    def filter(self, record: logging.LogRecord) -> bool:
        """Let pass only what carries figures."""
        return bool(figures_in(record.getMessage()))

    def __enter__(self) -> ProgressLine:
        for logger in self._loggers:
            logger.addHandler(self)
            logger.setLevel(logging.INFO)
        self._quiet = _QuietProgress()
        for handler in logging.getLogger().handlers:
            handler.addFilter(self._quiet)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        for logger in self._loggers:
            logger.removeHandler(self)
        for handler in logging.getLogger().handlers:
            handler.removeFilter(self._quiet)
        if sys.stderr.isatty():
            print(f"\r{self.line()}\033[K", file=sys.stderr)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the job began."""
        return time.monotonic() - self._started

    def line(self) -> str:
        """Return the line as it stands."""
        hours = self.figures["audio_ms"] / 3_600_000
        speed = self.figures["audio_ms"] / 1000 / max(self.elapsed_s, 1e-3)
        text = f"{self._label}: {self.figures['calls']} calls, {hours:.2f} h, {speed:.0f} times real time"
        planned, read = self.figures["planned_bytes"], self.figures["read_bytes"]
        if 0 < read < planned:
            left_s = (planned - read) / read * self.elapsed_s
            text += f", {read / planned:.0%} read, about {left_s:.0f} s left"
        return text

    def _run(self) -> None:
        terminal = sys.stderr.isatty()
        while not self._stop.wait(0.5 if terminal else EVERY_S):
            print(
                f"\r{self.line()}\033[K" if terminal else self.line(),
                end="" if terminal else "\n",
                file=sys.stderr,
                flush=True,
            )


class _QuietProgress(logging.Filter):
    """Keeps progress records, which are for this line, out of the other handlers."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not figures_in(record.getMessage()) and not (
            # Worker processes' INFO records only pass because progress comes the same way.
            record.name == "apache_beam.runners.portability.local_job_service" and record.levelno < logging.WARNING
        )
