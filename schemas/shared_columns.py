"""Columns that several tables have: whose row it is, and which stretch of the call it is about."""

import pyarrow as pa

from callbeam.schemas.table import STRING, Column

JOB_ID = Column("job_id", STRING, "The job that wrote the row; part of its file's name.")
CALL_ID = Column("call_id", STRING, "ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.")
CHANNEL_ID = Column(
    "channel_id", STRING, "Names the channel in every table: a hash of stream, the leg's first fragment and track name."
)
PARTICIPANT_ROLE = Column(
    "participant_role",
    STRING,
    "CUSTOMER (from the customer), AGENT (all that the customer hears), NULL where nothing tells.",
    nullable=True,
)

OF_CALL = (JOB_ID, CALL_ID)
"""What a row of a call begins with."""

OF_CHANNEL = (JOB_ID, CALL_ID, CHANNEL_ID, PARTICIPANT_ROLE)
"""What a row of a channel begins with."""

OF_FRAGMENT = (JOB_ID, Column("call_id", STRING, "The call, where it is known.", nullable=True))
"""What a row of a fragment begins with, which may belong to no call."""

BEGIN_OFFSET_AS_WELL = Column("begin_offset_ms", pa.int32(), "The same, from the call's start.")
"""Behind an instant of the leg's clock."""

DURATION_MS = Column("duration_ms", pa.int32(), "From begin to end.")

STRETCH = (
    Column("begin_offset_ms", pa.int32(), "Where it begins, from the call's start."),
    Column("end_offset_ms", pa.int32(), "Where it ends."),
    DURATION_MS,
)
"""A stretch of the call."""

SPOKEN_STRETCH = (
    BEGIN_OFFSET_AS_WELL,
    Column("end_offset_ms", pa.int32(), "Where it ends, from the call's start."),
    DURATION_MS,
    Column("speech_ms", pa.int32(), "Of these, speech."),
)
"""A stretch of a channel that holds speech, behind the instant at which it begins."""
