"""How many pieces a runner's workers hold at the same time, by the options that it is given."""

from __future__ import annotations

import argparse
import os
import threading

from callbeam.pipelines.engines.dataflow_options import THREADS
from callbeam.transforms import MB, MemoryNeed, memory_limit

DATAFLOW_OWN_MB = 1000
"""What a worker's system and Dataflow's own processes take at most, as its documentation of lacking memory says."""

COMMAND_MB = 250
"""The command itself, where it has started worker processes."""


def memory_need(options: argparse.Namespace, *, on_dataflow: bool, local_workers: int | None) -> MemoryNeed:
    """Return what workers may need.

    Parameters
    ----------
    options : argparse.Namespace
        Beam's options, parsed.
    on_dataflow : bool
        Whether Dataflow starts them: a process for each core.
    local_workers : int or None
        Worker processes on this machine; None where another runner starts them, of which each counts for itself.
    """
    if on_dataflow:
        return MemoryNeed(
            threads=options.number_of_worker_harness_threads or THREADS,
            processes=None,
            others_mb=DATAFLOW_OWN_MB,
            way_out="give a smaller --number_of_worker_harness_threads, or a --worker_machine_type with more memory",
        )
    if local_workers is None:
        return MemoryNeed()
    return _local_need(local_workers)


def usable_workers() -> tuple[int, str]:
    """Return how many worker processes this machine is good for, and why no more, for people.

    A process with other threads does other things, too, and is left one: nobody need be told.
    """
    if threading.active_count() > 1:
        return 1, ""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = memory_limit() // MB
    workers = next((count for count in range(cores, 1, -1) if _local_need(count).megabytes() <= memory), 1)
    return workers, "one for each core" if workers == cores else f"as many as {memory} MB of memory allow"


def _local_need(workers: int) -> MemoryNeed:
    return MemoryNeed(
        processes=workers,
        others_mb=COMMAND_MB if workers > 1 else 0,
        way_out="take fewer --workers, or a machine with more memory" if workers > 1 else "take a larger machine",
    )
