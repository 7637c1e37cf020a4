from .label_lists import COLUMNS as COLUMNS
from .said import AGENT as AGENT
from .said import CHIME_CALL_ANALYTICS as CHIME_CALL_ANALYTICS
from .said import CONTACT_LENS as CONTACT_LENS
from .said import CONTACT_LENS_IVR as CONTACT_LENS_IVR
from .said import CONTACT_LENS_REALTIME as CONTACT_LENS_REALTIME
from .said import CONTACT_LENS_RULES as CONTACT_LENS_RULES
from .said import CUSTOMER as CUSTOMER
from .said import LIVE_CALL_ANALYTICS as LIVE_CALL_ANALYTICS
from .said import PEOPLE as PEOPLE
from .said import POST_CALL_ANALYTICS as POST_CALL_ANALYTICS
from .said import SYSTEM as SYSTEM
from .said import TRANSCRIBE as TRANSCRIBE
from .said import TRANSCRIBE_CALL_ANALYTICS as TRANSCRIBE_CALL_ANALYTICS
from .said import TRANSCRIBE_STREAMING as TRANSCRIBE_STREAMING
from .said import CallName as CallName
from .said import Clock as Clock
from .said import Label as Label
from .said import Message as Message
from .said import Said as Said
from .said import Segment as Segment
from .said import Word as Word
from .text_policy import TextPolicy as TextPolicy
from .transcript_reading import FORMS as FORMS
from .transcript_reading import Form as Form
from .transcript_reading import read_transcripts as read_transcripts

__all__ = [
    "AGENT",
    "CHIME_CALL_ANALYTICS",
    "COLUMNS",
    "CONTACT_LENS",
    "CONTACT_LENS_IVR",
    "CONTACT_LENS_REALTIME",
    "CONTACT_LENS_RULES",
    "CUSTOMER",
    "FORMS",
    "LIVE_CALL_ANALYTICS",
    "PEOPLE",
    "POST_CALL_ANALYTICS",
    "SYSTEM",
    "TRANSCRIBE",
    "TRANSCRIBE_CALL_ANALYTICS",
    "TRANSCRIBE_STREAMING",
    "CallName",
    "Clock",
    "Form",
    "Label",
    "Message",
    "Said",
    "Segment",
    "TextPolicy",
    "Word",
    "read_transcripts",
]
