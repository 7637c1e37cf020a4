"""Table phases."""

from callbeam.schemas.shared_columns import OF_CALL, STRETCH
from callbeam.schemas.table import STRING, Column, Table

PHASE_KINDS = ("ivr", "queue", "ringing", "agent", "hold", "unknown")

PHASES = Table(
    name="phases",
    row="a stretch of a call; the phases of a call follow each other without gaps",
    key=("call_id", "begin_offset_ms", "job_id"),
    columns=(
        *OF_CALL,
        Column("phase", STRING, f"{', '.join(PHASE_KINDS[:-1])} or {PHASE_KINDS[-1]}."),
        *STRETCH,
        Column("source", STRING, "audio where sound alone tells, records where they do, none for unknown."),
    ),
)
