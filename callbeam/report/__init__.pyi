from .source import open_output as open_output
from .write import CLIP_BYTES as CLIP_BYTES
from .write import write_report as write_report

__all__ = [
    "CLIP_BYTES",
    "open_output",
    "write_report",
]
