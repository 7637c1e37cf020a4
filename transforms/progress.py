"""What a running job says of itself, from whichever process does the work."""

from __future__ import annotations

import os
import re
from pathlib import Path

from apache_beam.metrics import Metrics

PROGRESS_FILE = "CALLBEAM_PROGRESS_FILE"
"""Environment variable that local worker processes inherit: where the submitting process reads progress."""

NAMESPACE = "callbeam"
"""Of the runner's counters, where workers cannot reach that file."""


def report(**figures: int) -> None:
    """Say how far something has got: to the submitting process on the same machine, else in the runner's counters.

    Parameters
    ----------
    **figures : int
        Increments by name: ``planned_bytes``, ``read_bytes``, ``legs``, ``audio_ms``.
    """
    path = os.environ.get(PROGRESS_FILE)
    if path is None:
        for name, value in figures.items():
            Metrics.counter(NAMESPACE, name).inc(value)
        return
    line = " ".join(f"{name}={value}" for name, value in figures.items())
    # One short write to a file that is only appended to: lines of several processes do not mix.
    with Path(path).open("a", encoding="ascii") as file:
        file.write(line + "\n")


def figures_in(line: str) -> dict[str, int]:
    """Return the figures of one line that ``report`` wrote.

    Examples
    --------
    >>> figures_in("legs=1 audio_ms=61000")
    {'legs': 1, 'audio_ms': 61000}
    """
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line)}
