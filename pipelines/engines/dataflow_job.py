"""A job on Dataflow: where it can be looked at, how far it is, and what becomes of it when nobody waits."""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import Any

from apache_beam.metrics import MetricsFilter
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions, StandardOptions, TestOptions

from callbeam.errors import JobError

ASK_EVERY_S = 15.0
"""Dataflow renews a job's metrics every few seconds; each question is a call of its API."""


def left_alone(options: PipelineOptions) -> bool:
    """Tell whether nobody is to wait for the job's end: it is only translated, only made a template, or detached."""
    return bool(
        options.view_as(StandardOptions).no_wait_until_finish
        or options.view_as(GoogleCloudOptions).template_location
        or options.view_as(TestOptions).dry_run
    )


def where_it_is(result: Any, options: PipelineOptions) -> str:
    """Say what was made of a pipeline, and where it can be seen.

    Parameters
    ----------
    result : apache_beam.runners.runner.PipelineResult
        Of Dataflow's runner.
    options : PipelineOptions
    """
    cloud = options.view_as(GoogleCloudOptions)
    if options.view_as(TestOptions).dry_run:
        return "a dry run: translated, and not submitted"
    if cloud.template_location:
        return f"a template at {cloud.template_location}: the job that is launched from it publishes by itself"
    page = f"https://console.cloud.google.com/dataflow/jobs/{cloud.region}/{result.job_id()}?project={cloud.project}"
    return f"Dataflow job {result.job_id()}, {page}"


def page_of_jobs(options: PipelineOptions) -> str | None:
    """Return where a job can be seen before its id is known; None where none is submitted."""
    cloud = options.view_as(GoogleCloudOptions)
    if options.view_as(TestOptions).dry_run or cloud.template_location:
        return None
    return f"https://console.cloud.google.com/dataflow/jobs?project={cloud.project}"


def wait_for(result: Any) -> None:
    """Wait for a job's end.

    Raises
    ------
    JobError
        With what the job failed of.
    """
    from apache_beam.runners.dataflow.dataflow_runner import DataflowRuntimeException  # noqa: PLC0415

    try:
        result.wait_until_finish()
    except DataflowRuntimeException as error:
        raise JobError(cause_in(str(error))) from error


def cause_in(message: str) -> str:
    """Return the line of a failed job's message that names the cause: workers' tracebacks come wrapped in others.

    Examples
    --------
    >>> cause_in("Dataflow pipeline failed. State: FAILED, Error: out of quota")
    'Dataflow pipeline failed. State: FAILED, Error: out of quota'
    """
    errors = re.findall(r"^([\w.]+(?:Error|Exception)\b.*?)(?: \[while running '[^']*'\])?$", message, re.MULTILINE)
    return re.sub(r"^callbeam\.[\w.]+: ", "", errors[-1]) if errors else " ".join(message.split())


class DataflowFigures:
    """Reads the counters of a running job from Dataflow's metrics.

    Parameters
    ----------
    result : apache_beam.runners.runner.PipelineResult
        Of Dataflow's runner.
    namespace : str
        Of the counters that are asked for.
    """

    def __init__(self, result: Any, namespace: str) -> None:
        self._result = result
        self._filter = MetricsFilter().with_namespace(namespace)
        self._asked = -ASK_EVERY_S
        self._figures: Counter[str] | None = None

    def __call__(self) -> Counter[str] | None:
        """Return the counters as they last stood, added up over steps; None where Dataflow does not tell."""
        if time.monotonic() - self._asked >= ASK_EVERY_S:
            self._asked = time.monotonic()
            try:
                counters = self._result.metrics().query(self._filter)["counters"]
            except Exception:  # noqa: BLE001  (whatever Google's libraries raise: progress is not worth a failure)
                return self._figures
            figures: Counter[str] = Counter()
            for counter in counters:
                figures[counter.key.metric.name] += int(counter.attempted or counter.committed or 0)
            self._figures = figures
        return self._figures
