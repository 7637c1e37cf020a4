"""What the assembly of calls is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from callbeam.assembly.window_rows import WindowConfig
from callbeam.conversation import Thresholds
from callbeam.sentiment import SentimentConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class AssemblyConfig(SentimentConfig):
    """How a conversation is judged, beside what becomes of sentiment inputs.

    Attributes
    ----------
    thresholds : Thresholds
        Where the lines between kinds of events are drawn.
    windows : WindowConfig
        What seconds are aggregated over.
    """

    thresholds: Thresholds = field(default_factory=Thresholds)
    windows: WindowConfig = field(default_factory=WindowConfig)
