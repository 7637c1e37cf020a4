from .flink_cluster import check_cluster as check_cluster
from .flink_cluster import cluster_url as cluster_url
from .flink_figures import FlinkFigures as FlinkFigures
from .flink_options import DESCRIBED_ELSEWHERE as DESCRIBED_ELSEWHERE
from .flink_options import FLINK_RUNNERS as FLINK_RUNNERS
from .flink_options import JobServerOptions as JobServerOptions
from .flink_options import flink_words as flink_words
from .runner_names import is_dataflow as is_dataflow
from .runner_names import named_runner as named_runner

__all__ = [
    "DESCRIBED_ELSEWHERE",
    "FLINK_RUNNERS",
    "FlinkFigures",
    "JobServerOptions",
    "check_cluster",
    "cluster_url",
    "flink_words",
    "is_dataflow",
    "named_runner",
]
