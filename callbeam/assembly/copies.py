"""The same audio on several streams of a call: one copy counts, and names the others.

Copies are told from small rows: by the digest of all samples, or by the chunks of ``callbeam.audio.fingerprint`` where
a copy begins or ends a little differently, or lacks a fragment.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from callbeam.line import GAP
from callbeam.spans import as_spans, intersect, length, subtract
from callbeam.timeline import PIECE_MS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from callbeam.assembly.joined_channels import JoinedChannel
    from callbeam.spans import SpanArray

SAME_AUDIO = "same_audio_on_several_streams"

COPIED_SHARE = 0.5
"""Channels of which so many chunks are the same are copies, in whole or in part: no two calls' chunks ever are."""

SPARE_MS = 2_000
"""How much a copy may hold beside what counts and still be left out: a first or last fragment. Of more than that, both
are kept: sound would be lost, and the warning says what is there twice."""

LegKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Copies:
    """Which of a call's channels are copies.

    Attributes
    ----------
    kept : list of JoinedChannel
        Those that count, in the order given.
    streams : mapping of str to list of str
        By kept channel: the ARNs of the streams that hold copies of it, sorted.
    legs : mapping of (str, int) to str
        Legs of which nothing is kept, and the stream whose audio they hold.
    found : bool
        Some audio lies on several streams, whether left out or not.
    """

    kept: list[JoinedChannel]
    streams: Mapping[str, list[str]] = field(default_factory=dict)
    legs: Mapping[LegKey, str] = field(default_factory=dict)
    found: bool = False


def find_copies(channels: Sequence[JoinedChannel]) -> Copies:
    """Tell copies among the channels of one call.

    The leg with most samples counts; the earliest of equal ones, then the first by stream. A copy is a channel of
    another stream that lies at the same time and carries the same participant: the same sound on two participants'
    channels is no copy, but a call of which nobody is told apart (``dual_mono``). Channels that tell nothing by
    themselves follow the others of their leg.

    Parameters
    ----------
    channels : sequence of JoinedChannel
    """
    legs = _by_leg(channels)
    if len({arn for arn, _ in legs}) < 2:
        return Copies(list(channels))
    ordered = sorted(legs.items(), key=lambda entry: (-sum(c.extent.samples for c in entry[1]), _first(entry[1])))
    copy_of: dict[str, JoinedChannel] = {}
    found = False
    for index, (_, leg) in enumerate(ordered):
        for channel in leg:
            for other in (one for _, kept in ordered[:index] for one in kept if one.channel_id not in copy_of):
                copied, left_out = _compare(other, channel)
                found |= copied
                if left_out and channel.channel_id not in copy_of:
                    copy_of[channel.channel_id] = other
        _take_untold(leg, legs, copy_of)
    if _is_dual_mono(channels, copy_of):
        return Copies(list(channels))
    streams: dict[str, set[str]] = defaultdict(set)
    for channel in channels:
        if channel.channel_id in copy_of:
            streams[copy_of[channel.channel_id].channel_id].add(channel.first.leg.stream.arn)
    return Copies(
        kept=[channel for channel in channels if channel.channel_id not in copy_of],
        streams={name: sorted(arns) for name, arns in streams.items()},
        legs={
            key: copy_of[leg[0].channel_id].first.leg.stream.name
            for key, leg in legs.items()
            if all(channel.channel_id in copy_of for channel in leg)
        },
        found=found,
    )


def _by_leg(channels: Sequence[JoinedChannel]) -> dict[LegKey, list[JoinedChannel]]:
    ordered = sorted(channels, key=lambda channel: (channel.first.leg_key, channel.channel_id))
    return {key: list(some) for key, some in groupby(ordered, key=lambda channel: channel.first.leg_key)}


def _first(leg: Sequence[JoinedChannel]) -> tuple[int, LegKey]:
    return min(channel.begin_ms for channel in leg), leg[0].first.leg_key


def _compare(kept: JoinedChannel, other: JoinedChannel) -> tuple[bool, bool]:
    """Tell whether two channels are the same audio, for half of it at least; and whether one may be left out."""
    if kept.first.leg.stream.arn == other.first.leg.stream.arn or not _same_party(kept, other):
        return False, False
    at, other_at = _spans(kept), _spans(other)
    if not len(intersect(at, other_at)) or _silent(other):
        return False, False
    contained = length(subtract(other_at, at)) <= SPARE_MS
    if kept.extent.pcm_sha256 == other.extent.pcm_sha256:
        return True, contained
    chunks = other.extent.chunks
    strange = chunks[~np.isin(chunks["digest"], kept.extent.chunks["digest"])]
    if len(strange) > (1 - COPIED_SHARE) * len(chunks) or not len(chunks):
        return False, False
    # A chunk is another one where it lies across an edge of either channel's audio, or a border between pieces.
    edges = np.concatenate([at.ravel(), other_at.ravel(), _piece_borders(kept), _piece_borders(other)])
    zero = other.first.clock.start_ms
    begin, end = (strange[name].astype(np.int64)[:, None] + zero for name in ("begin", "end"))
    at_edge = np.any((edges > begin - SPARE_MS) & (edges < end + SPARE_MS), axis=1)
    return True, contained and bool(np.all(at_edge))


def _same_party(one: JoinedChannel, other: JoinedChannel) -> bool:
    role = one.first.participant_role
    return role == other.first.participant_role and (role is not None or one.first.track_name == other.first.track_name)


def _spans(channel: JoinedChannel) -> SpanArray:
    """Return where a channel has audio, UTC milliseconds."""
    gaps = as_spans(
        (detection.begin_ms, detection.end_ms) for detection in channel.voice.detections if detection.kind == GAP
    )
    return subtract(as_spans([(channel.begin_ms, channel.end_ms)]), gaps)


def _piece_borders(channel: JoinedChannel) -> npt.NDArray[np.int64]:
    zero = channel.first.clock.start_ms
    return np.array(range(zero + PIECE_MS, channel.end_ms, PIECE_MS), np.int64)


def _silent(channel: JoinedChannel) -> bool:
    return channel.levels["digital_zero_ratio"] == 1


def _take_untold(
    leg: Sequence[JoinedChannel], legs: Mapping[LegKey, list[JoinedChannel]], copy_of: dict[str, JoinedChannel]
) -> None:
    """Let channels that tell nothing by themselves, silent or too quiet to be cut, follow the others of their leg."""
    originals = [copy_of[channel.channel_id] for channel in leg if channel.channel_id in copy_of]
    for channel in leg:
        if not originals or channel.channel_id in copy_of or not (_silent(channel) or not len(channel.extent.chunks)):
            continue
        for other in legs[originals[0].first.leg_key]:
            apart = subtract(_spans(channel), _spans(other))
            if _same_party(other, channel) and _silent(channel) <= _silent(other) and length(apart) <= SPARE_MS:
                copy_of[channel.channel_id] = other


def _is_dual_mono(channels: Sequence[JoinedChannel], copy_of: Mapping[str, JoinedChannel]) -> bool:
    """Tell whether two streams, a participant each and which nothing tells, hold one sound: no copy, but a mixture."""
    return (
        len(channels) == 2
        and len(copy_of) == 1
        and all(c.first.leg.identity.source == "chime" and c.first.participant_role is None for c in channels)
    )
