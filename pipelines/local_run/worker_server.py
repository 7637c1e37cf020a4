"""The process from which local workers are forked: started once for a command, whatever the number of its jobs."""

from __future__ import annotations

import atexit
import shlex
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from callbeam.pipelines.local_run import worker


class WorkerServer:
    """Runs ``callbeam.pipelines.local_run.worker`` as long as it is not closed.

    Attributes
    ----------
    command : str
        What starts a worker, for a shell: it lasts as long as the worker, and ends with its exit code.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="callbeam-")
        path = str(Path(self._folder.name) / "workers")
        self.command = shlex.join([sys.executable, "-I", "-S", worker.__file__, path])
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and a module of ours
            [sys.executable, "-m", worker.__name__, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self._process.stdout is None or self._process.stdout.readline().strip() != worker.READY:
            self.close()
            raise RuntimeError("worker processes cannot be started: what keeps them from it stands above")

    def close(self) -> None:
        """End the process, and workers that are left."""
        self._process.communicate()
        self._folder.cleanup()


@lru_cache(maxsize=1)
def worker_server() -> WorkerServer:
    """Return this process's server, started when it is first asked for."""
    server = WorkerServer()
    atexit.register(server.close)
    return server
