"""Columns that tables of what others say share: whose call it is, who says it, and how often it was said."""

import pyarrow as pa

from callbeam.schemas import CALL_ID, JOB_ID, STRING, Column

OF_SAID: tuple[Column, ...] = (
    JOB_ID,
    CALL_ID,
    Column("call_known", pa.bool_(), "A job has written the call; if not, call_id is the source's own name of it."),
    Column(
        "source",
        STRING,
        "Who says it: contact_lens, contact_lens_ivr, contact_lens_realtime, contact_lens_rules, transcribe, "
        "transcribe_streaming, transcribe_call_analytics, post_call_analytics, chime_call_analytics, "
        "live_call_analytics or people.",
    ),
)
"""What a row begins with."""

ROLE: Column = Column(
    "participant_role",
    STRING,
    "Whom it is about: CUSTOMER, AGENT, or SYSTEM (prompts); NULL where nothing tells.",
    nullable=True,
)

OFFSETS: tuple[Column, ...] = (
    Column(
        "begin_offset_ms",
        pa.int32(),
        "Where it begins, from the call's start; NULL if it is about all of the call, if the call is not known, or if "
        "the source's clock cannot be brought to the call's.",
        nullable=True,
    ),
    Column("end_offset_ms", pa.int32(), "Where it ends, likewise.", nullable=True),
)

PROVENANCE: tuple[Column, ...] = (
    Column("record_count", pa.int32(), "Records that say the same: partial ones and repetitions included."),
    Column("place", STRING, "The first of them: its file, and where in it."),
)
