from .acoustics import acoustic_measures as acoustic_measures
from .egemaps import egemaps_measures as egemaps_measures
from .utterances import UtteranceConfig as UtteranceConfig
from .utterances import UtteranceSpans as UtteranceSpans
from .utterances import utterance_spans as utterance_spans

__all__ = [
    "UtteranceConfig",
    "UtteranceSpans",
    "acoustic_measures",
    "egemaps_measures",
    "utterance_spans",
]
