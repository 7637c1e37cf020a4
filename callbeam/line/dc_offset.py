"""The constant offset (DC) of a line, which carries no sound but counts as level, as noise and as voice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio import HopExtremes, hop_extremes
from callbeam.line.digital_silence import SHORTEST_S, steady_runs
from callbeam.spans import clip, subtract

if TYPE_CHECKING:
    from callbeam.audio import Channel

SMALLEST = 32
"""Offset that is taken out, 0.001 of full scale: -60 dBFS, where the noise of a good line lies. Sound itself has
a mean, too, though a smaller one."""


def without_offset(channel: Channel, extremes: HopExtremes | None = None) -> Channel:
    """Take a channel's constant offset out of its samples.

    Parameters
    ----------
    channel : Channel
    extremes : HopExtremes, optional
        Of this channel, where they are known already.

    Returns
    -------
    Channel
        The same, where the mean of the core's samples is smaller than ``SMALLEST``. Else with samples that are less by
        that mean, rounded, and clipped to int16. Digital silence neither counts nor changes: where a line is shut,
        there is no offset.

    Examples
    --------
    >>> from callbeam.audio import channel_of_pcm
    >>> hum = 500 + 1000 * np.sin(2 * np.pi * 50 * np.arange(8000) / 8000)
    >>> round(float(without_offset(channel_of_pcm(hum.astype(np.int16), 8000)).samples.mean()))
    0
    """
    silent = steady_runs(channel, extremes or hop_extremes(channel), round(SHORTEST_S * channel.sample_rate_hz))
    sounding = subtract(channel.covered, silent) - channel.first_sample
    core = clip(sounding, channel.core_start - channel.first_sample, channel.core_end - channel.first_sample)
    total = sum(int(channel.samples[begin:end].sum(dtype=np.int64)) for begin, end in core.tolist())
    offset = round(total / max(int((core[:, 1] - core[:, 0]).sum()), 1))
    if abs(offset) < SMALLEST:
        return channel
    # Clipped first: 16 bits then hold every difference.
    lowest, highest = max(-32768, -32768 + offset), min(32767, 32767 + offset)
    samples = channel.samples.copy()
    for begin, end in sounding.tolist():
        samples[begin:end] = np.clip(samples[begin:end], lowest, highest) - np.int16(offset)
    return replace(channel, samples=samples)
