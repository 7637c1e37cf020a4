"""Clipping: where a sound was too loud for its format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio import LEAST_LIMIT, HopExtremes, at_limits, hop_extremes
from callbeam.line.detections import CLIPPING, Detection
from callbeam.spans import spans_of_mask

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.audio import Channel

JOINED_WITHIN_MS = 100
FEWEST_SAMPLES = 3
"""G.711's outermost step covers the loudest 0.3 dB: one or two samples in it are a loud peak, not a clipped one."""


def find_clipping(channel: Channel, extremes: HopExtremes | None = None) -> list[Detection]:
    """Find the clipped stretches of a channel's core.

    Returns
    -------
    list of Detection
        Samples at the limits with less than 100 ms between them, at least three of them; ``clipped_samples`` counts
        those in the core, ``begin_ms`` and ``end_ms`` are from the leg's clock zero, clipped to the core.
    """
    rate = channel.sample_rate_hz
    places = limit_samples(channel, extremes)
    if not len(places):
        return []
    apart = np.flatnonzero(np.diff(places) > JOINED_WITHIN_MS * rate // 1000)
    detections = []
    for cluster in np.split(places, apart + 1):
        core = cluster[(cluster >= channel.core_start) & (cluster < channel.core_end)]
        if len(cluster) >= FEWEST_SAMPLES and len(core):
            begin_ms, end_ms = int(core[0]) * 1000 // rate, -(-(int(core[-1]) + 1) * 1000 // rate)
            detections.append(Detection(CLIPPING, begin_ms, end_ms, clipped_samples=len(core)))
    return detections


def limit_samples(channel: Channel, extremes: HopExtremes | None = None) -> npt.NDArray[np.int64]:
    """Return the leg's indices of all samples at a format's limits, int64, rising.

    Parameters
    ----------
    channel : Channel
    extremes : HopExtremes, optional
        Of this channel, where they are known already: only where they lie that far out samples are looked at.
    """
    extremes = extremes or hop_extremes(channel)
    loud = (extremes.highest >= LEAST_LIMIT) | (extremes.lowest <= -LEAST_LIMIT)
    places = [np.zeros(0, dtype=np.int64)]
    for first, last in spans_of_mask(loud, extremes.first).tolist():
        begin = max(first * extremes.hop - channel.first_sample, 0)
        end = last * extremes.hop - channel.first_sample
        places.append(np.flatnonzero(at_limits(channel.samples[begin:end])) + begin + channel.first_sample)
    return np.concatenate(places).astype(np.int64)
