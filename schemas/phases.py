"""Table phases."""

import pyarrow as pa

from callbeam.schemas.table import CALL_ID, JOB_ID, STRING, Column, Table

PHASE_KINDS = ("ivr", "queue", "ringing", "agent", "hold", "unknown")

PHASES = Table(
    name="phases",
    row="a stretch of a call; the phases of a call follow each other without gaps",
    key=("call_id", "begin_offset_ms", "job_id"),
    columns=(
        JOB_ID,
        CALL_ID,
        Column("phase", STRING, f"{', '.join(PHASE_KINDS[:-1])} or {PHASE_KINDS[-1]}."),
        Column("begin_offset_ms", pa.int32(), "Where it begins, from the call's start."),
        Column("end_offset_ms", pa.int32(), "Where it ends."),
        Column("duration_ms", pa.int32(), "From begin to end."),
        Column("source", STRING, "audio where sound alone tells, records where they do, none for unknown."),
    ),
)
