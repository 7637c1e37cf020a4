from .fragment_media import ExaminedMedia as ExaminedMedia
from .fragment_media import examine as examine
from .fragment_numbers import counter_of as counter_of
from .fragment_numbers import make_number as make_number
from .fragment_numbers import parse_number as parse_number
from .fragment_numbers import server_ms_of as server_ms_of
from .fragment_numbers import well_formed as well_formed
from .stream import HOUR_MS as HOUR_MS
from .stream import StoredFragment as StoredFragment
from .stream import StoredStream as StoredStream
from .stream import StreamInfo as StreamInfo
from .stream import shuffle_key as shuffle_key
from .stream_folder import StreamGoneError as StreamGoneError
from .streams import StreamStore as StreamStore

__all__ = [
    "HOUR_MS",
    "ExaminedMedia",
    "StoredFragment",
    "StoredStream",
    "StreamGoneError",
    "StreamInfo",
    "StreamStore",
    "counter_of",
    "examine",
    "make_number",
    "parse_number",
    "server_ms_of",
    "shuffle_key",
    "well_formed",
]
