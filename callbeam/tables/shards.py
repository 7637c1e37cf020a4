"""How many files a table gets in a job, and which one a call's rows lie in."""

from __future__ import annotations

import hashlib
import math

FILE_BYTES = 128 * 1024**2
"""What a file should have at most; query engines like 128 MB and more, and one writer holds it in memory."""

MEMORY_BYTES = 1024**3
"""What a file's rows should take at most in memory, where they are sorted."""

CHANNEL_HOUR_BYTES = 8000 * 2 * 3600
"""Media of one channel's hour: 8 kHz, 16 bits."""

BYTES_PER_CHANNEL_HOUR = {
    "calls": (7_000, 7_000),
    "channels": (39_000, 92_000),
    "utterances": (360_000, 470_000),
    "events": (11_000, 60_000),
    "phases": (1_200, 2_400),
    "sentiment_inputs": (100_000, 310_000),
    "clips": (30_000_000, 35_000_000),
    "seconds": (220_000, 870_000),
    "windows": (210_000, 370_000),
    "frames": (51_000_000, 195_000_000),
    "fragments": (50_000, 1_100_000),
    "dead_letters": (1_000, 10_000),
    "jobs": (0, 0),
}
"""Bytes in the file and in memory, measured with windows every 5 s, fragments of 1 s and calls of 3 minutes."""


def shard_count(table: str, media_bytes: int) -> int:
    """Return how many files a table gets: the same for every run that plans the same media.

    Parameters
    ----------
    table : str
    media_bytes : int
        What the job plans to read.

    Returns
    -------
    int
        At least 1. It is an estimate: rows are never left out for it.

    Examples
    --------
    >>> shard_count("seconds", 10_000 * CHANNEL_HOUR_BYTES)
    17
    """
    hours = media_bytes / CHANNEL_HOUR_BYTES
    in_file, in_memory = BYTES_PER_CHANNEL_HOUR[table]
    return max(1, math.ceil(hours * max(in_file / FILE_BYTES, in_memory / MEMORY_BYTES)))


def table_bytes(table: str, media_bytes: int) -> int:
    """Return about how many bytes a table's files come to.

    Parameters
    ----------
    table : str
    media_bytes : int
        What the job plans to read.

    Examples
    --------
    >>> table_bytes("seconds", 10 * CHANNEL_HOUR_BYTES)
    2200000
    """
    return round(BYTES_PER_CHANNEL_HOUR[table][0] * media_bytes / CHANNEL_HOUR_BYTES)


def shard_of(call_id: str | None, shards: int) -> int:
    """Return the shard of a call's rows: the call_id alone decides; rows without a call share one.

    Examples
    --------
    >>> shard_of("0f1e2d3c-0000-4000-8000-000000000000", 1)
    0
    """
    digest = hashlib.sha256((call_id or "").encode()).digest()
    return int.from_bytes(digest[:8], "big") % shards
