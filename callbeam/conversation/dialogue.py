"""A call's channels side by side: what events and totals are taken of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.conversation.overlaps import find_overlaps
from callbeam.conversation.phases import hold_spans
from callbeam.conversation.talkspurts import find_talkspurts
from callbeam.conversation.turns import backchannels, find_runs, take_turns, take_turns_apart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from callbeam.conversation.overlaps import Overlap
    from callbeam.conversation.phases import Phase
    from callbeam.conversation.speaker_activity import ChannelTalk, Utterance
    from callbeam.conversation.talkspurts import Talkspurt
    from callbeam.conversation.thresholds import Thresholds
    from callbeam.conversation.turns import Run, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """A call's channels and what is between them.

    Attributes
    ----------
    channels : sequence of ChannelTalk
        At least one.
    scope : (int, int)
        What totals are taken over: speech and events count that begin in it.
    comparable : bool
        Whether the channels' clocks agree.
    thresholds : Thresholds
    phases : sequence of Phase
    turns : mapping of str to Turn
        Of all utterances.
    overlaps : sequence of Overlap
    floor : sequence of Talkspurt
        All stretches but backchannels.
    runs : sequence of Run

    The last three are empty unless participants can be compared.
    """

    channels: Sequence[ChannelTalk]
    scope: tuple[int, int]
    comparable: bool
    thresholds: Thresholds
    phases: Sequence[Phase]
    turns: Mapping[str, Turn]
    overlaps: Sequence[Overlap] = ()
    floor: Sequence[Talkspurt] = ()
    runs: Sequence[Run] = ()

    @property
    def several(self) -> bool:
        """Whether more than one participant is heard."""
        return several(self.channels)

    @property
    def compares(self) -> bool:
        """Whether participants can be compared."""
        return self.comparable and self.several

    def of_role(self, role: str) -> list[ChannelTalk]:
        """Return a role's channels."""
        return [channel for channel in self.channels if channel.participant_role == role]

    def holds(self, begin_ms: int) -> bool:
        """Tell whether what begins at an instant counts."""
        return self.scope[0] <= begin_ms < self.scope[1]

    def utterances(self, channels: Sequence[ChannelTalk]) -> list[Utterance]:
        """Return the channels' utterances that count."""
        return [one for channel in channels for one in channel.utterances if self.holds(one.begin_ms)]


def set_dialogue(
    channels: Sequence[ChannelTalk],
    *,
    scope: tuple[int, int],
    comparable: bool,
    phases: Sequence[Phase],
    thresholds: Thresholds,
) -> Dialogue:
    """Put channels, at least one, side by side."""
    ends = [one.end_ms for channel in channels for one in channel.utterances if scope[0] <= one.begin_ms < scope[1]]
    conversation = (scope[0], max(ends, default=scope[1]))
    if not comparable or not several(channels):
        turns = take_turns_apart(channels, conversation=conversation, comparable=comparable)
        return Dialogue(
            channels=channels, scope=scope, comparable=comparable, thresholds=thresholds, phases=phases, turns=turns
        )
    talkspurts = find_talkspurts(channels, thresholds)
    overlaps = find_overlaps(talkspurts, thresholds)
    said_into = backchannels(overlaps)
    floor = [one for one in talkspurts if one.utterance_id not in said_into]
    return Dialogue(
        channels=channels,
        scope=scope,
        comparable=comparable,
        thresholds=thresholds,
        phases=phases,
        turns=take_turns(channels, floor, overlaps, conversation=conversation, hold=hold_spans(phases)),
        overlaps=overlaps,
        floor=floor,
        runs=find_runs(floor, longest_pause_ms=thresholds.non_talk_ms),
    )


def several(channels: Sequence[ChannelTalk]) -> bool:
    """Tell whether the channels are more than one participant's."""
    return len({channel.participant for channel in channels}) > 1
