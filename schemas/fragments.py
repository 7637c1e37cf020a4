"""Table fragments: the ledger."""

import pyarrow as pa

from callbeam.schemas.shared_columns import OF_FRAGMENT
from callbeam.schemas.table import INSTANT, STRING, Column, Table

FRAGMENTS = Table(
    name="fragments",
    row="a fragment that a unit listed, or a recording, and what became of it",
    key=("stream_arn", "unit_start_ts", "fragment_number", "job_id"),
    columns=(
        *OF_FRAGMENT,
        Column("stream_arn", STRING, "The stream; of a recording, its place."),
        Column(
            "unit_start_ts",
            INSTANT,
            "The unit that listed it; a unit also lists its legs' fragments beyond its own hour.",
        ),
        Column("fragment_number", STRING, "KVS's number, 47 digits; 0 of a recording."),
        Column("server_ts", INSTANT, "When KVS began to receive it.", nullable=True),
        Column("producer_ts", INSTANT, "What the producer said.", nullable=True),
        Column("bytes", pa.int64(), "Size as listed."),
        Column(
            "status",
            STRING,
            "decoded, duplicate, other_unit, not_found, expired, damaged, unsupported_codec, no_timestamp, no_audio, "
            "service_error, open, or not_asked. A duplicate's bytes are had already, from its stream or another.",
        ),
        Column("reason", STRING, "Why, for people; NULL where the status says all.", nullable=True),
    ),
)
