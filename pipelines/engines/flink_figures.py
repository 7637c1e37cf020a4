"""What a Flink cluster tells of a running job: the counters of its steps, from the cluster's REST interface.

Beam's job server tells them only when a job has ended; Flink has them all along, as an accumulator of each task
(*Monitoring REST API* in Flink's documentation: ``/jobs/overview``, ``/jobs/:jobid/accumulators``).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from apache_beam.metrics import monitoring_infos
from apache_beam.portability.api import metrics_pb2
from google.protobuf import json_format

from callbeam.pipelines.engines.flink_cluster import ClusterJob

ACCUMULATOR = "__metricscontainers"
"""Under which Beam's runner keeps a task's counters."""


class FlinkFigures:
    """Reads the counters of one job.

    Parameters
    ----------
    job : ClusterJob
    namespace : str
        Of the counters that are asked for.
    """

    def __init__(self, job: ClusterJob, namespace: str) -> None:
        self._job = job
        self._namespace = namespace

    def __call__(self) -> Counter[str] | None:
        """Return the counters as they stand, added up over steps; None where the cluster does not tell."""
        try:
            accumulators = self._job.ask("/accumulators")
            return None if accumulators is None else counters_in(accumulators, self._namespace)
        except (OSError, KeyError, ValueError):
            return None  # progress is not worth a failure


def counters_in(accumulators: Mapping[str, Any], namespace: str) -> Counter[str]:
    """Return a namespace's counters in an answer of ``/jobs/:jobid/accumulators``, added up over steps.

    Raises
    ------
    KeyError, ValueError
        If it is no such answer.
    """
    figures: Counter[str] = Counter()
    for accumulator in accumulators["user-task-accumulators"]:
        if accumulator["name"] != ACCUMULATOR:
            continue
        for metric in json.loads(accumulator["value"])["metrics"]["attempted"]:
            labels = metric["labels"]
            if metric["urn"] == monitoring_infos.USER_COUNTER_URN and labels.get("NAMESPACE") == namespace:
                info = json_format.ParseDict(metric, metrics_pb2.MonitoringInfo())
                figures[labels["NAME"]] += monitoring_infos.extract_counter_value(info)
    return figures
