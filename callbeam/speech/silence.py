"""When nobody speaks, and when nobody can be heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.calls.spans import as_spans, clip, length, subtract, union
from callbeam.speech.thresholds import DEFAULT_THRESHOLDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.calls.spans import SpanArray
    from callbeam.speech.talk import ChannelTalk
    from callbeam.speech.thresholds import Thresholds


def spoken(channels: Sequence[ChannelTalk]) -> SpanArray:
    """Return when anyone speaks on the channels."""
    return as_spans((said.begin_ms, said.end_ms) for channel in channels for said in channel.utterances)


def non_talk(
    channels: Sequence[ChannelTalk], scope: tuple[int, int], thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> SpanArray:
    """Return the stretches of at least ``non_talk_ms`` in which nobody speaks and nothing is masked.

    A channel that has not begun, or is over, is a participant who is not on the line: silent. Where no channel is,
    nobody is heard.
    """
    there = as_spans((channel.begin_ms, channel.end_ms) for channel in channels)
    masked = union(*(channel.masked for channel in channels))
    silent = subtract(subtract(clip(there, *scope), masked), spoken(channels))
    return silent[silent[:, 1] - silent[:, 0] >= thresholds.non_talk_ms]


def masked_ms(channels: Sequence[ChannelTalk], scope: tuple[int, int]) -> int:
    """Return for how long no channel can be heard."""
    heard = union(*(subtract(as_spans([(one.begin_ms, one.end_ms)]), one.masked) for one in channels))
    return scope[1] - scope[0] - length(clip(heard, *scope))
