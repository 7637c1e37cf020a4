"""Which units a sentiment model may score, and why not the others."""

from __future__ import annotations

from dataclasses import dataclass

CUSTOMER = "CUSTOMER"

AGENT_SENTIMENT_HELP = (
    "also give the agent's audio to the sentiment model, write clips of it and mark it as eligible. Off by default: "
    "the EU prohibits AI systems that infer the emotions of a person at the workplace from the voice, except for "
    "medical or safety reasons (AI Act, Regulation (EU) 2024/1689, Article 5(1)(f)), and an agent on the phone is at "
    "work. Customers are not at theirs. A channel whose role is not known counts as an agent's"
)
"""The help text of ``--agent-sentiment``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityRules:
    """Where the lines are drawn.

    Attributes
    ----------
    shortest_ms : int
        ``too_short`` below: models are trained on at least 1 s.
    masked_ratio : float
        ``masked`` from more than this share of the unit on. Single lost packets are masked, too; what they take out of
        a unit is less than what models are trained to bear.
    overlap_ratio : float
        ``overlap`` from more than this share of its speech on: the other is heard for most of it, if only as an echo.
    echo_ratio : float
        ``echo_leak`` from more than this share of what sounded like speech on, where another leg's echo was taken out
        of it: a model would hear that as the participant's voice.
    echo_overlap_ratio : float
        ``echo_leak`` takes this share of its speech at least; speech of its own would go on alone.
    echo_margin_db : float
        ``echo_leak`` takes a level at most so far above what the leak explains; speech of its own is louder.
    snr_db : float
        ``low_snr`` below: words are still understood at 5 dB, but pitch and voice quality are no longer measured well.
    """

    shortest_ms: int = 1000
    masked_ratio: float = 0.1
    overlap_ratio: float = 0.5
    echo_ratio: float = 0.1
    echo_overlap_ratio: float = 0.8
    echo_margin_db: float = 6.0
    snr_db: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """What eligibility rests on.

    Attributes
    ----------
    participant_role : str or None
        CUSTOMER, AGENT, or None where nothing tells.
    duration_ms, speech_ms, masked_ms : int
        Its length, and of that, speech and masked time.
    echo_ms : int
        What sounded like speech beside that, and is another leg's echo.
    on_hold : bool
        It overlaps a phase of hold.
    channel_layout : str or None
        The call's, as in table ``calls``.
    is_system_voice : bool
        Records say that no person speaks.
    overlap_ratio : float or None
        Share of its speech over which another participant speaks; None if only one is heard.
    level_mean_dbfs : float or None
        RMS level of its speech.
    leak_level_dbfs : float or None
        At what level the other's speech is heard on this channel: the other's level less the leak's attenuation. None
        if none leaks.
    snr_db : float or None
    """

    participant_role: str | None
    duration_ms: int
    speech_ms: int
    masked_ms: int
    on_hold: bool
    channel_layout: str | None
    echo_ms: int = 0
    is_system_voice: bool = False
    overlap_ratio: float | None = None
    level_mean_dbfs: float | None = None
    leak_level_dbfs: float | None = None
    snr_db: float | None = None


DEFAULT_RULES = EligibilityRules()


def may_infer(participant_role: str | None, *, agent_sentiment: bool) -> bool:
    """Tell whether sentiment may be inferred on a channel at all.

    A model must not even run over the others, whatever becomes of its scores.
    """
    return agent_sentiment or participant_role == CUSTOMER


def ineligible_reason(
    facts: UnitFacts, *, agent_sentiment: bool = False, rules: EligibilityRules = DEFAULT_RULES
) -> str | None:
    """Say why a model must not score a unit; None if it may.

    What is not known (None) rules nothing out.

    Returns
    -------
    str or None
        The first that holds of ``callbeam.schemas.sentiment_inputs.INELIGIBLE_REASONS``, in their order.

    Examples
    --------
    >>> facts = UnitFacts(participant_role="CUSTOMER", duration_ms=700, speech_ms=700, masked_ms=0, on_hold=False,
    ...                   channel_layout="stereo")
    >>> ineligible_reason(facts)
    'too_short'
    """
    tests = {
        "agent_policy": not may_infer(facts.participant_role, agent_sentiment=agent_sentiment),
        "system_voice": facts.is_system_voice,
        "no_speech": facts.speech_ms <= 0,
        "too_short": facts.duration_ms < rules.shortest_ms,
        "masked": facts.masked_ms > rules.masked_ratio * facts.duration_ms,
        "hold": facts.on_hold,
        "crosstalk": facts.channel_layout in {"dual_mono", "bleed"},
        "echo_leak": _is_echo(facts, rules),
        "overlap": facts.overlap_ratio is not None and facts.overlap_ratio > rules.overlap_ratio,
        "low_snr": facts.snr_db is not None and facts.snr_db < rules.snr_db,
    }
    return next((reason for reason, holds in tests.items() if holds), None)


def _is_echo(facts: UnitFacts, rules: EligibilityRules) -> bool:
    """Tell whether what is taken for speech is the other's, leaking: as legs tell, or both in time and in level."""
    if facts.echo_ms > rules.echo_ratio * (facts.speech_ms + facts.echo_ms):
        return True
    if facts.overlap_ratio is None or facts.level_mean_dbfs is None or facts.leak_level_dbfs is None:
        return False
    in_time = facts.overlap_ratio >= rules.echo_overlap_ratio
    return in_time and facts.level_mean_dbfs <= facts.leak_level_dbfs + rules.echo_margin_db
