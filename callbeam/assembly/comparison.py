"""A call's channels side by side: how they are heard on each other, and what that says of layout and roles."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from callbeam.assembly.channels import JoinedChannel
    from callbeam.audio.leak import Leak
    from callbeam.speech.piece import ChannelLeak


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


def compare_channels(channels: Sequence[JoinedChannel], leaks: Sequence[ChannelLeak]) -> ComparedChannels:
    """Compare the channels of one call.

    Parameters
    ----------
    channels : sequence of JoinedChannel
    leaks : sequence of ChannelLeak
        Of all pieces, in any order; those of other channels are left out.
    """
    known = {channel.channel_id: channel for channel in channels}
    between: dict[tuple[str, str], list[Leak]] = defaultdict(list)
    for some in leaks:
        if some.source_id in known and some.target_id in known:
            between[some.source_id, some.target_id].append(some.leak)
    joined = {pair: _strongest_evidence(some) for pair, some in between.items()}
    correlations = [leak.correlation for leak in joined.values() if leak.correlation is not None]
    layout, warnings = _layout(channels, joined)
    heard = {target: leak for (_, target), leak in joined.items() if leak.echo_db is not None}
    return ComparedChannels(
        layout=layout,
        of_call={"channel_layout": layout, "channel_correlation": max(correlations, default=None)},
        of_channel={
            name: {
                "role_confidence": 1.0,
                "echo_leak_db": heard[name].echo_db if name in heard else None,
                "echo_delay_ms": heard[name].delay_ms if name in heard else None,
            }
            for name in known
        },
        leak_levels={},
        warnings=tuple(warnings),
    )


def _strongest_evidence(leaks: Sequence[Leak]) -> Leak:
    """Return what the piece with most audio to compare says; of equals, the one in which the leak is louder."""
    return max(leaks, key=lambda leak: (leak.evidence_s, leak.echo_db or float("-inf"), leak.correlation or 0.0))


def _layout(channels: Sequence[JoinedChannel], leaks: Mapping[tuple[str, str], Leak]) -> tuple[str | None, list[str]]:
    """Tell how participants are spread over channels."""
    if len(channels) < 2:
        return ("mono" if channels else None), []
    if len({channel.extent.pcm_sha256 for channel in channels}) == 1:
        return "dual_mono", ["channels_identical"]
    return "stereo", ["echo_leak"] if any(leak.echo_db is not None for leak in leaks.values()) else []
