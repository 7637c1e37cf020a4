"""Ctrl-C and SIGTERM while a pipeline runs: one line, and the end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


NOTHING_MORE = "Nothing more is published; the same command again goes on"
"""What becomes of a job that runs on this machine."""


@contextmanager
def ended_by_signals(outcome: Callable[[], str]) -> Iterator[None]:
    """End the process at once, with exit code 1, when it is told to stop in this block; only in the main thread.

    ``outcome`` tells what becomes of the job.

    Beam takes a KeyboardInterrupt in a step for a failed step, or waits on; so a thread of its own watches for signals,
    through the descriptor that Python writes them to. Meanwhile they are blocked in this thread. Workers ignore
    signals, and end with the command.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    handlers = {number: signal.signal(number, _leave_it_to_the_watcher) for number in SIGNALS}
    previous = signal.set_wakeup_fd(writing)
    watcher = threading.Thread(target=_watch, args=(reading, outcome), name="signals", daemon=True)
    watcher.start()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.set_wakeup_fd(previous)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(writing)
        watcher.join()
        os.close(reading)


def _leave_it_to_the_watcher(number: int, frame: FrameType | None) -> None:
    """Do nothing: Python has written the signal's number to the watcher by now."""


def _watch(reading: int, outcome: Callable[[], str]) -> None:
    while received := os.read(reading, 1):
        if received[0] in SIGNALS:
            end_now(f"interrupted. {outcome()}")


_ENDING = threading.Lock()
_AT_THE_END: list[Callable[[], object]] = []


@contextmanager
def cleaned_up(clean_up: Callable[[], object]) -> Iterator[None]:
    """Call a function at the end of the block, and also where ``end_now`` ends the process in it."""
    _AT_THE_END.append(clean_up)
    try:
        yield
    finally:
        _AT_THE_END.remove(clean_up)
        clean_up()


def end_now(reason: str) -> None:
    """Say why and end the process: the main thread is inside Beam, and cannot be reached."""
    if not _ENDING.acquire(blocking=False):
        return  # a worker that is killed here looks like one that died
    for clean_up in reversed(_AT_THE_END):
        clean_up()
    for process in descendants(os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)  # workers that lose their connections would say so at length
    begin = "\r\033[K" if sys.stderr.isatty() else ""
    print(f"{begin}callbeam: error: {reason}", file=sys.stderr, flush=True)
    sys.stdout.flush()
    os._exit(1)


def descendants(parent: int) -> list[int]:
    """Return the ids of a process's children, their children, and so on, parents first; none without ``/proc``."""
    children: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in parentheses, may hold anything; behind it come the state and the parent's id.
            _, parent_id, *_ = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        children[int(parent_id)].append(int(stat.parent.name))
    found = list(children[parent])
    for process in found:
        found += children[process]
    return found
