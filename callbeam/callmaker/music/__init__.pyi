from .kinds import HELD_OUT_KINDS as HELD_OUT_KINDS
from .kinds import MUSIC_KINDS as MUSIC_KINDS
from .kinds import PLAIN_MUSIC as PLAIN_MUSIC
from .kinds import TUNING_KINDS as TUNING_KINDS
from .playback import hold_music as hold_music

__all__ = [
    "HELD_OUT_KINDS",
    "MUSIC_KINDS",
    "PLAIN_MUSIC",
    "TUNING_KINDS",
    "hold_music",
]
