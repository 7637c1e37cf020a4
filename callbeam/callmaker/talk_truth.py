"""What a made-up conversation amounts to: the truth as utterances, non-talk, latencies and shares.

Everything counts what was delivered: speech in a gap cannot be heard. The agent's channel carries prompts, too, and
their speech counts as long as nothing tells from when on an agent was there (``metrics_scope`` of table ``calls``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from callbeam.callmaker.script import AGENT, CUSTOMER, ROLES
from callbeam.spans import as_spans, clip, covered, length, subtract, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.callmaker.truth import CallTruth
    from callbeam.spans import SpanArray

NON_TALK_MS = 3_000
"""Both silent for at least this long is non-talk."""

LOST_MS = 2_000
"""A gap from here on ends non-talk, whatever surrounds it."""

UNSURE_MS = 500
"""Closer to speech, a gap may hold more of it."""

AGENT_PHASE = "agent_phase"


class Turn(NamedTuple):
    """An utterance, milliseconds from the call's start."""

    begin_ms: int
    end_ms: int
    role: str
    is_backchannel: bool


@dataclass(frozen=True, slots=True)
class TalkFigures:
    """A conversation in a few figures; None where there is nothing to take one from.

    Attributes
    ----------
    agent_from_ms : int or None
        When the agent came on the line, from the call's start.
    agent_talk_ratio : float or None
        The agent's share of both talk times.
    interruptions : int or None
    latency_ms : dict of str to float or None
        Median response latency by role.
    non_talk_ms : int or None
        Time in which nobody speaks for at least 3 s.
    """

    agent_from_ms: int | None
    agent_talk_ratio: float | None
    interruptions: int | None
    latency_ms: dict[str, float | None]
    non_talk_ms: int | None


def talk_figures(call: CallTruth, metrics_scope: str | None = None) -> TalkFigures:
    """Return the figures of a made-up call.

    Parameters
    ----------
    call : CallTruth
    metrics_scope : str, optional
        ``agent_phase``: from when on the agent was on the line. Anything else: the whole call.
    """
    begin_ms = call.agent_on_line_ms if metrics_scope == AGENT_PHASE else 0
    talk_ms = {role: length(clip(heard_speech(call, role), begin_ms, call.duration_ms)) for role in ROLES}
    turns = [turn for turn in turns_of(call) if turn.begin_ms >= begin_ms]
    latencies = response_latencies(turns, unheard_spans(call))
    return TalkFigures(
        agent_from_ms=call.agent_on_line_ms,
        agent_talk_ratio=talk_ms[AGENT] / sum(talk_ms.values()) if any(talk_ms.values()) else None,
        interruptions=sum(event.kind == "interruption" and event.begin_ms >= begin_ms for event in call.events),
        latency_ms={role: float(np.median(some)) if (some := latencies[role]) else None for role in ROLES},
        non_talk_ms=length(non_talk(call, begin_ms)),
    )


def heard_speech(call: CallTruth, role: str) -> SpanArray:
    """Return what was delivered of a role's utterances: pauses of less than 500 ms bridged, gaps left out."""
    channel = call.channels.get(role)
    if channel is None:
        return as_spans(())
    delivered = subtract(as_spans([(channel.begin_ms, channel.end_ms)]), as_spans(channel.gaps))
    return subtract(as_spans(channel.speech), subtract(as_spans([(0, call.duration_ms)]), delivered))


def turns_of(call: CallTruth) -> list[Turn]:
    """Return the utterances of both roles, in order of begin, and which of them are backchannels."""
    turns = []
    for role in ROLES:
        murmurs = [event for event in call.events if event.kind == "backchannel" and event.role == role]
        for begin, end in heard_speech(call, role).tolist():
            inside = any(event.begin_ms <= begin and end <= event.end_ms for event in murmurs)
            turns.append(Turn(begin, end, role, inside))
    return sorted(turns)


def response_latencies(turns: Sequence[Turn], unheard: SpanArray | None = None) -> dict[str, list[int]]:
    """Return by role how long each response took: from the end of the other's turn, negative where they overlap.

    Whoever speaks to the end holds the floor: backchannels, and those who give up while the other goes on, neither
    answer nor are answered; nor does who spoke last answer anyone.

    Parameters
    ----------
    turns : sequence of Turn
        In order of begin.
    unheard : SpanArray, optional
        No latency is measured over these: holds, gaps.
    """
    latencies: dict[str, list[int]] = {CUSTOMER: [], AGENT: []}
    unheard = as_spans(()) if unheard is None else unheard
    holder: Turn | None = None
    for turn in turns:
        if turn.is_backchannel or (holder is not None and turn.end_ms < holder.end_ms):
            continue
        if holder is not None and holder.role != turn.role and not len(clip(unheard, holder.end_ms, turn.begin_ms)):
            latencies[turn.role].append(turn.begin_ms - holder.end_ms)
        holder = turn
    return latencies


def unheard_spans(call: CallTruth) -> SpanArray:
    """Return when a call is on hold, or a channel has a gap."""
    holds = as_spans((event.begin_ms, event.end_ms) for event in call.events if event.kind == "hold")
    return union(holds, *(as_spans(channel.gaps) for channel in call.channels.values()))


def non_talk(call: CallTruth, begin_ms: int = 0) -> SpanArray:
    """Return where both are silent for at least 3 s, from an instant on, gaps surrounded by silence passed over."""
    there = union(*(as_spans([(channel.begin_ms, channel.end_ms)]) for channel in call.channels.values()))
    there = clip(there, begin_ms, call.duration_ms)
    said = union(*(heard_speech(call, role) for role in ROLES))
    gaps = clip(union(*(as_spans(channel.gaps) for channel in call.channels.values())), begin_ms, call.duration_ms)
    ending = [(begin, end) for begin, end in gaps.tolist() if not _is_passed_over(begin, end, there, said)]
    silent = subtract(subtract(there, said), as_spans(ending))
    return silent[silent[:, 1] - silent[:, 0] >= NON_TALK_MS]


def _is_passed_over(begin_ms: int, end_ms: int, there: SpanArray, said: SpanArray) -> bool:
    inside = covered(there, np.array([(begin_ms - 1, end_ms + 1)]))[0] == end_ms - begin_ms + 2
    quiet = covered(said, np.array([(begin_ms - UNSURE_MS, end_ms + UNSURE_MS)]))[0] == 0
    return bool(end_ms - begin_ms < LOST_MS and inside and quiet)
