"""What the assembly of calls is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from callbeam.speech.thresholds import Thresholds


@dataclass(frozen=True, kw_only=True, slots=True)
class AssemblyConfig:
    """How a conversation is judged, and what becomes of sentiment inputs.

    Attributes
    ----------
    thresholds : Thresholds
        Where the lines between kinds of events are drawn.
    agent_sentiment : bool
        The agent's units are eligible, too.
    prosody_text : bool
        Describe eligible units in words.
    split_salt : str
        Deals the calls to other splits.
    model_sha256 : str or None
        Of the model whose scores are among the call's parts.
    """

    thresholds: Thresholds = field(default_factory=Thresholds)
    agent_sentiment: bool = False
    prosody_text: bool = False
    split_salt: str = ""
    model_sha256: str | None = None
