from .accuracy import CallScores as CallScores
from .accuracy import ChannelScores as ChannelScores
from .accuracy import score_call as score_call
from .detector_scores import SpeechScore as SpeechScore
from .detector_scores import add_up as add_up
from .table_comparison import compare_with_truth as compare_with_truth

__all__ = [
    "CallScores",
    "ChannelScores",
    "SpeechScore",
    "add_up",
    "compare_with_truth",
    "score_call",
]
