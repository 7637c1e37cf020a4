from .labels import LABELS as LABELS
from .messages import MESSAGES as MESSAGES
from .segments import SEGMENTS as SEGMENTS
from .segments import TEXT_STATUSES as TEXT_STATUSES
from .segments import WORDS as WORDS
from .utterance_texts import UTTERANCE_TEXTS as UTTERANCE_TEXTS

__all__ = ["LABELS", "MESSAGES", "SEGMENTS", "TEXT_STATUSES", "UTTERANCE_TEXTS", "WORDS"]
