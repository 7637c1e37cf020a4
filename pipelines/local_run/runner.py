"""Which runner runs a job, and what happens when one of its processes dies."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    DirectOptions,
    FlinkRunnerOptions,
    GoogleCloudOptions,
    PipelineOptions,
    PortableOptions,
    StandardOptions,
)
from apache_beam.portability.api import beam_provision_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import ExtendedProvisionInfo, FnApiRunner
from apache_beam.transforms import environments

from callbeam.errors import UsageError
from callbeam.pipelines.engines import (
    FLINK_RUNNERS,
    ClientVersions,
    ClusterJob,
    DataflowFigures,
    FlinkFigures,
    FlinkNotices,
    cluster_url,
    ending_with_this_process,
    is_dataflow,
    left_alone,
    named_runner,
    own_versions,
    page_of_jobs,
    run_on_flink,
    wait_for,
    where_it_is,
)
from callbeam.pipelines.local_run.interrupts import NOTHING_MORE, end_now, ended_by_signals
from callbeam.pipelines.local_run.progress_line import ProgressLine
from callbeam.pipelines.local_run.worker_server import forking_server
from callbeam.transforms import NAMESPACE, give_back

LOCAL_RUNNER = "FnApiRunner"
"""Named, because Beam's ``DirectRunner`` picks one of three engines by the pipeline's shape and may download one."""

PATIENCE_S = 7 * 86_400
"""Beam gives up after 5 minutes, also on jobs that take longer and whose state it is being told meanwhile."""


def runner_words(beam_words: Sequence[str], *, workers: int | None) -> list[str]:
    """Complete the options that Beam gets: which runner.

    Parameters
    ----------
    beam_words : sequence of str
        Beam's own options, checked.
    workers : int or None
        Local worker processes that are asked for.

    Returns
    -------
    list of str
        In which a runner is named.

    Raises
    ------
    UsageError
        If several workers are asked for on a runner that starts its own.
    """
    words = list(beam_words)
    named = named_runner(words)
    if named is None:
        words.append(f"--runner={LOCAL_RUNNER}")
    elif workers is not None and workers > 1 and named != LOCAL_RUNNER:
        raise UsageError(
            "--workers is for the local runner; set the parallelism of other runners with their own options"
        )
    return words


def run_pipeline(
    build: Callable[[beam.Pipeline], None],
    words: Sequence[str],
    *,
    job_name: str,
    progress: ProgressLine,
    workers: int = 1,
) -> str | None:
    """Run a pipeline to its end, or as far as the options say.

    A local worker process that dies makes Beam's local runner wait without end; here it ends the command.

    Parameters
    ----------
    build : callable
        Composes the steps.
    words : sequence of str
        From ``runner_words``.
    job_name : str
        What the job is called on an engine, unless the options name it.
    progress : ProgressLine
        Told of an engine that says how far the job is.
    workers : int
        Processes of the local runner; 1 is this one.

    Returns
    -------
    str or None
        Where a job is that nobody waited for; None for one that has ended.

    Raises
    ------
    RuntimeError
        As the runner raises it, when a step failed.
    """
    local = [f"--direct_num_workers={workers}"] if workers > 1 else []
    options = PipelineOptions([f"--job_name={job_name}", f"--job_server_timeout={PATIENCE_S}", *local, *words])
    on_flink = options.view_as(StandardOptions).runner in FLINK_RUNNERS
    if on_flink:
        _prepare_flink(options)  # before the pipeline takes a copy
    _begin_small()
    previous = threading.excepthook
    threading.excepthook = _end_when_a_worker_died
    try:
        with ended_by_signals(lambda: progress.outcome or NOTHING_MORE):
            pipeline = beam.Pipeline(runner=_local_runner(options), options=options)
            build(pipeline)
            if on_flink:
                _run_on_flink(pipeline, options, progress)
            elif is_dataflow(words):
                return _run_on_dataflow(pipeline, options, progress)
            else:
                pipeline.run().wait_until_finish()
            return None
    finally:
        threading.excepthook = previous


def _begin_small() -> None:
    """Leave a job all memory that planning and the jobs before it took.

    Sessions of AWS and pipelines that have run refer to themselves, and wait for a full collection.
    """
    gc.collect()
    give_back()


def _local_runner(options: PipelineOptions) -> FnApiRunner | None:
    """Return the local runner where it is asked for, told that its workers keep routine messages to themselves."""
    if options.view_as(StandardOptions).runner != LOCAL_RUNNER:
        return None
    info = beam_provision_api_pb2.ProvisionInfo()
    info.pipeline_options.update({"beam:option:default_sdk_harness_log_level:v1": "ERROR"})
    # What workers log comes twice: on standard error, which they inherit, and through this logger.
    logging.getLogger("apache_beam.runners.portability.local_job_service").setLevel(logging.CRITICAL)
    workers = options.view_as(DirectOptions).direct_num_workers
    return FnApiRunner(
        provision_info=ExtendedProvisionInfo(info),
        default_environment=_worker_process() if workers > 1 else None,
    )


def _prepare_flink(options: PipelineOptions) -> None:
    """Tell workers what the job was submitted with, and the job server when to end."""
    versions = options.view_as(ClientVersions)
    versions.client_versions = versions.client_versions or own_versions()
    ending_with_this_process(options)


def _run_on_flink(pipeline: beam.Pipeline, options: PipelineOptions, progress: ProgressLine) -> None:
    """Run a pipeline on Flink; where that is a cluster, let it tell how far the job is and what keeps it."""
    url = cluster_url(options.view_as(FlinkRunnerOptions).flink_master)
    environment = options.view_as(PortableOptions)
    name = options.view_as(GoogleCloudOptions).job_name
    job = None
    if url is not None:
        job = ClusterJob(url, name)
        progress.outcome = _if_submitted(url, name)
        workers = [f"--environment_type={environment.environment_type or 'DOCKER'}"]
        if environment.environment_config:
            workers.append(f"--environment_config={environment.environment_config}")
        progress.ask(FlinkFigures(job, NAMESPACE), FlinkNotices(job, " ".join(workers)))
    run_on_flink(pipeline, job)


def _run_on_dataflow(pipeline: beam.Pipeline, options: PipelineOptions, progress: ProgressLine) -> str | None:
    """Run a pipeline on Dataflow, to its end unless the job is to be left alone; then return where it is."""
    page = page_of_jobs(options)
    if page is not None:
        progress.outcome = _if_submitted(page, options.view_as(GoogleCloudOptions).job_name)
    result = pipeline.run()
    where = where_it_is(result, options)
    if left_alone(options):
        return where
    progress.outcome = f"The job goes on, and publishes by itself: {where}"  # first: who reads the line may interrupt
    progress.say(where)
    progress.ask(DataflowFigures(result, NAMESPACE))
    wait_for(result)
    return None


def _if_submitted(place: str, name: str) -> str:
    return f"If the job was submitted it goes on, and publishes by itself: {place} has it as {name}"


def _worker_process() -> environments.Environment:
    """Return how a worker process is started; Beam's own ``multi_processing`` mode imports everything for each."""
    return environments.SubprocessSDKEnvironment.from_command_string(command_string=forking_server().command)


def _end_when_a_worker_died(failure: threading.ExceptHookArgs) -> None:
    thread = failure.thread.name if failure.thread else ""
    if thread != "run_worker":
        threading.__excepthook__(failure)
        return
    end_now(
        f"a worker process died ({failure.exc_value}): often the system ran out of memory; try fewer --workers. "
        "Nothing was published; run the same command again"
    )
