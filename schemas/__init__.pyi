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
from .shared_columns import CALL_ID as CALL_ID
from .shared_columns import CHANNEL_ID as CHANNEL_ID
from .shared_columns import JOB_ID as JOB_ID
from .shared_columns import OF_CHANNEL as OF_CHANNEL
from .table import INSTANT as INSTANT
from .table import STRING as STRING
from .table import Column as Column
from .table import Table as Table
from .table import measure as measure
from .tables import TABLES as TABLES
from .utterances import UTTERANCES as UTTERANCES
from .windows import STATISTICS as STATISTICS

__all__ = [
    "ACOUSTIC_MEASURES",
    "AUDIO",
    "CALL_ID",
    "CHANNEL_ID",
    "CLIPS",
    "CLIP_SAMPLE_RATE_HZ",
    "CONNECT_TOTALS",
    "EGEMAPS_MEASURES",
    "FRAMES",
    "INSTANT",
    "JOB_ID",
    "MEL_BANDS",
    "MFCC_COUNT",
    "OF_CHANNEL",
    "SECONDS",
    "SECOND_MEASURES",
    "SENTIMENT_INPUTS",
    "STATISTICS",
    "STRING",
    "TABLES",
    "TOTALS",
    "UNIT_MEASURES",
    "UNIT_Z_SCORES",
    "UTTERANCES",
    "Z_SCORES",
    "Column",
    "Table",
    "measure",
]
