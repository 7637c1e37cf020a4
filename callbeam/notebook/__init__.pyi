from .captures import DecodedCapture as DecodedCapture
from .captures import decode_capture as decode_capture
from .captures import read_capture as read_capture
from .output_tables import OutputTables as OutputTables
from .output_tables import open_tables as open_tables
from .recording import analyse_recording as analyse_recording
from .said_texts import unit_labels as unit_labels
from .said_texts import units_said as units_said
from .said_texts import utterances_said as utterances_said

__all__ = [
    "DecodedCapture",
    "OutputTables",
    "analyse_recording",
    "decode_capture",
    "open_tables",
    "read_capture",
    "unit_labels",
    "units_said",
    "utterances_said",
]
