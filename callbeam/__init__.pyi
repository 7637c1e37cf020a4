from .emulator import Emulator as Emulator
from .notebook import analyse_recording as analyse_recording
from .notebook import decode_capture as decode_capture
from .notebook import open_tables as open_tables
from .notebook import read_capture as read_capture

__version__: str

__all__ = [
    "Emulator",
    "analyse_recording",
    "decode_capture",
    "open_tables",
    "read_capture",
]
