from .client_versions import ClientVersions as ClientVersions
from .client_versions import own_versions as own_versions
from .dataflow_job import DataflowFigures as DataflowFigures
from .dataflow_job import cause_in as cause_in
from .dataflow_job import left_alone as left_alone
from .dataflow_job import page_of_jobs as page_of_jobs
from .dataflow_job import wait_for as wait_for
from .dataflow_job import where_it_is as where_it_is
from .dataflow_options import check_dataflow as check_dataflow
from .dataflow_options import dataflow_words as dataflow_words
from .flink_cluster import ClusterJob as ClusterJob
from .flink_cluster import check_cluster as check_cluster
from .flink_cluster import cluster_url as cluster_url
from .flink_figures import FlinkFigures as FlinkFigures
from .flink_notices import FlinkNotices as FlinkNotices
from .flink_options import DESCRIBED_ELSEWHERE as DESCRIBED_ELSEWHERE
from .flink_options import FLINK_RUNNERS as FLINK_RUNNERS
from .flink_options import JobServerOptions as JobServerOptions
from .flink_options import flink_words as flink_words
from .flink_submission import ending_with_this_process as ending_with_this_process
from .flink_submission import run_on_flink as run_on_flink
from .memory_needs import memory_need as memory_need
from .memory_needs import usable_workers as usable_workers
from .runner_names import is_dataflow as is_dataflow
from .runner_names import named_runner as named_runner

__all__ = [
    "DESCRIBED_ELSEWHERE",
    "FLINK_RUNNERS",
    "ClientVersions",
    "ClusterJob",
    "DataflowFigures",
    "FlinkFigures",
    "FlinkNotices",
    "JobServerOptions",
    "cause_in",
    "check_cluster",
    "check_dataflow",
    "cluster_url",
    "dataflow_words",
    "ending_with_this_process",
    "flink_words",
    "is_dataflow",
    "left_alone",
    "memory_need",
    "named_runner",
    "own_versions",
    "page_of_jobs",
    "run_on_flink",
    "usable_workers",
    "wait_for",
    "where_it_is",
]
