"""Table messages."""

import pyarrow as pa

from callbeam.schemas import INSTANT, STRING, Column, Table
from callbeam.schemas.enriched.said_columns import OF_SAID, PROVENANCE, ROLE

MESSAGES: Table = Table(
    name="messages",
    row="a record of a stream of call analytics",
    key=("call_id", "said_ts", "message_id", "job_id"),
    enriched=True,
    columns=(
        *OF_SAID,
        Column("message_id", STRING, "Names the message: a hash of what it says."),
        Column("said_ts", INSTANT, "When it was published.", nullable=True),
        Column("offset_ms", pa.int32(), "The same, from the call's start.", nullable=True),
        Column("kind", STRING, "Its detail-type or EventType, known or not."),
        Column("status", STRING, "Its own word of what happened.", nullable=True),
        ROLE,
        Column("text", STRING, "What was said, where it tells and the text policy allows.", nullable=True),
        Column("is_partial", pa.bool_(), "A later message of the same segment replaces the text."),
        Column(
            "payload",
            STRING,
            "The record as JSON; without numbers and addresses, and of text that the policy withholds the shape alone.",
        ),
        *PROVENANCE,
    ),
)
