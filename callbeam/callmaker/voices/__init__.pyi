from .articulation import VoiceProfile as VoiceProfile
from .articulation import random_voice as random_voice
from .synthesis import speak as speak
from .voice_kinds import UPSET_DB as UPSET_DB
from .voice_kinds import VOICE_KINDS as VOICE_KINDS
from .voice_kinds import draw_voice as draw_voice
from .voice_kinds import upset as upset

__all__ = [
    "UPSET_DB",
    "VOICE_KINDS",
    "VoiceProfile",
    "draw_voice",
    "random_voice",
    "speak",
    "upset",
]
