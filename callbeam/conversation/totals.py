"""A call in figures: the totals of table ``calls``."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from callbeam.conversation.non_talk import masked_ms, non_talk
from callbeam.conversation.overlaps import INTERRUPTION
from callbeam.conversation.phases import hold_spans
from callbeam.schemas import CONNECT_TOTALS, TOTALS
from callbeam.spans import as_spans, clip, intersect, length, subtract, union

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.conversation.dialogue import Dialogue
    from callbeam.conversation.overlaps import Overlap
    from callbeam.spans import SpanArray

Totals = dict[str, int | float | None]

TOTAL_NAMES = tuple(column.name for column in (*CONNECT_TOTALS, *TOTALS))

ROLES = {"AGENT": "agent", "CUSTOMER": "customer"}
"""Roles, and how columns call them."""


def no_totals() -> Totals:
    """Return every total as not computable."""
    return dict.fromkeys(TOTAL_NAMES)


def totals(dialogue: Dialogue) -> Totals:
    """Return the totals of a call by their columns' names; None where not computable.

    What compares participants needs several on one clock; what one says alone does not.
    """
    found = no_totals()
    for role, name in ROLES.items():
        if dialogue.of_role(role):
            found |= _of_role(dialogue, role, name)
    found["hold_ms"] = length(_hold(dialogue)) if dialogue.of_role("AGENT") else None
    if dialogue.comparable:
        found["masked_ms"] = masked_ms(dialogue.channels, dialogue.scope)
    if dialogue.several:
        found |= _of_all(dialogue, found)
    if dialogue.several and dialogue.comparable:
        found |= (
            _non_talk(dialogue, found) | _overlaps(dialogue) | _interruptions(dialogue) | _exchange(dialogue, found)
        )
    return found


def _of_role(dialogue: Dialogue, role: str, name: str) -> Totals:
    said = dialogue.utterances(dialogue.of_role(role))
    counted = [one for one in said if one.syllables is not None]
    spoken_ms = sum(one.end_ms - one.begin_ms for one in counted)
    syllables = sum(one.syllables or 0 for one in counted)
    return {
        f"talk_time_{name}_ms": sum(one.end_ms - one.begin_ms for one in said),
        f"first_speech_{name}_ms": min((one.begin_ms for one in said), default=None),
        f"syllable_rate_{name}_hz": syllables * 1000 / spoken_ms if spoken_ms else None,
    }


def _of_all(dialogue: Dialogue, found: Totals) -> Totals:
    said = dialogue.utterances(dialogue.channels)
    agent, customer = found["talk_time_agent_ms"], found["talk_time_customer_ms"]
    return {
        "talk_time_total_ms": sum(one.end_ms - one.begin_ms for one in said),
        "turn_count": len(said),
        "agent_talk_ratio": None if agent is None or customer is None else _ratio(agent, agent + customer),
    }


def _non_talk(dialogue: Dialogue, found: Totals) -> Totals:
    silent = non_talk(dialogue.channels, dialogue.scope, dialogue.thresholds)
    lengths = (silent[:, 1] - silent[:, 0]).tolist()
    dead_air = length(subtract(silent, _hold(dialogue)))
    return {
        "non_talk_time_total_ms": sum(lengths),
        "non_talk_count": len(lengths),
        "longest_non_talk_ms": max(lengths, default=0),
        "dead_air_ms": None if found["hold_ms"] is None else dead_air,
    }


def _overlaps(dialogue: Dialogue) -> Totals:
    """Return who speaks at once, of the utterances that talk time is the sum of: each counts whole, or not at all."""
    anyone, both = as_spans(()), as_spans(())
    for participant in sorted({channel.participant for channel in dialogue.channels}):
        said = dialogue.utterances([channel for channel in dialogue.channels if channel.participant == participant])
        own = as_spans((one.begin_ms, one.end_ms) for one in said)
        both = union(both, intersect(anyone, own))
        anyone = union(anyone, own)
    union_ms, overlap_ms = length(anyone), length(both)
    return {
        "speech_union_ms": union_ms,
        "overlap_ms": overlap_ms,
        "overlap_ratio": _ratio(overlap_ms, union_ms),
        "backchannel_count": sum(
            bool(dialogue.turns[one.utterance_id].is_backchannel) for one in dialogue.utterances(dialogue.channels)
        ),
    }


def _interruptions(dialogue: Dialogue) -> Totals:
    """Return who cut whom off: of speech that counts, so that it takes no more time than all overlap."""
    happened = [
        one
        for one in dialogue.overlaps
        if one.kind == INTERRUPTION
        and dialogue.holds(one.begin_ms)
        and dialogue.holds(one.other.utterance_at(one.begin_ms).begin_ms)
    ]
    found: Totals = {
        "interruptions_total_count": len(happened),
        "interruptions_time_total_ms": _spoken_at_once_ms(dialogue, happened),
    }
    for role, name in ROLES.items():
        if dialogue.of_role(role):
            own = [one for one in happened if one.doer.participant_role == role]
            found[f"interruptions_{name}_count"] = len(own)
            found[f"interruptions_time_{name}_ms"] = _spoken_at_once_ms(dialogue, own)
    return found


def _spoken_at_once_ms(dialogue: Dialogue, overlaps: Iterable[Overlap]) -> int:
    """Return how long utterances that count overlap in pairs of stretches, which may reach over the scope's end."""
    at_once = as_spans(())
    for one in overlaps:
        doers, others = (
            as_spans((said.begin_ms, said.end_ms) for said in side.utterances if dialogue.holds(said.begin_ms))
            for side in (one.doer, one.other)
        )
        at_once = union(at_once, intersect(doers, others))
    return length(at_once)


def _exchange(dialogue: Dialogue, found: Totals) -> Totals:
    """Return what turns give: durations, latencies, switches."""
    said = dialogue.utterances(dialogue.channels)
    conversation_ms = max((one.end_ms for one in said), default=dialogue.scope[0]) - dialogue.scope[0] if said else None
    turns = [one for one in dialogue.floor if dialogue.holds(one.begin_ms)]
    switches = sum(before.participant != after.participant for before, after in pairwise(turns))
    agent = found["talk_time_agent_ms"]
    exchange: Totals = {
        "total_conversation_duration_ms": conversation_ms,
        "agent_talk_share": None if agent is None or conversation_ms is None else _ratio(agent, conversation_ms),
        "speaker_switches_per_min": None if conversation_ms is None else _ratio(switches * 60_000, conversation_ms),
    }
    for role, name in ROLES.items():
        own = [
            run for run in dialogue.runs if run.talkspurts[0].participant_role == role and dialogue.holds(run.begin_ms)
        ]
        latencies = [
            dialogue.turns[one.utterance_id].response_latency_ms for one in dialogue.utterances(dialogue.of_role(role))
        ]
        measured = [latency for latency in latencies if latency is not None]
        exchange[f"longest_turn_{name}_ms"] = max((run.end_ms - run.begin_ms for run in own), default=None)
        for percent in (50, 90):
            exchange[f"response_latency_{name}_p{percent}_ms"] = (
                float(np.percentile(measured, percent)) if measured else None
            )
    return exchange


def _hold(dialogue: Dialogue) -> SpanArray:
    return clip(hold_spans(dialogue.phases), *dialogue.scope)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
