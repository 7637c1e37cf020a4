from .file_naming import CONVENTIONS as CONVENTIONS
from .file_naming import Convention as Convention
from .file_naming import FileName as FileName
from .file_naming import read_file_name as read_file_name
from .recorded_legs import LeftOut as LeftOut
from .recorded_legs import RecordedFound as RecordedFound
from .recorded_legs import find_recorded as find_recorded
from .recorded_reading import TRACK_NAME as TRACK_NAME
from .recorded_reading import read_recorded as read_recorded

__all__ = [
    "CONVENTIONS",
    "TRACK_NAME",
    "Convention",
    "FileName",
    "LeftOut",
    "RecordedFound",
    "find_recorded",
    "read_file_name",
    "read_recorded",
]
