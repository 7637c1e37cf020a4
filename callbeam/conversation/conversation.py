"""A call's conversation: what its channels' speech, put side by side, tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.conversation.dialogue import Dialogue, set_dialogue
from callbeam.conversation.events import (
    Event,
    detection_events,
    monologue_events,
    name_events,
    non_talk_events,
    overlap_events,
)
from callbeam.conversation.greeting import greeting_ms
from callbeam.conversation.non_talk import masked_within, non_talk
from callbeam.conversation.phases import AGENT, AGENT_ON_LINE, Phase, find_phases
from callbeam.conversation.thresholds import DEFAULT_THRESHOLDS
from callbeam.conversation.totals import Totals, no_totals, totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.conversation.speaker_activity import ChannelTalk
    from callbeam.conversation.thresholds import Thresholds
    from callbeam.conversation.turns import Turn

WHOLE_CALL = "whole_call"
AGENT_PHASE = "agent_phase"

GREETING = "agent_greeting_ms"

PROMPTS_COUNTED_AS_AGENT = "prompts_counted_as_agent"
"""Nothing tells when an agent was on the line: prompts, bots and third parties on the channel to the customer count."""

ONE_PARTICIPANT_HEARD = "one_participant_heard"
"""What needs the other is NULL."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a call's channels tell together.

    Attributes
    ----------
    turns : dict of str to Turn
        By utterance.
    events : tuple of Event
        In the table's order.
    phases : tuple of Phase
        From 0 to the call's end, without gaps.
    totals : dict
        By the names of ``CONNECT_TOTALS`` and ``TOTALS``; None where not computable.
    metrics_scope : str or None
        ``agent_phase`` or ``whole_call``; None without channels.
    warnings : tuple of str
        Sorted.
    """

    turns: dict[str, Turn]
    events: tuple[Event, ...]
    phases: tuple[Phase, ...]
    totals: Totals
    metrics_scope: str | None
    warnings: tuple[str, ...]


def converse(
    channels: Sequence[ChannelTalk],
    *,
    comparable: bool,
    duration_ms: int,
    phases_known: Sequence[Phase] = (),
    agent_connected_ms: int | None = None,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Conversation:
    """Put a call's channels side by side.

    ``docs/definitions.md`` holds the definitions.

    Parameters
    ----------
    channels : sequence of ChannelTalk
        Those with audio, in any order. Channels of one role are one participant.
    comparable : bool
        Whether the legs' clocks agree well enough to compare participants. If not, there are no turns' latencies and
        overlaps, no non-talk, and no totals but those of each role.
    duration_ms : int
        The call's.
    phases_known : sequence of Phase, optional
        From records, from 0 to the call's end without gaps; by default what sound alone tells.
    agent_connected_ms : int, optional
        When an agent was connected, from records: milliseconds from the call's start.
    thresholds : Thresholds, optional

    Examples
    --------
    The customer asks for 2 s; the agent answers after 0.5 s.

    >>> from callbeam.conversation import ChannelTalk, Utterance
    >>> from callbeam.spans import as_spans
    >>> channels = [
    ...     ChannelTalk(
    ...         channel_id=role,
    ...         participant_role=role,
    ...         begin_ms=0,
    ...         end_ms=10_000,
    ...         utterances=(Utterance(utterance_id=f"{role}-1", begin_ms=begin, end_ms=end),),
    ...         speech=as_spans([(begin, end)]),
    ...         masked=as_spans(()),
    ...         detections=(),
    ...     )
    ...     for role, begin, end in (("CUSTOMER", 1000, 3000), ("AGENT", 3500, 9500))
    ... ]
    >>> conversation = converse(channels, comparable=True, duration_ms=10_000)
    >>> conversation.totals["agent_talk_ratio"], conversation.totals["response_latency_agent_p50_ms"]
    (0.75, 500.0)
    >>> conversation.turns["AGENT-1"].response_latency_ms
    500
    """
    channels = sorted(channels, key=lambda channel: channel.channel_id)
    phases = tuple(phases_known) or find_phases(channels, duration_ms)
    detections = detection_events(channels, duration_ms)
    masked = {"masked_ms": duration_ms} if channels and comparable else {}
    channels = [channel for channel in channels if channel.is_heard]
    if not channels:
        return Conversation({}, name_events(detections), phases, {**no_totals(), **masked}, None, ())
    agent = [phase for phase in phases if phase.phase == AGENT_ON_LINE]
    scope = (agent[0].begin_offset_ms, agent[-1].end_offset_ms) if agent else (0, duration_ms)
    dialogue = set_dialogue(channels, scope=scope, comparable=comparable, phases=phases, thresholds=thresholds)
    return Conversation(
        turns=dict(dialogue.turns),
        events=name_events([*detections, *_events(dialogue, duration_ms)]),
        phases=phases,
        totals={**totals(dialogue), GREETING: greeting_ms(dialogue.of_role(AGENT), agent_connected_ms)},
        metrics_scope=AGENT_PHASE if agent else WHOLE_CALL,
        warnings=_warnings(dialogue, whole=not agent),
    )


def _events(dialogue: Dialogue, duration_ms: int) -> list[Event]:
    """Return what participants do, where they can be compared."""
    if not dialogue.compares:
        return []
    silent = non_talk(dialogue.channels, (0, duration_ms), dialogue.thresholds)
    return [
        *overlap_events(dialogue.overlaps),
        *non_talk_events(silent, masked_within(dialogue.channels, silent)),
        *monologue_events(dialogue.floor, dialogue.thresholds),
    ]


def _warnings(dialogue: Dialogue, *, whole: bool) -> tuple[str, ...]:
    warnings = []
    if not dialogue.several:
        warnings.append(ONE_PARTICIPANT_HEARD)
    if whole and dialogue.of_role(AGENT):
        warnings.append(PROMPTS_COUNTED_AS_AGENT)
    return tuple(warnings)
