"""Local worker processes: Beam's own, forked from one process that has imported everything once.

A backfill runs a job for each day, and Beam starts its workers anew for each job: seconds of imports a worker and day.
What Beam starts as a worker therefore only asks the server here for one, and waits until that has ended, to end alike::

    python -m callbeam.pipelines.local_run.worker SOCKET    the server, where it cannot be forked from the command
    python -I -S worker.py SOCKET                           what Beam starts
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress

TYPE_CHECKING = False  # typing takes longer to import than all else here
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

READY = b"ready\n"


def ask(path: str) -> int:
    """Ask the server for a worker with this process's environment; wait for it, and return its exit code."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        connection.sendall(json.dumps(dict(os.environ)).encode() + b"\n")
        answer = connection.makefile().readline()
    return int(answer) if answer else 1


def serve(path: str, *, alive: int, ready: int) -> None:
    """Fork a worker for each that is asked for.

    Parameters
    ----------
    path : str
        Of the socket at which workers are asked for.
    alive : int
        A pipe that ends when whoever holds its other end does: then this ends, too, with all workers.
    ready : int
        A pipe that is told once workers can be asked for.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the command ends its workers, and says so once
    from callbeam.pipelines.local_run.logs import configure_logging  # noqa: PLC0415 - what only asks should start in no time

    configure_logging()
    from apache_beam.runners.worker import sdk_worker, sdk_worker_main  # noqa: PLC0415

    vars(sdk_worker)["print"] = lambda *_, **__: None  # the whole way that a step's failure took; the command tells it

    importlib.import_module("callbeam.pipelines.backfill")  # what workers need, once for all
    ended, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(wakeup)
    workers: dict[int, socket.socket] = {}
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(path)
        listening.listen(64)
        with suppress(BrokenPipeError):  # a command that was refused has gone, and ``alive`` has ended, too
            os.write(ready, READY)
        watched: list[int | socket.socket] = [alive, listening, ended]
        while alive not in (news := select.select(watched, [], [])[0]):
            if ended in news:
                os.read(ended, 4096)
                _reap(workers)
            if listening in news:
                connection, _ = listening.accept()
                pid = os.fork()
                if not pid:
                    for inherited in (listening, *workers.values()):
                        inherited.close()
                    _work(connection, sdk_worker_main.main)
                workers[pid] = connection
    for pid in workers:
        os.kill(pid, signal.SIGKILL)


def _reap(workers: dict[int, socket.socket]) -> None:
    """Tell whoever asked for a worker how it ended."""
    while workers:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            break
        with workers.pop(pid) as connection, suppress(OSError):  # it may have ended already
            connection.sendall(b"%d\n" % (os.waitstatus_to_exitcode(status) & 0xFF))


def _work(connection: socket.socket, main: Callable[[list[str]], None]) -> NoReturn:
    """Be a worker, and end."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with connection:
            environment = json.loads(connection.makefile().readline())
        os.environ.clear()
        os.environ.update(environment)
        main([])
        code = 0
    except Exception:  # noqa: BLE001 - as Python would, which os._exit does not let
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    if sys.flags.isolated:
        sys.exit(ask(sys.argv[1]))
    serve(sys.argv[1], alive=sys.stdin.fileno(), ready=sys.stdout.fileno())
