"""Masking zeros: for recordings in which redacted or paused stretches are zeros on every channel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from callbeam.audio import hop_extremes
from callbeam.line.digital_silence import SHORTEST_S, steady_runs
from callbeam.spans import SpanArray, as_spans, intersect, subtract, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.audio import Channel


def zero_spans(channels: Sequence[Channel]) -> SpanArray:
    """Find where all channels of a piece are zero together.

    Parameters
    ----------
    channels : sequence of Channel
        Of one piece; each with its own sample rate.

    Returns
    -------
    int64 array, shape (k, 2)
        Samples of the first channel's grid: spans of at least 1 s in which every channel that has audio delivers zeros.
        A channel's gaps neither make nor break a span, but there is none where no channel has audio.
    """
    if not channels:
        return as_spans(())
    rate = channels[0].sample_rate_hz
    audio = [_at_rate(channel.covered, channel.sample_rate_hz, rate) for channel in channels]
    together = everything = union(*audio)
    for channel, covered in zip(channels, audio, strict=True):
        zeros = _at_rate(_zeros(channel), channel.sample_rate_hz, rate)
        together = intersect(together, union(zeros, subtract(everything, covered)))
    return together[together[:, 1] - together[:, 0] >= SHORTEST_S * rate]


def mask_zeros(channels: Sequence[Channel]) -> tuple[Channel, ...]:
    """Take what ``zero_spans`` finds out of every channel's ``covered``.

    Returns
    -------
    tuple of Channel
        In the same order, with the same samples; what is masked is neither speech nor silence in any table.

    Examples
    --------
    >>> import numpy as np
    >>> from callbeam.audio import channel_of_pcm
    >>> samples = np.random.default_rng(1).integers(-500, 500, (2, 32_000)).astype(np.int16)
    >>> samples[:, 8_000:24_000] = 0  # what was said in these 2 s is not to be kept
    >>> masked = mask_zeros([channel_of_pcm(row, 8000) for row in samples])
    >>> masked[0].covered.tolist()
    [[0, 8000], [24000, 32000]]
    """
    spans = zero_spans(channels)
    if not len(spans):
        return tuple(channels)
    rate = channels[0].sample_rate_hz
    return tuple(
        replace(channel, covered=subtract(channel.covered, _at_rate(spans, rate, channel.sample_rate_hz)))
        for channel in channels
    )


def _zeros(channel: Channel) -> SpanArray:
    """Return the channel's runs of zeros, of any length that can make up a second between the gaps of others."""
    extremes = hop_extremes(channel)
    return steady_runs(channel, extremes, 3 * extremes.hop, limit=0)


def _at_rate(spans: SpanArray, rate: int, other: int) -> SpanArray:
    """Bring spans of samples from one rate's grid to another's."""
    return spans if rate == other else as_spans((spans * other + rate // 2) // rate)
