"""All tables, in the order in which people read them."""

from callbeam.schemas.calls import CALLS
from callbeam.schemas.channels import CHANNELS
from callbeam.schemas.dead_letters import DEAD_LETTERS
from callbeam.schemas.fragments import FRAGMENTS
from callbeam.schemas.frames import FRAMES
from callbeam.schemas.jobs import JOBS
from callbeam.schemas.seconds import SECONDS
from callbeam.schemas.table import Table
from callbeam.schemas.windows import WINDOWS

TABLES: dict[str, Table] = {
    table.name: table for table in (CALLS, CHANNELS, SECONDS, WINDOWS, FRAMES, FRAGMENTS, DEAD_LETTERS, JOBS)
}
