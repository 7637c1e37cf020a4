"""A call's channels side by side: how they are heard on each other, and what that says of layout and roles."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from callbeam.calls import AGENT, CUSTOMER
from callbeam.line import (
    BLEED,
    CHANNELS_MAY_BE_SWAPPED,
    DUAL_MONO,
    ECHO_LEAK,
    Comparison,
    Leak,
    channel_layout,
    join_comparisons,
    may_be_swapped,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from callbeam.analysis import ChannelPair
    from callbeam.assembly.joined_channels import JoinedChannel
    from callbeam.line import Detection

ROLE_CONFIDENCE = {
    "track_name": 1.0,
    "connect_recording": 1.0,
    "call_list": 1.0,
    "siprec": 1.0,
    "siprec_label": 0.8,
    "is_caller": 0.8,
    "default": 0.8,
    "lca_recording": 0.8,
}
"""By ``role_source``; nothing is known of the others."""

DOUBTFUL = 0.3
"""What is left of a role's confidence where tones lie on the wrong channel, or a channel holds both participants."""


@dataclass(frozen=True, slots=True)
class ComparedChannels:
    """What comparing a call's channels tells.

    Attributes
    ----------
    layout : str or None
        ``stereo``, ``bleed``, ``dual_mono`` or ``mono``; None without audio.
    of_call : dict of str to object
        Columns of table ``calls``.
    of_channel : dict of str to dict
        By channel: columns of table ``channels``.
    leak_levels : dict of str to float
        By channel on which another is heard: at what level, in dBFS.
    warnings : tuple of str
    """

    layout: str | None
    of_call: dict[str, Any]
    of_channel: dict[str, dict[str, Any]]
    leak_levels: dict[str, float]
    warnings: tuple[str, ...]


def compare_channels(
    channels: Sequence[JoinedChannel],
    pairs: Sequence[ChannelPair],
    across: Mapping[tuple[str, str], Comparison] | None = None,
) -> ComparedChannels:
    """Compare the channels of one call.

    Parameters
    ----------
    channels : sequence of JoinedChannel
    pairs : sequence of ChannelPair
        What the pieces say, in any order; that of channels which are not among these is left out.
    across : mapping of (str, str) to Comparison, optional
        By two channels' ids: what comparing legs on different streams tells.
    """
    known = {channel.channel_id: channel for channel in channels}
    between: dict[tuple[str, str], list[Comparison]] = defaultdict(list)
    for pair in sorted(pairs, key=lambda pair: pair.piece):
        if pair.first_id in known and pair.second_id in known:
            between[pair.first_id, pair.second_id].append(pair.comparison)
    joined = {names: some for names, parts in sorted(between.items()) if (some := join_comparisons(parts)) is not None}
    by_samples = bool(joined)
    joined |= across or {}
    if not by_samples and _same_sound(channels):
        joined[channels[0].channel_id, channels[1].channel_id] = Comparison(True, Leak(), Leak())
    main = max(joined.values(), key=_evidence_s, default=None)
    layout, warnings = channel_layout(len(channels), main)
    swapped = may_be_swapped(_detections(channels, CUSTOMER), _detections(channels, AGENT))
    heard = _heard(joined)
    found = {*warnings, *([CHANNELS_MAY_BE_SWAPPED] if swapped else []), *_echo_warnings(channels, layout)}
    return ComparedChannels(
        layout=layout,
        of_call={"channel_layout": layout, "channel_correlation": main.correlation if main else None},
        of_channel={
            name: {
                "role_confidence": _confidence(channel, doubtful=swapped or layout in {DUAL_MONO, BLEED}),
                "echo_leak_db": heard[name][1].echo_db if name in heard else None,
                "echo_delay_ms": heard[name][1].delay_ms if name in heard else None,
            }
            for name, channel in known.items()
        },
        leak_levels=_leak_levels(known, heard),
        warnings=tuple(sorted(found)),
    )


def _same_sound(channels: Sequence[JoinedChannel]) -> bool:
    """Tell by the digests whether several channels that were never compared hold the same samples, not all 0."""
    digests = {channel.extent.pcm_sha256 for channel in channels}
    return len(channels) > 1 and len(digests) == 1 and channels[0].levels["digital_zero_ratio"] != 1


def _echo_warnings(channels: Sequence[JoinedChannel], layout: str | None) -> list[str]:
    """Warn of echo that was found by a channel's own levels, where there was no other to compare it with."""
    return [ECHO_LEAK] if layout != DUAL_MONO and any(channel.voice.echoed for channel in channels) else []


def _evidence_s(comparison: Comparison) -> float:
    return comparison.forward.evidence_s + comparison.backward.evidence_s


def _detections(channels: Sequence[JoinedChannel], role: str) -> list[Detection]:
    return list(chain.from_iterable(one.voice.detections for one in channels if one.first.participant_role == role))


def _heard(joined: dict[tuple[str, str], Comparison]) -> dict[str, tuple[str, Leak]]:
    """Return the loudest leak on each channel, and from which channel it comes."""
    ways = [(target, source, some.forward, some.backward) for (source, target), some in joined.items()]
    ways += [(target, source, some.backward, some.forward) for (target, source), some in joined.items()]
    found = [
        (leak.echo_db, target, source, leak)
        for target, source, leak, back in ways
        if leak.echo_db is not None and not _is_source(leak, back)
    ]
    return {target: (source, leak) for _, target, source, leak in sorted(found, key=lambda entry: entry[:3])}


def _is_source(leak: Leak, back: Leak) -> bool:
    """Tell whether a leak is what leaks the other way, met where it comes from: louder there than on the other."""
    return leak.echo_db is not None and back.echo_db is not None and leak.echo_db > 0 >= back.echo_db


def _leak_levels(known: dict[str, JoinedChannel], heard: dict[str, tuple[str, Leak]]) -> dict[str, float]:
    levels = {}
    for target, (source, leak) in heard.items():
        level = known[source].voice.columns["active_level_dbfs"]
        if level is not None and leak.echo_db is not None:
            levels[target] = level + leak.echo_db
    return levels


def _confidence(channel: JoinedChannel, *, doubtful: bool) -> float | None:
    confidence = ROLE_CONFIDENCE.get(channel.first.role_source)
    return DOUBTFUL if doubtful and confidence is not None else confidence
