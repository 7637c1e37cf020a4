"""What keeps a job on a Flink cluster from moving: told while it runs, from the cluster's REST interface.

Flink starts a job anew after each fault and waits for workers and slots without end, and its client says nothing of it
(*Monitoring REST API* in Flink's documentation: ``/jobs/:jobid``, ``/jobs/:jobid/exceptions``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from callbeam.pipelines.engines.flink_cluster import ClusterJob

IDLE_S = 30.0
"""After which silence needs an explanation."""

CAUSE = re.compile(r"^(?:Caused by: )?([\w.$]+(?:Exception|Error)\b.*)$", re.MULTILINE)
WRAPPING = re.compile(r"^(?:[\w.$]+(?:Exception|Error)(?:: |$))+")
"""Names of classes, one in the other, before what they say."""


class FlinkNotices:
    """Tells what a job waits for, and why it was started anew; each thing once.

    Parameters
    ----------
    job : ClusterJob
    workers : str
        Where the job's Python workers are to come from, for people.
    """

    def __init__(self, job: ClusterJob, workers: str) -> None:
        self._job = job
        self._workers = workers
        self._told_until = 0
        self._waiting: str | None = None

    def __call__(self, *, idle_s: float, worked: bool) -> list[str]:
        """Return what is new.

        Parameters
        ----------
        idle_s : float
            For how long the job's figures have not moved.
        worked : bool
            Whether a worker has told any.
        """
        try:
            job, exceptions = self._job.ask(), self._job.ask("/exceptions")
            if job is None or exceptions is None:
                return []
            faults = self._new_faults(exceptions)
            waiting = waits_for(job, self._workers, worked=worked)
        except (OSError, KeyError, ValueError):
            return []  # a notice is not worth a failure
        told = self._waiting
        self._waiting = waiting if idle_s >= IDLE_S else None
        return faults + ([self._waiting] if self._waiting and self._waiting != told else [])

    def _new_faults(self, answer: Mapping[str, Any]) -> list[str]:
        new = [one for one in answer["exceptionHistory"]["entries"] if one["timestamp"] > self._told_until]
        self._told_until = max([self._told_until, *(one["timestamp"] for one in new)])
        hint = f" (workers: {self._workers}; the task manager's log says more)"
        causes = [java_cause(one["stacktrace"]) for one in sorted(new, key=lambda one: int(one["timestamp"]))]
        return [f"Flink met a fault: {cause}{hint if is_of_workers(cause) else ''}" for cause in causes]


def waits_for(job: Mapping[str, Any], workers: str, *, worked: bool) -> str | None:
    """Return what a job waits for, by an answer of ``/jobs/:jobid``; None if it should be moving.

    Raises
    ------
    KeyError
        If it is no such answer.
    """
    tasks = [vertex["tasks"] for vertex in job["vertices"]]
    without_slot = sum(one.get("SCHEDULED", 0) for one in tasks)
    running = sum(one.get("RUNNING", 0) + one.get("INITIALIZING", 0) + one.get("DEPLOYING", 0) for one in tasks)
    if job["state"] in {"RESTARTING", "FAILING"}:
        return "Flink is about to start the job anew"
    if without_slot and not running:
        return (
            f"Flink has no slot for {without_slot} tasks: are task managers there, and fewer slots than --parallelism?"
        )
    if running and not worked:
        return f"no Python worker has told anything yet; Flink waits for them without end (workers: {workers})"
    return None


def is_of_workers(cause: str) -> bool:
    """Tell whether a fault's cause has to do with how Python workers are started."""
    return any(word in cause for word in ("Connection refused", "UNAVAILABLE", "UnknownHost", "Process died", "worker"))


def java_cause(stacktrace: str) -> str:
    r"""Return the deepest cause that a Java stack trace names; where the one above it says the same and more, that.

    Examples
    --------
    >>> java_cause("a.b.OuterException: failed\n\tat a.b.c\nCaused by: a.b.InnerException: no disk\n\tat a.b.d")
    'no disk'
    """
    causes = [WRAPPING.sub("", line) or line for line in CAUSE.findall(stacktrace)]
    if not causes:
        return (stacktrace.strip() or "no cause is given").splitlines()[0]
    return causes[-2] if len(causes) > 1 and causes[-1] in causes[-2] else causes[-1]
