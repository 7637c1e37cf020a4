from .analysed import AnalysedChannel as AnalysedChannel
from .analysed import ChannelPair as ChannelPair
from .analysed import ChannelVoice as ChannelVoice
from .analysed import PieceAnalysis as PieceAnalysis
from .frame_rows import SECOND_ROWS as SECOND_ROWS
from .frame_rows import analyse_channel as analyse_channel
from .piece import AnalysisConfig as AnalysisConfig
from .piece import analyse_piece as analyse_piece
from .speech_rows import UNIT_ROWS as UNIT_ROWS
from .speech_rows import UTTERANCE_ROWS as UTTERANCE_ROWS
from .speech_rows import loudness_scores as loudness_scores
from .speech_rows import utterance_id as utterance_id

__all__ = [
    "SECOND_ROWS",
    "UNIT_ROWS",
    "UTTERANCE_ROWS",
    "AnalysedChannel",
    "AnalysisConfig",
    "ChannelPair",
    "ChannelVoice",
    "PieceAnalysis",
    "analyse_channel",
    "analyse_piece",
    "loudness_scores",
    "utterance_id",
]
