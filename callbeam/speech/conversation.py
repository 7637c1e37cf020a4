"""A call's conversation: what its channels' speech, put side by side, tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.speech.events import Event, mark_events, monologue_events, name_events, non_talk_events, overlap_events
from callbeam.speech.overlaps import find_overlaps
from callbeam.speech.phases import AGENT, Phase, find_phases, hold_spans
from callbeam.speech.silence import non_talk
from callbeam.speech.stretches import find_stretches
from callbeam.speech.thresholds import DEFAULT_THRESHOLDS
from callbeam.speech.totals import Scene, Totals, no_totals, totals
from callbeam.speech.turns import Turn, backchannels, find_runs, in_order, take_turns, take_turns_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.speech.talk import ChannelTalk
    from callbeam.speech.thresholds import Thresholds

WHOLE_CALL = "whole_call"
AGENT_PHASE = "agent_phase"

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
    thresholds : Thresholds, optional

    Examples
    --------
    >>> conversation = converse(channels, comparable=True, duration_ms=61_200)
    >>> conversation.totals["interruptions_total_count"]
    2
    """
    channels = sorted(channels, key=lambda channel: channel.channel_id)
    phases = tuple(phases_known) or find_phases(channels, duration_ms)
    marks = mark_events(channels, duration_ms)
    if not channels:
        return Conversation({}, (), phases, no_totals(), None, ())
    scope = _scope(phases, duration_ms)
    ends = [one.end_ms for one in in_order(channels) if scope[0] <= one.begin_ms < scope[1]]
    spoken = (scope[0], max(ends, default=scope[1]))
    together = comparable and len({channel.participant for channel in channels}) > 1

    stretches = find_stretches(channels, thresholds) if together else []
    overlaps = find_overlaps(stretches, thresholds)
    said_into = backchannels(overlaps)
    floor = [one for one in stretches if one.utterance_id not in said_into]
    runs = find_runs(floor, longest_pause_ms=thresholds.non_talk_ms)
    if together:
        turns = take_turns(channels, stretches, overlaps, conversation=spoken, hold=hold_spans(phases))
        silent = non_talk(channels, (0, duration_ms), thresholds)
        marks += overlap_events(overlaps) + non_talk_events(silent)
        marks += monologue_events(runs, floor, shortest_ms=thresholds.monologue_ms)
    else:
        turns = take_turns_apart(channels, conversation=spoken, comparable=comparable)
    scene = Scene(
        channels=channels,
        scope=scope,
        comparable=comparable,
        thresholds=thresholds,
        phases=phases,
        turns=turns,
        stretches=floor,
        overlaps=overlaps,
        runs=runs,
    )
    whole = not any(phase.phase == "agent" for phase in phases)
    return Conversation(
        turns=turns,
        events=name_events(marks),
        phases=phases,
        totals=totals(scene),
        metrics_scope=WHOLE_CALL if whole else AGENT_PHASE,
        warnings=_warnings(channels, whole=whole),
    )


def _scope(phases: Sequence[Phase], duration_ms: int) -> tuple[int, int]:
    """Return what the totals are taken over: from the first agent's begin to the last one's end, or the whole call."""
    agent = [phase for phase in phases if phase.phase == "agent"]
    return (agent[0].begin_offset_ms, agent[-1].end_offset_ms) if agent else (0, duration_ms)


def _warnings(channels: Sequence[ChannelTalk], *, whole: bool) -> tuple[str, ...]:
    warnings = []
    if len({channel.participant for channel in channels}) == 1:
        warnings.append(ONE_PARTICIPANT_HEARD)
    if whole and any(channel.participant_role == AGENT for channel in channels):
        warnings.append(PROMPTS_COUNTED_AS_AGENT)
    return tuple(warnings)
