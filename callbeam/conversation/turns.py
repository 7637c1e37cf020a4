"""Utterances in their place in the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callbeam.conversation.non_talk import spoken
from callbeam.conversation.overlaps import BACKCHANNEL, INTERRUPTION
from callbeam.spans import covered, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.conversation.overlaps import Overlap
    from callbeam.conversation.speaker_activity import ChannelTalk, Utterance
    from callbeam.conversation.talkspurts import Talkspurt
    from callbeam.spans import SpanArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An utterance's place in the conversation: columns of table ``utterances``, whose meanings stand there."""

    turn_index: int
    quarter: int
    previous_utterance_id: str | None
    response_latency_ms: int | None
    overlap_ms: int | None
    is_interruption: bool | None
    is_backchannel: bool | None


@dataclass(frozen=True, slots=True)
class Run:
    """One participant's stretches in a row: others give no more than backchannels, and nobody is silent for long."""

    talkspurts: tuple[Talkspurt, ...]

    @property
    def begin_ms(self) -> int:
        """Where the first begins."""
        return self.talkspurts[0].begin_ms

    @property
    def end_ms(self) -> int:
        """Where the last ends."""
        return max(talkspurt.end_ms for talkspurt in self.talkspurts)


def in_order(channels: Sequence[ChannelTalk]) -> list[Utterance]:
    """Return all utterances by begin; of those that begin together, the longer first."""
    said = [utterance for channel in channels for utterance in channel.utterances]
    return sorted(said, key=lambda one: (one.begin_ms, -one.end_ms, one.utterance_id))


def backchannels(overlaps: Sequence[Overlap]) -> frozenset[str]:
    """Return the ids of the utterances that are backchannels."""
    return frozenset(
        utterance.utterance_id
        for overlap in overlaps
        if overlap.kind == BACKCHANNEL
        for utterance in overlap.doer.utterances
    )


def take_turns(
    channels: Sequence[ChannelTalk],
    floor: Sequence[Talkspurt],
    overlaps: Sequence[Overlap],
    *,
    conversation: tuple[int, int],
    hold: SpanArray,
) -> dict[str, Turn]:
    """Return each utterance's turn, where all participants are heard on one clock.

    Parameters
    ----------
    channels : sequence of ChannelTalk
        At least two participants'.
    floor : sequence of Talkspurt
        As ``find_stretches`` orders them, without backchannels.
    overlaps : sequence of Overlap
        As ``find_overlaps`` gives them.
    conversation : (int, int)
        From the scope's begin to the end of the last utterance: what is divided into quarters.
    hold : SpanArray
        When the call is on hold: no latency is measured over it.
    """
    said_into = backchannels(overlaps)
    interrupting = {overlap.doer.utterance_id for overlap in overlaps if overlap.kind == INTERRUPTION}
    unheard = union(hold, *(channel.masked for channel in channels))
    latencies = _latencies(floor, unheard)
    overlapping = _overlapping(channels)
    ordered = in_order(channels)
    return {
        utterance.utterance_id: Turn(
            turn_index=index,
            quarter=quarter(utterance.begin_ms, conversation),
            previous_utterance_id=ordered[index - 1].utterance_id if index else None,
            response_latency_ms=latencies.get(utterance.utterance_id),
            overlap_ms=overlapping[utterance.utterance_id],
            is_interruption=utterance.utterance_id in interrupting,
            is_backchannel=utterance.utterance_id in said_into,
        )
        for index, utterance in enumerate(ordered)
    }


def take_turns_apart(
    channels: Sequence[ChannelTalk], *, conversation: tuple[int, int], comparable: bool
) -> dict[str, Turn]:
    """Return each utterance's turn where one participant alone is heard, or the clocks may differ."""
    ordered = in_order(channels)
    return {
        utterance.utterance_id: Turn(
            turn_index=index,
            quarter=quarter(utterance.begin_ms, conversation),
            previous_utterance_id=ordered[index - 1].utterance_id if index and comparable else None,
            response_latency_ms=None,
            overlap_ms=None,
            is_interruption=None,
            is_backchannel=None,
        )
        for index, utterance in enumerate(ordered)
    }


def quarter(begin_ms: int, conversation: tuple[int, int]) -> int:
    """Return the quarter of the conversation in which an instant lies, 1 to 4; what lies outside is nearest to."""
    first, last = conversation
    return min(max(4 * (begin_ms - first) // max(last - first, 1), 0), 3) + 1


def find_runs(talkspurts: Sequence[Talkspurt], *, longest_pause_ms: int) -> list[Run]:
    """Return who speaks in a row.

    Parameters
    ----------
    stretches : sequence of Talkspurt
        As ``find_stretches`` orders them, without backchannels: they are nobody's turn.
    longest_pause_ms : int
        A silence of this length ends a run.
    """
    runs: list[list[Talkspurt]] = []
    for talkspurt in talkspurts:
        run = runs[-1] if runs else None
        if (
            run is not None
            and run[-1].participant == talkspurt.participant
            and talkspurt.begin_ms - max(one.end_ms for one in run) < longest_pause_ms
        ):
            run.append(talkspurt)
        else:
            runs.append([talkspurt])
    return [Run(tuple(run)) for run in runs]


def _latencies(floor: Sequence[Talkspurt], unheard: SpanArray) -> dict[str, int]:
    """Return by utterance the time from the end of the other's turn to its begin.

    Whoever speaks to the end holds the floor: one who gives up while the other goes on has not answered.
    """
    found: list[tuple[str, int, int]] = []
    holder: Talkspurt | None = None
    for talkspurt in floor:
        if holder is not None and talkspurt.end_ms < holder.end_ms:
            continue
        if holder is not None and _answers(talkspurt, holder):
            found.append((talkspurt.utterance_id, holder.end_ms, talkspurt.begin_ms))
        holder = talkspurt
    between = np.array([(end, max(end, begin)) for _, end, begin in found], dtype=np.int64).reshape(-1, 2)
    missing = covered(unheard, between).tolist()
    return {name: begin - end for (name, end, begin), lost in zip(found, missing, strict=True) if not lost}


def _answers(talkspurt: Talkspurt, holder: Talkspurt) -> bool:
    return talkspurt.participant != holder.participant and holder.end_known and talkspurt.begin_known


def _overlapping(channels: Sequence[ChannelTalk]) -> dict[str, int]:
    """Return by utterance the time in which another participant speaks, too."""
    found: dict[str, int] = {}
    for channel in channels:
        others = spoken([other for other in channels if other.participant != channel.participant])
        own = np.array([(one.begin_ms, one.end_ms) for one in channel.utterances], dtype=np.int64).reshape(-1, 2)
        names = (utterance.utterance_id for utterance in channel.utterances)
        found.update(zip(names, covered(others, own).tolist(), strict=True))
    return found
