"""When nobody speaks, and when nobody can be heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.conversation.thresholds import DEFAULT_THRESHOLDS
from callbeam.spans import as_spans, clip, covered, length, subtract, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from callbeam.conversation.speaker_activity import ChannelTalk
    from callbeam.conversation.thresholds import Thresholds
    from callbeam.spans import SpanArray


def spoken(channels: Sequence[ChannelTalk]) -> SpanArray:
    """Return when anyone speaks on the channels."""
    return as_spans((said.begin_ms, said.end_ms) for channel in channels for said in channel.utterances)


def non_talk(
    channels: Sequence[ChannelTalk], scope: tuple[int, int], thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> SpanArray:
    """Return the stretches of at least ``non_talk_ms`` in which nobody speaks.

    A channel that has not begun, or is over, is a participant who is not on the line: silent. Where no channel is,
    nobody is heard. Masked audio ends a stretch, unless it is shorter than ``lost_ms`` and silence surrounds it.
    """
    there = clip(as_spans((channel.begin_ms, channel.end_ms) for channel in channels), *scope)
    masked, said = clip(_masked(channels), *scope), spoken(channels)
    near = masked + np.array([-thresholds.min_pause_ms, thresholds.min_pause_ms])
    within = masked + np.array([-1, 1])
    passed_over = (
        (masked[:, 1] - masked[:, 0] < thresholds.lost_ms)
        & (covered(said, near) == 0)
        & (covered(there, within) == within[:, 1] - within[:, 0])
    )
    silent = subtract(subtract(there, masked[~passed_over]), said)
    return silent[silent[:, 1] - silent[:, 0] >= thresholds.non_talk_ms]


def masked_within(channels: Sequence[ChannelTalk], spans: SpanArray) -> npt.NDArray[np.int64]:
    """Return for how long, within each of the spans, any channel is masked, shape (k,)."""
    return covered(_masked(channels), spans)


def masked_ms(channels: Sequence[ChannelTalk], scope: tuple[int, int]) -> int:
    """Return for how long no channel can be heard."""
    heard = union(*(subtract(as_spans([(one.begin_ms, one.end_ms)]), one.masked) for one in channels))
    return scope[1] - scope[0] - length(clip(heard, *scope))


def _masked(channels: Sequence[ChannelTalk]) -> SpanArray:
    return union(*(channel.masked for channel in channels))
