"""What the assembly of calls is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from callbeam.conversation import Thresholds
from callbeam.sentiment import SentimentConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class AssemblyConfig:
    """How a conversation is judged, and what becomes of sentiment inputs.

    Attributes
    ----------
    thresholds : Thresholds
        Where the lines between kinds of events are drawn.
    sentiment : SentimentConfig
        Which units are eligible, and what is said of them.
    """

    thresholds: Thresholds = field(default_factory=Thresholds)
    sentiment: SentimentConfig = field(default_factory=SentimentConfig)
