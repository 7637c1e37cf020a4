"""What a call's legs hear of each other where they lie on different streams, and what of their speech is their own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio import HOP_MS
from callbeam.legs import compare_tracks, explained_frames, join_tracks, take_out_leaks
from callbeam.line import TONE
from callbeam.spans import as_spans, clip, length, mask_of_spans, subtract
from callbeam.voice import join_voice_levels, voice_levels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from callbeam.assembly.joined_channels import JoinedChannel
    from callbeam.audio import BoolArray, Float32Array
    from callbeam.legs import LevelTrack, TrackPart
    from callbeam.line import Comparison, Detection
    from callbeam.spans import SpanArray

LEAKED_SHARE = 0.5
"""A tone is another leg's if so much of its energy lies where that leg's leak explains it."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnSpeech:
    """What is left of a channel's speech; in frames of its leg.

    Attributes
    ----------
    speech, taken : SpanArray
        The channel's own, and what turned out to be another leg's.
    level_dbfs : float32 array, shape (n,)
        Of the leg's frames, NaN where masked.
    """

    speech: SpanArray
    taken: SpanArray
    level_dbfs: Float32Array


@dataclass(frozen=True, slots=True)
class HeardLegs:
    """A call's channels after their legs were compared.

    Attributes
    ----------
    channels : list of JoinedChannel
        Those given, in order; speech, levels and detections of those that ``own`` names are their own alone.
    comparisons : dict of (str, str) to Comparison
        By two channels' ids, in order.
    own : dict of str to OwnSpeech
        By channel: only those of which something was taken.
    """

    channels: list[JoinedChannel]
    comparisons: dict[tuple[str, str], Comparison] = field(default_factory=dict)
    own: dict[str, OwnSpeech] = field(default_factory=dict)

    def taken_ms(self) -> dict[str, SpanArray]:
        """Return what was taken out of each channel's speech that was compared, UTC milliseconds."""
        starts = {channel.channel_id: channel.first.clock.start_ms for channel in self.channels}
        compared = {name for pair in self.comparisons for name in pair}
        return {
            name: self.own[name].taken * HOP_MS + starts[name] if name in self.own else as_spans(())
            for name in sorted(compared)
        }


def hear_legs(channels: Sequence[JoinedChannel], parts: Iterable[TrackPart]) -> HeardLegs:
    """Compare the legs of a call that lie on different streams.

    Parameters
    ----------
    channels : sequence of JoinedChannel
        Of one call.
    parts : iterable of TrackPart
        In any order; that of channels which are not among these is left out.
    """
    packed: dict[str, list[TrackPart]] = defaultdict(list)
    for part in parts:
        packed[part.channel_id].append(part)
    heard = [channel for channel in channels if channel.channel_id in packed]
    pairs = [pair for pair in combinations(heard, 2) if _are_partners(*pair)]
    if not pairs:
        return HeardLegs(list(channels))
    names = {channel.channel_id for pair in pairs for channel in pair}
    tracks = {name: join_tracks(packed[name]) for name in sorted(names)}
    comparisons = {_names(pair): _compare(*pair, tracks) for pair in pairs}
    explained = _explained({channel.channel_id: channel for channel in heard}, comparisons, tracks)
    own = {}
    for channel in heard:
        name = channel.channel_id
        if name in explained and (some := _own(channel, tracks[name], explained[name])) is not None:
            own[name] = some
    return HeardLegs(
        [
            _with_own(one, own[one.channel_id], tracks[one.channel_id], explained[one.channel_id])
            if one.channel_id in own
            else one
            for one in channels
        ],
        comparisons,
        own,
    )


def _names(pair: tuple[JoinedChannel, JoinedChannel]) -> tuple[str, str]:
    return pair[0].channel_id, pair[1].channel_id


def _are_partners(one: JoinedChannel, other: JoinedChannel) -> bool:
    """Tell whether channels are different participants' on different streams, at the same time."""
    role = one.first.participant_role
    return (
        one.first.leg.stream.arn != other.first.leg.stream.arn
        and (role is None or role != other.first.participant_role)
        and max(one.begin_ms, other.begin_ms) < min(one.end_ms, other.end_ms)
    )


def _shift_ms(source: JoinedChannel, target: JoinedChannel) -> int:
    return target.first.clock.start_ms - source.first.clock.start_ms


def _compare(one: JoinedChannel, other: JoinedChannel, tracks: Mapping[str, LevelTrack]) -> Comparison:
    unsure_ms = one.first.clock.uncertainty_ms + other.first.clock.uncertainty_ms
    first, second = tracks[one.channel_id], tracks[other.channel_id]
    return compare_tracks(first, second, shift_ms=_shift_ms(one, other), unsure_ms=unsure_ms)


def _explained(
    channels: Mapping[str, JoinedChannel],
    comparisons: Mapping[tuple[str, str], Comparison],
    tracks: Mapping[str, LevelTrack],
) -> dict[str, BoolArray]:
    """Return which frames of each channel another leg's leak explains."""
    explained: dict[str, BoolArray] = {}
    for (first, second), comparison in comparisons.items():
        if comparison.alike:
            continue  # of legs that are the same sound, neither explains the other
        for source, target, leak in ((first, second, comparison.forward), (second, first, comparison.backward)):
            shift_ms = _shift_ms(channels[source], channels[target])
            frames = explained_frames(tracks[source], tracks[target], leak, shift_ms=shift_ms)
            explained[target] = explained.get(target, np.zeros_like(frames)) | frames
    return explained


def _own(channel: JoinedChannel, track: LevelTrack, explained: BoolArray) -> OwnSpeech | None:
    """Take out what is explained; None if that is nothing."""
    leg_ms = channel.voice.speech - channel.first.clock.start_ms
    frames = np.stack((leg_ms[:, 0] // HOP_MS, -(-leg_ms[:, 1] // HOP_MS)), axis=1)
    speech = clip(frames, 0, len(track.level_dbfs))
    own = take_out_leaks(speech, track.level_dbfs, explained)
    taken = subtract(speech, own)
    return OwnSpeech(own, taken, track.level_dbfs) if len(taken) else None


def _with_own(channel: JoinedChannel, own: OwnSpeech, track: LevelTrack, explained: BoolArray) -> JoinedChannel:
    """Say of a channel what is true of its own speech alone."""
    start_ms = channel.first.clock.start_ms
    speech = clip(own.speech * HOP_MS, 0, channel.end_ms - start_ms)
    levels = voice_levels(track.features(), mask_of_spans(own.speech, 0, len(track.level_dbfs)))
    columns = {**channel.voice.columns, "speech_ms": length(speech), **join_voice_levels([levels])}
    detections = tuple(
        one for one in channel.voice.detections if not _is_leak(one, start_ms, track.level_dbfs, explained)
    )
    voice = replace(channel.voice, speech=speech + start_ms, detections=detections, echoed=True, columns=columns)
    return replace(channel, voice=voice)


def _is_leak(detection: Detection, start_ms: int, level_dbfs: Float32Array, explained: BoolArray) -> bool:
    """Tell whether a tone is what leaks of one."""
    if detection.kind != TONE:
        return False
    begin, end = (detection.begin_ms - start_ms) // HOP_MS, -(-(detection.end_ms - start_ms) // HOP_MS)
    part = slice(max(begin, 0), max(end, 0))
    power = 10 ** (np.nan_to_num(level_dbfs[part], nan=-200.0) / 10)
    return bool(power[explained[part]].sum() >= LEAKED_SHARE * power.sum())
