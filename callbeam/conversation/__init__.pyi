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
from .phases import Phase as Phase
from .phases import find_phases as find_phases
from .record_phases import agent_connected_ms as agent_connected_ms
from .record_phases import contact_phases as contact_phases
from .speaker_activity import ChannelTalk as ChannelTalk
from .speaker_activity import Utterance as Utterance
from .speakers import speaker_kinds as speaker_kinds
from .thresholds import Thresholds as Thresholds
from .z_scores import Baseline as Baseline

__all__ = [
    "Baseline",
    "CallClock",
    "ChannelTalk",
    "Conversation",
    "Phase",
    "Thresholds",
    "Utterance",
    "agent_connected_ms",
    "baseline_of",
    "contact_phases",
    "converse",
    "find_phases",
    "in_order",
    "offsets_of",
    "row_batch",
    "sorted_rows",
    "speaker_kinds",
    "speakers_of",
    "utterance_table",
]
