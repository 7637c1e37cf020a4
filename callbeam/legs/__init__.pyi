from .level_leak import compare_tracks as compare_tracks
from .level_track import LevelTrack as LevelTrack
from .level_track import TrackPart as TrackPart
from .level_track import join_tracks as join_tracks
from .level_track import track_of as track_of
from .own_speech import explained_frames as explained_frames
from .own_speech import take_out_leaks as take_out_leaks

__all__ = [
    "LevelTrack",
    "TrackPart",
    "compare_tracks",
    "explained_frames",
    "join_tracks",
    "take_out_leaks",
    "track_of",
]
