"""All tables, in the order in which people read them."""

from callbeam.schemas.calls import CALLS
from callbeam.schemas.channels import CHANNELS
from callbeam.schemas.clips import CLIPS
from callbeam.schemas.dead_letters import DEAD_LETTERS
from callbeam.schemas.enriched import LABELS, MESSAGES, SEGMENTS, UTTERANCE_TEXTS
from callbeam.schemas.events import EVENTS
from callbeam.schemas.fragments import FRAGMENTS
from callbeam.schemas.frames import FRAMES
from callbeam.schemas.jobs import JOBS
from callbeam.schemas.phases import PHASES
from callbeam.schemas.seconds import SECONDS
from callbeam.schemas.sentiment_inputs import SENTIMENT_INPUTS
from callbeam.schemas.table import Table
from callbeam.schemas.utterances import UTTERANCES
from callbeam.schemas.windows import WINDOWS

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        CALLS,
        CHANNELS,
        UTTERANCES,
        EVENTS,
        PHASES,
        SENTIMENT_INPUTS,
        CLIPS,
        SECONDS,
        WINDOWS,
        FRAMES,
        FRAGMENTS,
        DEAD_LETTERS,
        JOBS,
        SEGMENTS,
        UTTERANCE_TEXTS,
        LABELS,
        MESSAGES,
    )
}
