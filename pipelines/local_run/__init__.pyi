from .interrupts import cleaned_up as cleaned_up
from .interrupts import descendants as descendants
from .logs import configure_logging as configure_logging
from .progress_line import ProgressLine as ProgressLine
from .runner import run_pipeline as run_pipeline
from .runner import runner_options as runner_options

__all__ = [
    "ProgressLine",
    "cleaned_up",
    "configure_logging",
    "descendants",
    "run_pipeline",
    "runner_options",
]
