"""Digital silence: stretches in which a line delivers one and the same value, not even noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio import HopExtremes, hop_extremes
from callbeam.spans import SpanArray, as_spans, bridge, clip, intersect, spans_of_mask

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.audio import Channel

SHORTEST_S = 1.0
"""A run of at least this length is digital silence; mu-law makes shorter ones of any quiet line."""

STEADY_LIMIT = 8
"""Largest absolute value that counts as nothing when it stands still.

G.711 has no single zero: mu-law's two zero codes both decode to 0, but A-law's quietest codes decode to +8 and -8, so
that a muted A-law line is a run of 8. A line with any noise toggles between values and is no digital silence.
"""


def digital_silence(channel: Channel, extremes: HopExtremes | None = None) -> SpanArray:
    """Find where a channel is digitally silent.

    Parameters
    ----------
    channel : Channel
    extremes : HopExtremes, optional
        Of this channel, where they are known already.

    Returns
    -------
    int64 array, shape (k, 2)
        Milliseconds from the leg's clock zero: runs of at least 1 s of one value, at most 8 in magnitude, within
        covered audio. A run is judged by all of it that the leads show, and clipped to the core.
    """
    rate = channel.sample_rate_hz
    runs = steady_runs(channel, extremes or hop_extremes(channel), round(SHORTEST_S * rate))
    core = clip(runs, channel.core_start, channel.core_end)
    return as_spans((core * 1000 + rate // 2) // rate)


def steady_runs(channel: Channel, extremes: HopExtremes, shortest: int, limit: int = STEADY_LIMIT) -> SpanArray:
    """Find runs of one value in covered audio.

    Parameters
    ----------
    channel : Channel
    extremes : HopExtremes
        Of this channel.
    shortest : int
        Samples of the shortest run wanted, at least three hop intervals.
    limit : int
        The value's largest magnitude; 0 for zeros alone.

    Returns
    -------
    int64 array, shape (k, 2)
        Sample indices of the leg. Runs of different values that touch are one: there is nothing to be heard in either.
    """
    lowest, highest = extremes.lowest, extremes.highest
    steady = (lowest == highest) & (np.abs(highest.astype(np.int32)) <= limit)
    found = []
    for begin, end in spans_of_mask(steady, extremes.first).tolist():
        if (end - begin + 2) * extremes.hop >= shortest:  # it may reach into the intervals on either side
            found.extend(_within(channel, begin * extremes.hop, end * extremes.hop, extremes.hop, limit))
    runs = intersect(bridge(as_spans(found), 1), channel.covered)
    return runs[runs[:, 1] - runs[:, 0] >= shortest]


def _within(channel: Channel, begin: int, end: int, hop: int, limit: int) -> list[tuple[int, int]]:
    """Extend a stretch of steady intervals to where its values change: as far as an interval on either side."""
    samples = channel.samples
    low, high = max(begin - channel.first_sample, 0), min(end - channel.first_sample, len(samples))
    before = samples[max(low - hop, 0) : low][::-1]
    after = samples[high : high + hop]
    low -= _leading(before, samples[low]) if low < len(samples) else 0
    high += _leading(after, samples[high - 1])
    return [(low + channel.first_sample, high + channel.first_sample)] if abs(int(samples[low])) <= limit else []


def _leading(samples: npt.NDArray[np.int16], value: np.int16) -> int:
    """Count the samples at the front that have a value."""
    differing = samples != value
    return int(differing.argmax()) if differing.any() else len(samples)
