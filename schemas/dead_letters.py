"""Table dead_letters."""

import pyarrow as pa

from callbeam.letter_samples import SAMPLE_BYTES
from callbeam.schemas.shared_columns import OF_FRAGMENT
from callbeam.schemas.table import INSTANT, STRING, Column, Table

DEAD_LETTERS = Table(
    name="dead_letters",
    row="something that failed",
    key=("step", "stream_arn", "fragment_number", "reason", "job_id"),
    columns=(
        *OF_FRAGMENT,
        Column("step", STRING, "The step that gave it up."),
        Column("reason", STRING, "The status of the ledger that it ended with."),
        Column("detail", STRING, "What was seen, for people."),
        Column("stream_arn", STRING, "The stream; the place of a recording or record; or the contact.", nullable=True),
        Column("fragment_number", STRING, "The fragment.", nullable=True),
        Column("unit_start_ts", INSTANT, "The unit.", nullable=True),
        Column(
            "sample",
            pa.binary(),
            f"How what came begins, at most {SAMPLE_BYTES} bytes: media as they are, of a record its shape, letters as "
            "x and digits as 0.",
        ),
    ),
)
