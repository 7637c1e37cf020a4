"""Options that Beam's job server for Flink knows and Beam's Python does not.

Beam asks the job server for them when it submits. They are checked before that, so they are listed here: as the job
server of Beam 2.62 for Flink 1.19 describes them (``DescribePipelineOptions`` of Beam's Job API). A test compares the
list with the job server at hand.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions

FLINK_RUNNERS = ("FlinkRunner", "PortableRunner", "PortableFlinkRunner")
"""Runners that hand options to a job server."""

DESCRIBED_ELSEWHERE = ("GcpOptions", "GcsOptions", "GoogleApiDebugOptions")
"""Groups that a job server describes because Java's connectors to Google Cloud lie in it; no step of ours uses them."""

SWITCHES = (
    "allow_non_restored_state",
    "attached_mode",
    "auto_balance_write_files_sharding_enabled",
    "disable_metrics",
    "enable_heap_dumps",
    "enable_stable_input_drain",
    "externalized_checkpoints_enabled",
    "fail_on_checkpointing_errors",
    "faster_copy",
    "finish_bundle_before_checkpointing",
    "force_unaligned_checkpoint_enabled",
    "load_balance_bundles",
    "log_mdc",
    "object_reuse",
    "operator_chaining",
    "re_iterable_group_by_key_result",
    "retain_docker_containers",
    "retain_externalized_checkpoints_on_cancellation",
    "unaligned_checkpoint_enabled",
    "use_data_stream_for_batch",
)
WHOLE_NUMBERS = (
    "auto_watermark_interval",
    "checkpoint_timeout_millis",
    "checkpointing_interval",
    "environment_expiration_millis",
    "execution_retry_delay",
    "file_input_split_max_size_m_b",
    "grouping_table_max_size_mb",
    "job_check_interval_in_secs",
    "latency_tracking_interval",
    "max_bundle_size",
    "max_bundle_time_mills",
    "min_pause_between_checkpoints",
    "num_concurrent_checkpoints",
    "number_of_execution_retries",
    "options_id",
    "shutdown_sources_after_idle_ms",
)
NUMBERS = ("g_c_thrashing_percentage_per_period", "max_cache_memory_usage_percent")
LISTS = ("jdk_add_open_modules", "transforms_to_override")
TEXTS = (
    "app_name",
    "bundle_processor_cache_timeout",
    "checkpointing_mode",
    "default_environment_config",
    "default_environment_type",
    "execution_mode_for_batch",
    "flink_conf_dir",
    "max_cache_memory_usage_mb_class",
    "report_checkpoint_duration",
    "savepoint_path",
    "semi_persist_dir",
    "stable_unique_names",
    "state_backend",
    "state_backend_factory",
    "state_backend_storage_path",
    "transform_service_address",
    "transform_service_beam_version",
)


def _switch(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


class JobServerOptions(PipelineOptions):
    """Makes Beam know them: it then sends those that are given, and only those."""

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        kinds: list[tuple[Sequence[str], dict[str, Any]]] = [
            (SWITCHES, {"type": _switch, "nargs": "?", "const": True}),
            (WHOLE_NUMBERS, {"type": int}),
            (NUMBERS, {"type": float}),
            (LISTS, {"action": "append"}),
            (TEXTS, {}),
        ]
        for names, how in kinds:
            for name in names:
                parser.add_argument(f"--{name}", default=None, **how)


def flink_words(words: Sequence[str]) -> list[str]:
    """Return those of the options here that a command line gives.

    Examples
    --------
    >>> flink_words(["--object_reuse", "--parallelism=2", "--max_bundle_size=1"])
    ['--object_reuse', '--max_bundle_size']
    """
    names = {f"--{name}" for name in (*SWITCHES, *WHOLE_NUMBERS, *NUMBERS, *LISTS, *TEXTS)}
    return [option for option in (word.partition("=")[0] for word in words) if option in names]
