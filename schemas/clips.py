"""Table clips."""

import pyarrow as pa

from callbeam.schemas.shared_columns import OF_CHANNEL
from callbeam.schemas.table import INSTANT, STRING, Column, Table

CLIP_SAMPLE_RATE_HZ = 8000

AUDIO = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])
"""What Hugging Face datasets, NeMo and Lhotse read."""

CLIPS = Table(
    name="clips",
    row="the audio of a candidate unit of sentiment_inputs",
    key=("call_id", "begin_ts", "unit_id", "job_id"),
    on_request=True,
    columns=(
        *OF_CHANNEL,
        Column("unit_id", STRING, "The unit's, in sentiment_inputs."),
        Column(
            "begin_ts", INSTANT, "Where the clip begins: the unit's begin less its padding, or where the audio does."
        ),
        Column("duration_ms", pa.int32(), "Length of the clip, padding included, rounded down."),
        Column(
            "audio",
            AUDIO,
            "FLAC, 8 kHz, mono, 16 bits, in bytes, masked audio as zeros; <unit_id>.flac in path. Never NULL: the "
            "column may be so because Hugging Face datasets knows Audio by a nullable field alone.",
            nullable=True,
        ),
    ),
)
