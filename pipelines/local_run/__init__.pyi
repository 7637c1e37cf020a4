from .interrupts import cleaned_up as cleaned_up
from .interrupts import descendants as descendants
from .local_workers import LocalWorkers as LocalWorkers
from .logs import configure_logging as configure_logging
from .progress_line import ProgressLine as ProgressLine
from .runner import LOCAL_RUNNER as LOCAL_RUNNER
from .runner import run_pipeline as run_pipeline
from .runner import runner_words as runner_words
from .worker_server import forking_server as forking_server

__all__ = [
    "LOCAL_RUNNER",
    "LocalWorkers",
    "ProgressLine",
    "cleaned_up",
    "configure_logging",
    "descendants",
    "forking_server",
    "run_pipeline",
    "runner_words",
]
