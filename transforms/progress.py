"""What a running job says of itself: one log line a second or so, from whichever process does the work."""

from __future__ import annotations

import logging
import re

LOGGER = logging.getLogger("callbeam.progress")
MARK = "callbeam-progress"


def report(**figures: int) -> None:
    """Say how far something has got.

    Runners bring workers' log records to the process that submitted the job, so this needs no channel of its own.

    Parameters
    ----------
    **figures : int
        Increments by name: ``planned_bytes``, ``read_bytes``, ``audio_ms``, ``calls``.
    """
    LOGGER.info("%s %s", MARK, " ".join(f"{name}={value}" for name, value in figures.items()))


def figures_in(message: str) -> dict[str, int]:
    """Return the figures that a log message carries; empty if it is no progress message.

    Examples
    --------
    >>> figures_in("callbeam-progress calls=1 audio_ms=61000")
    {'calls': 1, 'audio_ms': 61000}
    """
    _, mark, text = message.partition(MARK)
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", text)} if mark else {}
