"""What work costs, measured on the shared 2-core machine of ``benchmarks/README.md``; tests hold both together."""

from __future__ import annotations

from typing import Final

TIMES_REAL_TIME: Final = 310
"""Hours of two-party calls that one core reads, analyses and writes in an hour (``bench_job.py``)."""

START_S: Final = 2
"""A job's start and plan (``bench_job.py``)."""

LISTED_A_SECOND: Final = 150_000
"""Fragments that a worker takes in which lists streams, if KVS answers at once (``bench_listing.py``)."""

SHUFFLED_BYTES: Final = 3_700_000
"""What a runner groups, of an hour of calls (``bench_shuffle.py``)."""

KEPT_OBJECTS: Final = 2
"""Objects that a call leaves for another attempt, its piece's and its leg's (``bench_resume.py``)."""

WORKER_MB: Final = 500
"""A worker process of one thread that may hold pieces of 30 minutes (``callbeam.transforms.MemoryNeed``)."""

LOCAL_MB: Final = (400, 12)
"""The local runner with one worker, and what each hour of a job's calls adds (the bound of ``bench_memory.py``)."""

CALL_MINUTES: Final = 5
"""How long a call is taken to be: a plan does not tell."""
