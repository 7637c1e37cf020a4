from .acoustics import ACOUSTIC_MEASURES as ACOUSTIC_MEASURES
from .acoustics import UNIT_MEASURES as UNIT_MEASURES
from .acoustics import UNIT_Z_SCORES as UNIT_Z_SCORES
from .acoustics import Z_SCORES as Z_SCORES
from .calls import CONNECT_TOTALS as CONNECT_TOTALS
from .calls import TOTALS as TOTALS
from .clips import AUDIO as AUDIO
from .clips import CLIP_SAMPLE_RATE_HZ as CLIP_SAMPLE_RATE_HZ
from .clips import CLIPS as CLIPS
from .egemaps import EGEMAPS_MEASURES as EGEMAPS_MEASURES
from .frames import FRAMES as FRAMES
from .frames import MEL_BANDS as MEL_BANDS
from .frames import MFCC_COUNT as MFCC_COUNT
from .seconds import SECOND_MEASURES as SECOND_MEASURES
from .seconds import SECONDS as SECONDS
from .sentiment_inputs import SENTIMENT_INPUTS as SENTIMENT_INPUTS
from .table import Column as Column
from .table import Table as Table
from .tables import TABLES as TABLES
from .utterances import UTTERANCES as UTTERANCES
from .windows import STATISTICS as STATISTICS

__all__ = [
    "ACOUSTIC_MEASURES",
    "AUDIO",
    "CLIPS",
    "CLIP_SAMPLE_RATE_HZ",
    "CONNECT_TOTALS",
    "EGEMAPS_MEASURES",
    "FRAMES",
    "MEL_BANDS",
    "MFCC_COUNT",
    "SECONDS",
    "SECOND_MEASURES",
    "SENTIMENT_INPUTS",
    "STATISTICS",
    "TABLES",
    "TOTALS",
    "UNIT_MEASURES",
    "UNIT_Z_SCORES",
    "UTTERANCES",
    "Z_SCORES",
    "Column",
    "Table",
]
