"""Submitting to Flink through Beam's job server, a Java process of this machine, and following the job to its end.

A cluster needs the job server until it has the job, and no longer. So where the connection to it is lost before that,
the job is submitted anew; where it is lost later, the cluster itself is asked what becomes of the job.
"""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import JobServerOptions, PipelineOptions
from apache_beam.runners.runner import PipelineResult

from callbeam.pipelines.engines import ends_with_parent
from callbeam.pipelines.engines.flink_cluster import ClusterJob
from callbeam.pipelines.engines.flink_notices import java_cause

ATTEMPTS = 3
ASKED_EVERY_S = 2.0
PATIENCE_S = 300.0
"""How long a cluster may be out of reach, or not have a job, as while another job manager takes over."""

NO_USE = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.DEADLINE_EXCEEDED}
"""Answers that another attempt would meet again, or that have taken their time."""

BEAMS_LOGGER = "FlinkJarJobServer"
FAILED = {"FAILED", "CANCELED", "SUSPENDED"}


def run_on_flink(pipeline: beam.Pipeline, job: ClusterJob | None) -> None:
    """Run a pipeline to its end.

    Parameters
    ----------
    pipeline : apache_beam.Pipeline
    job : ClusterJob or None
        None where Flink runs within the job server.

    Raises
    ------
    RuntimeError
        If the job failed, or could not be submitted.
    """
    with _last_words() as words:
        result = _submitted(pipeline, job, words)
        try:
            if result is not None:
                result.wait_until_finish()
                return
        except grpc.RpcError as error:
            if job is None:
                raise RuntimeError(_lost(error, words)) from None
            _say(f"{_lost(error, words)}; the cluster is asked what becomes of the job")
    if job is not None:
        _follow(job)


def ending_with_this_process(options: PipelineOptions) -> None:
    """Make a job server that Beam starts end with this process, however that ends."""
    server = options.view_as(JobServerOptions)
    words = ["-I", "-S", str(Path(ends_with_parent.__file__)), server.job_server_java_launcher]
    server.job_server_jvm_properties = [*words, *server.job_server_jvm_properties]
    server.job_server_java_launcher = sys.executable


def _submitted(pipeline: beam.Pipeline, job: ClusterJob | None, words: deque[str]) -> PipelineResult | None:
    """Submit; None where the connection was lost and the cluster has the job all the same."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return pipeline.run()
        except grpc.RpcError as error:  # noqa: PERF203
            if job is not None and _is_there(job):
                return None
            if attempt == ATTEMPTS or error.code() in NO_USE:
                raise RuntimeError(_lost(error, words)) from None
            _say(f"{_lost(error, words)}; nothing had run, so the job is submitted once more")
    raise AssertionError("the last attempt returns or raises")


def _follow(job: ClusterJob) -> None:
    """Wait for a job that the cluster has.

    Raises
    ------
    RuntimeError
        If it failed, or the cluster was out of reach or did not have it for too long.
    """
    heard, is_missed, is_told = time.monotonic(), False, False
    while time.monotonic() - heard < PATIENCE_S:
        is_missed = False
        with suppress(OSError, ValueError, KeyError):
            found = job.find()
            is_missed = found is None
            if found is not None:
                heard = time.monotonic()
                if _has_finished(job, found):
                    return
                if not is_told:
                    is_told = True
                    _say(f"the job goes on: the cluster at {job.url} has it as {found['jid']}")
        time.sleep(ASKED_EVERY_S)
    if is_missed:
        raise RuntimeError(
            f"the cluster at {job.url} does not have the job (any more): the job server ended before it had handed it "
            "over, or the cluster was started anew and remembers no jobs; run the same command again"
        )
    raise RuntimeError(f"the cluster at {job.url} did not answer for {PATIENCE_S:.0f} s; the job may go on there")


def _has_finished(job: ClusterJob, found: Mapping[str, Any]) -> bool:
    """Tell whether a job has finished, by the cluster's overview; an end of another kind is an error."""
    if found["state"] in FAILED:
        cause = java_cause(str((job.ask("/exceptions") or {}).get("root-exception") or ""))
        raise RuntimeError(f"Flink's job {found['jid']} ended as {found['state']}: {cause}")
    return bool(found["state"] == "FINISHED")


def _is_there(job: ClusterJob) -> bool:
    with suppress(OSError, ValueError, KeyError):
        return job.find() is not None
    return False


def _lost(error: grpc.RpcError, words: deque[str]) -> str:
    said = next((line for line in reversed(words) if "ERROR" in line or "Exception" in line), None)
    last = f"; it said: {said}" if said else ""
    return f"the runner's job server answered {error.code().name}: {error.details()}{last}"


def _say(text: str) -> None:
    print(f"callbeam: {text}", file=sys.stderr, flush=True)


@contextmanager
def _last_words() -> Iterator[deque[str]]:
    """Keep the end of what the job server says, which Beam logs where nobody looks."""
    lines: deque[str] = deque(maxlen=40)
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger(BEAMS_LOGGER)
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
