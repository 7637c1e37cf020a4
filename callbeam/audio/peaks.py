"""Peaks for drawing a waveform: 20 numbers per second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio.extremes import HopExtremes, hop_extremes
from callbeam.audio.frames import covered_between

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.audio.channel import Channel

PEAKS_PER_SECOND = 20
PEAK_MS = 1000 // PEAKS_PER_SECOND
NO_AUDIO = -1


def peaks(channel: Channel, extremes: HopExtremes | None = None) -> npt.NDArray[np.int8]:
    """Return the largest absolute sample of each 50 ms of a channel's core.

    Parameters
    ----------
    channel : Channel
    extremes : HopExtremes, optional
        Of this channel, where they are known already.

    Returns
    -------
    int8 array, shape (n,)
        Absolute samples / 256, 0 to 127, ``NO_AUDIO`` (-1) where the 50 ms hold no audio. Item 0 stands for the 50 ms
        of the leg's clock that ``core_start`` lies in (pieces begin on whole seconds), the last one for that in which
        the core ends.
    """
    extremes = extremes or hop_extremes(channel)
    rate = channel.sample_rate_hz
    step = rate // PEAKS_PER_SECOND
    first, last = channel.core_start // step, -(-channel.core_end // step)
    hops_each = step // extremes.hop
    magnitudes = np.zeros((last - first) * hops_each, dtype=np.int32)
    at = extremes.first - first * hops_each
    known = extremes.magnitude()[max(-at, 0) : max(len(magnitudes) - at, 0)]
    magnitudes[max(at, 0) : max(at, 0) + len(known)] = known
    largest: npt.NDArray[np.int8] = np.minimum(magnitudes.reshape(-1, hops_each).max(axis=1) >> 8, 127).astype(np.int8)
    edges = np.arange(first, last + 1, dtype=np.int64) * step
    largest[covered_between(channel.covered, edges) == 0] = NO_AUDIO
    return largest
