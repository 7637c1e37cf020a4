"""The lowest and highest sample of every 10 ms: where silence and clipping are looked for first, and waveform peaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.audio.frames import covered_between

if TYPE_CHECKING:
    from callbeam.audio.channel import Channel

HOPS_PER_SECOND = 100
PEAKS_PER_SECOND = 20
PEAK_MS = 1000 // PEAKS_PER_SECOND
NO_AUDIO = -1


@dataclass(frozen=True, slots=True)
class HopExtremes:
    """Extremes over hop intervals of the leg's grid, those that the samples fill.

    Attributes
    ----------
    hop : int
        Samples of an interval: those of the frame grid, 10 ms.
    first : int
        Index of the first interval: [first * hop, (first + 1) * hop) of the leg's samples.
    lowest, highest : int16 array, shape (n,)
        Over the interval's samples; what lies in gaps or beyond the samples counts as 0.
    """

    hop: int
    first: int
    lowest: npt.NDArray[np.int16]
    highest: npt.NDArray[np.int16]

    def magnitude(self) -> npt.NDArray[np.int32]:
        """Return the largest absolute sample of each interval, int32, 0 to 32768."""
        return np.maximum(self.highest.astype(np.int32), -self.lowest.astype(np.int32))


def hop_extremes(channel: Channel) -> HopExtremes:
    """Find the extremes of every hop interval that a channel's samples reach."""
    hop = channel.sample_rate_hz // HOPS_PER_SECOND
    first, lead = divmod(channel.first_sample, hop)
    samples = channel.samples
    if not len(samples):
        empty = np.zeros(0, dtype=np.int16)
        return HopExtremes(hop, first, empty, empty)
    # The intervals at the ends are rarely full; padding a copy of all samples for them would cost more than the search.
    head = min(-lead % hop, len(samples))
    whole = (len(samples) - head) // hop
    middle = samples[head : head + whole * hop].reshape(whole, hop)
    tail = samples[head + whole * hop :]
    ends = [samples[:head]] if head else []
    lowest = [*(_reach(np.minimum, part) for part in ends), middle.min(axis=1)]
    highest = [*(_reach(np.maximum, part) for part in ends), middle.max(axis=1)]
    if len(tail):
        lowest.append(_reach(np.minimum, tail))
        highest.append(_reach(np.maximum, tail))
    return HopExtremes(hop, first, np.concatenate(lowest), np.concatenate(highest))


def _reach(extreme: np.ufunc, samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Return the extreme of a part of an interval, whose rest counts as 0."""
    return np.array([extreme.reduce(samples, initial=0)], dtype=np.int16)


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
