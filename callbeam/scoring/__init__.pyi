from .accuracy import CallScores as CallScores
from .accuracy import ChannelScores as ChannelScores
from .accuracy import score_call as score_call
from .detector_scores import SpeechScore as SpeechScore
from .detector_scores import add_up as add_up
from .said_comparison import SaidComparison as SaidComparison
from .said_comparison import compare_said_with_truth as compare_said_with_truth
from .said_comparison import f1 as f1
from .said_comparison import right_links as right_links
from .table_comparison import compare_with_truth as compare_with_truth

__all__ = [
    "CallScores",
    "ChannelScores",
    "SaidComparison",
    "SpeechScore",
    "add_up",
    "compare_said_with_truth",
    "compare_with_truth",
    "f1",
    "right_links",
    "score_call",
]
