from .clipping import limit_samples as limit_samples
from .dc_offset import without_offset as without_offset
from .detections import GAP as GAP
from .detections import HOLD_MUSIC as HOLD_MUSIC
from .detections import HOLD_TONE as HOLD_TONE
from .detections import RINGBACK as RINGBACK
from .detections import TONE as TONE
from .detections import Detection as Detection
from .detectors import Found as Found
from .detectors import find_detections as find_detections
from .echo import NO_LEVEL_DBFS as NO_LEVEL_DBFS
from .echo import explained_by_leak as explained_by_leak
from .echo import explained_levels as explained_levels
from .hold_music import QUIETEST_MUSIC_DBFS as QUIETEST_MUSIC_DBFS
from .hold_music import find_hold_music as find_hold_music
from .layout import BLEED as BLEED
from .layout import CHANNELS_MAY_BE_SWAPPED as CHANNELS_MAY_BE_SWAPPED
from .layout import DUAL_MONO as DUAL_MONO
from .layout import ECHO_LEAK as ECHO_LEAK
from .layout import Comparison as Comparison
from .layout import channel_layout as channel_layout
from .layout import compare_channels as compare_channels
from .layout import join_comparisons as join_comparisons
from .layout import may_be_swapped as may_be_swapped
from .leak import Leak as Leak
from .masking import mask_zeros as mask_zeros

__all__ = [
    "BLEED",
    "CHANNELS_MAY_BE_SWAPPED",
    "DUAL_MONO",
    "ECHO_LEAK",
    "GAP",
    "HOLD_MUSIC",
    "HOLD_TONE",
    "NO_LEVEL_DBFS",
    "QUIETEST_MUSIC_DBFS",
    "RINGBACK",
    "TONE",
    "Comparison",
    "Detection",
    "Found",
    "Leak",
    "channel_layout",
    "compare_channels",
    "explained_by_leak",
    "explained_levels",
    "find_detections",
    "find_hold_music",
    "join_comparisons",
    "limit_samples",
    "mask_zeros",
    "may_be_swapped",
    "without_offset",
]
