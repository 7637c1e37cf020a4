from .client_versions import ClientVersions as ClientVersions
from .client_versions import own_versions as own_versions
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
from .runner_names import is_dataflow as is_dataflow
from .runner_names import named_runner as named_runner

__all__ = [
    "DESCRIBED_ELSEWHERE",
    "FLINK_RUNNERS",
    "ClientVersions",
    "FlinkFigures",
    "FlinkNotices",
    "JobServerOptions",
    "check_cluster",
    "cluster_url",
    "ending_with_this_process",
    "flink_words",
    "is_dataflow",
    "named_runner",
    "own_versions",
    "run_on_flink",
]
