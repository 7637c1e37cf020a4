"""Table jobs."""

import pyarrow as pa

from callbeam.schemas.shared_columns import JOB_ID
from callbeam.schemas.table import INSTANT, STRING, Column, Table

JOBS = Table(
    name="jobs",
    row="a job",
    key=("job_id",),
    columns=(
        JOB_ID,
        Column(
            "sources",
            pa.list_(pa.string()),
            "The stream selectors as written, or places of records (records:) and of recordings (recordings:) with "
            "their whole path.",
        ),
        Column("account", STRING, "The AWS account of the streams."),
        Column("region", STRING, "Their region."),
        Column("start_ts", INSTANT, "Start of the job's range of server time."),
        Column("end_ts", INSTANT, "Its end, exclusive."),
        Column("options_sha256", STRING, "Hash of the options that change rows."),
        Column("versions", pa.map_(pa.string(), pa.string()), "callbeam and the libraries that results rest on."),
        Column(
            "models", pa.map_(pa.string(), pa.string()), "SHA-256 of the model files that results rest on, by name."
        ),
        Column("stream_count", pa.int32(), "Streams that the selectors resolved to."),
        Column("call_count", pa.int32(), "Calls written."),
        Column("channel_hours", pa.float64(), "Hours of audio in the channels written."),
        Column("listed", pa.int64(), "Rows of the ledger."),
        Column("by_status", pa.map_(pa.string(), pa.int64()), "Of these, by status."),
        Column(
            "lost_ratio",
            pa.float64(),
            "Lost, as a share of listed less other_unit and not_asked; NULL if none is left.",
            nullable=True,
        ),
    ),
)
