"""The process from which local workers are forked: started once for a command, whatever the number of its jobs."""

from __future__ import annotations

import atexit
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import NoReturn

from callbeam.pipelines.local_run import worker

STDOUT, STDERR = 1, 2


class WorkerServer:
    """Runs ``callbeam.pipelines.local_run.worker`` as long as it is not closed.

    It is forked from this process, which has imported already what workers need. Where other threads run, whose locks
    a fork would copy as they stand, it is a process of its own that imports all of it again: 2 s.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="callbeam-")
        self._path = str(Path(self._folder.name) / "workers")
        alive, self._alive = os.pipe()
        self._ready, ready = os.pipe()
        self._is_ready = False
        self._wait = self._start(alive, ready)
        os.close(alive)
        os.close(ready)

    @property
    def command(self) -> str:
        """What starts a worker, for a shell: it lasts as long as the worker, and ends with its exit code.

        Raises
        ------
        RuntimeError
            If there is no server to ask for one.
        """
        self._is_ready = self._is_ready or os.read(self._ready, len(worker.READY)) == worker.READY
        if not self._is_ready:
            self.close()
            raise RuntimeError("worker processes cannot be started: what keeps them from it stands above")
        # A terminal's Ctrl-C reaches every process: the command ends its workers, and says so once.
        asking = shlex.join([sys.executable, "-I", "-S", worker.__file__, self._path])
        return f"trap '' INT TERM; exec {asking}"

    def close(self) -> None:
        """End the process, and workers that are left; once is enough."""
        if self._alive >= 0:
            os.close(self._alive)
            os.close(self._ready)
            self._alive = -1
            self._wait()
            self._folder.cleanup()

    def _start(self, alive: int, ready: int) -> Callable[[], object]:
        """Start the server with its ends of two pipes; return what waits for its end."""
        if threading.active_count() > 1:
            command = [sys.executable, "-m", worker.__name__, self._path]
            return subprocess.Popen(command, stdin=alive, stdout=ready).wait  # noqa: S603 - this interpreter, a module of ours
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            os.close(self._alive)
            os.close(self._ready)
            self._serve(alive, ready)
        return partial(os.waitpid, pid, 0)

    def _serve(self, alive: int, ready: int) -> NoReturn:
        """Be the server, and end as a process of its own would: nothing of the command's is left to be done here."""
        code = 1
        try:
            # What the command prints is read by others. A notebook's sys.stdout may have no descriptor.
            os.dup2(STDERR, STDOUT)
            worker.serve(self._path, alive=alive, ready=ready)
            code = 0
        except BaseException:  # noqa: BLE001 - as Python would, which os._exit does not let
            traceback.print_exc()
        finally:
            os._exit(code)


@lru_cache(maxsize=1)
def forking_server() -> WorkerServer:
    """Return this process's server, started when it is first asked for."""
    server = WorkerServer()
    atexit.register(server.close)
    return server
