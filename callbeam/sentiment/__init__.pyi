from .clips import AUDIO_POLICIES as AUDIO_POLICIES
from .clips import clip_batch as clip_batch
from .clips import may_clip as may_clip
from .context import Turn as Turn
from .eligibility import AGENT_SENTIMENT_HELP as AGENT_SENTIMENT_HELP
from .eligibility import may_infer as may_infer
from .model_contract import ModelContract as ModelContract
from .model_contract import ModelError as ModelError
from .sentiment_model import SentimentModel as SentimentModel
from .sentiment_model import UnitBatch as UnitBatch
from .sentiment_model import check_model as check_model
from .sentiment_model import unit_batch as unit_batch
from .sentiment_rows import CallSpeech as CallSpeech
from .sentiment_rows import SentimentConfig as SentimentConfig
from .sentiment_rows import unit_table as unit_table
from .units import Unit as Unit
from .units import candidate_units as candidate_units

__all__ = [
    "AGENT_SENTIMENT_HELP",
    "AUDIO_POLICIES",
    "CallSpeech",
    "ModelContract",
    "ModelError",
    "SentimentConfig",
    "SentimentModel",
    "Turn",
    "Unit",
    "UnitBatch",
    "candidate_units",
    "check_model",
    "clip_batch",
    "may_clip",
    "may_infer",
    "unit_batch",
    "unit_table",
]
