"""Stretches of speech: what is one to those who listen, however it was cut into utterances."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from callbeam.conversation.thresholds import DEFAULT_THRESHOLDS
from callbeam.spans import covered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callbeam.conversation.speaker_activity import ChannelTalk, Utterance
    from callbeam.conversation.thresholds import Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class Talkspurt:
    """A channel's utterances with less than a pause between them: long ones that were split, or parted by a short gap.

    Attributes
    ----------
    participant : str
    participant_role : str or None
    channel_id : str
    utterances : tuple of Utterance
    begin_ms, end_ms : int
        From the call's start.
    begin_known, end_known : bool
        Whether it is heard that there was a pause before and after: audio may be masked there.
    """

    participant: str
    participant_role: str | None
    channel_id: str
    utterances: tuple[Utterance, ...]
    begin_ms: int
    end_ms: int
    begin_known: bool = True
    end_known: bool = True

    @property
    def utterance_id(self) -> str:
        """The first utterance's."""
        return self.utterances[0].utterance_id

    def utterance_at(self, instant_ms: int) -> Utterance:
        """Return the last utterance that has begun at an instant."""
        begun = [utterance for utterance in self.utterances if utterance.begin_ms <= instant_ms]
        return begun[-1] if begun else self.utterances[0]


def find_talkspurts(channels: Iterable[ChannelTalk], thresholds: Thresholds = DEFAULT_THRESHOLDS) -> list[Talkspurt]:
    """Return the stretches of all channels by begin; of those that begin together, the longer first."""
    found = [talkspurt for channel in channels for talkspurt in _of_channel(channel, thresholds.min_pause_ms)]
    return sorted(found, key=lambda talkspurt: (talkspurt.begin_ms, -talkspurt.end_ms, talkspurt.utterance_id))


def _of_channel(channel: ChannelTalk, min_pause_ms: int) -> list[Talkspurt]:
    groups: list[list[Utterance]] = []
    for utterance in sorted(channel.utterances, key=attrgetter("begin_ms")):
        # Between two with less than a pause between them there was none, whatever is masked there.
        if groups and utterance.begin_ms - groups[-1][-1].end_ms < min_pause_ms:
            groups[-1].append(utterance)
        else:
            groups.append([utterance])
    edges = [(group[0].begin_ms, group[-1].end_ms) for group in groups]
    before = _is_heard(channel, [(begin - min_pause_ms, begin) for begin, _ in edges])
    after = _is_heard(channel, [(end, end + min_pause_ms) for _, end in edges])
    return [
        Talkspurt(
            participant=channel.participant,
            participant_role=channel.participant_role,
            channel_id=channel.channel_id,
            utterances=tuple(group),
            begin_ms=begin,
            end_ms=end,
            begin_known=begin_known,
            end_known=end_known,
        )
        for group, (begin, end), begin_known, end_known in zip(groups, edges, before, after, strict=True)
    ]


def _is_heard(channel: ChannelTalk, windows: Sequence[tuple[int, int]]) -> list[bool]:
    """Tell for each window whether nothing in it is masked."""
    pairs = np.array(windows, dtype=np.int64).reshape(-1, 2)
    return [masked == 0 for masked in covered(channel.masked, pairs).tolist()]
