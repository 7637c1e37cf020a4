from .conversation import Conversation as Conversation
from .conversation import converse as converse
from .conversation_rows import CallClock as CallClock
from .conversation_rows import baseline_of as baseline_of
from .conversation_rows import in_order as in_order
from .conversation_rows import offsets_of as offsets_of
from .conversation_rows import row_batch as row_batch
from .conversation_rows import sorted_rows as sorted_rows
from .conversation_rows import speakers_of as speakers_of
from .conversation_rows import utterance_table as utterance_table
from .speaker_activity import ChannelTalk as ChannelTalk
from .speaker_activity import Utterance as Utterance
from .thresholds import Thresholds as Thresholds
from .z_scores import Baseline as Baseline

__all__ = [
    "Baseline",
    "CallClock",
    "ChannelTalk",
    "Conversation",
    "Thresholds",
    "Utterance",
    "baseline_of",
    "converse",
    "in_order",
    "offsets_of",
    "row_batch",
    "sorted_rows",
    "speakers_of",
    "utterance_table",
]
