"""Table windows."""

import pyarrow as pa

from callbeam.schemas.seconds import SECOND_MEASURES
from callbeam.schemas.shared_columns import OF_CHANNEL
from callbeam.schemas.table import INSTANT, Column, Table, measure

STATISTICS = ("mean", "sd", "p20", "p50", "p80")
"""Over a window's second values: mean, population standard deviation, percentiles (linear interpolation)."""

WINDOWS = Table(
    name="windows",
    row="a sliding window of a channel, on the wall clock",
    key=("call_id", "channel_id", "window_start_ts", "job_id"),
    columns=(
        *OF_CHANNEL,
        Column("window_start_ts", INSTANT, "Where the window begins; windows of all channels share their borders."),
        Column("window_ms", pa.int32(), "Length of the window."),
        Column(
            "begin_offset_ms",
            pa.int32(),
            "Where it begins, from the call's start; negative for a window that begins before the call.",
        ),
        Column("covered_ms", pa.int32(), "Audio of the seconds in the window."),
        Column("second_count", pa.int32(), "Seconds that begin in the window and hold audio."),
        Column("speech_ms", pa.int32(), "Time in them that is decided to be speech.", nullable=True),
        measure("speech_ratio", "The same, as a share of covered_ms."),
        *(
            measure(f"{column.name}_{statistic}", f"{statistic} over the window's seconds of: {column.meaning}")
            for column in SECOND_MEASURES
            for statistic in STATISTICS
        ),
    ),
)
