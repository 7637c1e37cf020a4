"""``callbeam-worker-pool``: starts Python workers for Flink task managers (``--environment_type=EXTERNAL``).

As Beam's own pool (``BeamFnExternalWorkerPool`` in ``beam_fn_api.proto``), but it listens on one address, starts
workers with the interpreter that it runs in, tells the task manager why a worker cannot start (Beam's leaves Flink
waiting for it without end), may serve several task managers of one machine, and ends on SIGTERM.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from callbeam.pipelines.engines import flink_worker
from callbeam.pipelines.engines.client_versions import own_versions

DEFAULT_ADDRESS = "127.0.0.1:50000"
MOST_CALLS = 64
PATIENCE_S = 10.0
"""How long a worker may take to end when its task manager has closed its connections, or told to."""

_LOGGER = logging.getLogger("callbeam-worker-pool")


class WorkerPool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts and stops workers, processes of this interpreter, as task managers ask for them.

    Task managers number their workers each for itself, so two of them may ask for workers of one id.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: dict[str, list[subprocess.Popen[bytes]]] = defaultdict(list)

    def StartWorker(  # noqa: N802  (the protocol's name)
        self, request: beam_fn_api_pb2.StartWorkerRequest, _context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StartWorkerResponse:
        """Start a worker; answer when it is ready to work, or why it never will be."""
        _LOGGER.info("starting worker %s for %s", request.worker_id, request.control_endpoint.url)
        reason = self._start(request.worker_id, request.provision_endpoint.url)
        if reason is None:
            return beam_fn_api_pb2.StartWorkerResponse()
        _LOGGER.error("worker %s cannot start: %s", request.worker_id, reason)
        return beam_fn_api_pb2.StartWorkerResponse(error=f"callbeam-worker-pool: the worker cannot start: {reason}")

    def StopWorker(  # noqa: N802
        self, request: beam_fn_api_pb2.StopWorkerRequest, _context: grpc.ServicerContext
    ) -> beam_fn_api_pb2.StopWorkerResponse:
        """End a worker; where several task managers have one of this id, it is left to end with its connections."""
        with self._lock:
            workers = self._workers[request.worker_id]
        end = time.monotonic() + PATIENCE_S
        while len(workers) > 1 and all(worker.poll() is None for worker in workers) and time.monotonic() < end:
            time.sleep(0.1)
        with self._lock:
            alone = len(workers) == 1
            stopped = next((worker for worker in workers if alone or worker.poll() is not None), None)
            if stopped is not None:
                workers.remove(stopped)
        if stopped is not None:
            _end([stopped])
        return beam_fn_api_pb2.StopWorkerResponse()

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            _end([worker for workers in self._workers.values() for worker in workers])

    def _start(self, worker_id: str, provision_endpoint: str) -> str | None:
        reading, writing = os.pipe()
        words = [f"--id={worker_id}", f"--provision_endpoint={provision_endpoint}", f"--report_fd={writing}"]
        try:
            worker = subprocess.Popen(  # noqa: S603  (this interpreter, and a module of ours)
                [sys.executable, "-m", flink_worker.__name__, *words], pass_fds=[writing]
            )
        finally:
            os.close(writing)
        with self._lock:
            self._workers[worker_id].append(worker)
        with os.fdopen(reading, encoding="utf-8") as pipe:
            told = pipe.readline().strip()
        if told == flink_worker.READY:
            return None
        code = worker.wait()
        return told or f"it ended with exit code {code}, and what it said stands in the pool's log"


def _end(workers: Sequence[subprocess.Popen[bytes]]) -> None:
    for worker in workers:
        worker.terminate()
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and any(worker.poll() is None for worker in workers):
        time.sleep(0.05)
    for worker in workers:
        worker.kill()  # no matter to one that has ended
        worker.wait()


def main() -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(prog="callbeam-worker-pool", description=__doc__)
    parser.add_argument(
        "--address", default=DEFAULT_ADDRESS, metavar="HOST:PORT", help="to listen on (default: %(default)s)"
    )
    address = parser.parse_args().address
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", force=True)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    pool = WorkerPool()
    # Unless told otherwise gRPC shares a port with whoever has it, and calls would go to either.
    server = grpc.server(ThreadPoolExecutor(MOST_CALLS), options=[("grpc.so_reuseport", 0)])
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    try:
        server.add_insecure_port(address)
    except RuntimeError:
        parser.error(f"--address {address}: cannot listen there; is another pool running?")
    server.start()
    _LOGGER.info("%s serves task managers at %s", own_versions(), address)
    stopped.wait()
    server.stop(0)
    pool.close()


if __name__ == "__main__":
    main()
