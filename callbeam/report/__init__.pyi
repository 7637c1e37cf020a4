from .words import counted as counted
from .write import CLIP_BYTES as CLIP_BYTES
from .write import write_report as write_report

__all__ = [
    "CLIP_BYTES",
    "counted",
    "write_report",
]
