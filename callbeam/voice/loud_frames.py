"""Where a channel is loud enough to be heard: only near there is anything measured but levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter1d

from callbeam.audio import FULL_SCALE, HOP_MS, HOPS_PER_SECOND, BoolArray, frame_grid

if TYPE_CHECKING:
    from callbeam.audio import Channel, Float32Array, FrameSpan

HEARD_AROUND_MS = 500
"""What lies within this of a frame that is loud enough to be speech is heard by the detector, and has spectra."""

PITCHED_AROUND_MS = 200
"""Pitch is looked for within this of such a frame: the ends of words are fainter, but not longer."""

_HOPS_AT_ONCE = 60 * HOPS_PER_SECOND
_ROUNDING = 0.999  # frames' levels are measured in float32, too


def frames_reaching(channel: Channel, span: FrameSpan, least_dbfs: float) -> BoolArray:
    """Tell which frames may reach a level.

    Parameters
    ----------
    channel : Channel
    span : FrameSpan
        Of the channel.
    least_dbfs : float
        As ``VoiceActivityConfig.min_level_dbfs``. Speech that stays below it throughout is none.

    Returns
    -------
    bool array, shape (n,)
        True for every frame of that level; of steady noise up to 1 dB below it, too, for a frame is judged by the
        three hop intervals that it reaches into.
    """
    energy = _hop_energies(channel, len(span.measured))
    around = energy.copy()
    around[1:] += energy[:-1]
    around[:-1] += energy[1:]
    least = frame_grid(channel.sample_rate_hz).frame_length * 10 ** (least_dbfs / 10)
    return np.asarray(around >= least * _ROUNDING)


def frames_near(frames: BoolArray, around_ms: int) -> BoolArray:
    """Tell which frames lie within a distance of one that is marked.

    Parameters
    ----------
    frames : bool array, shape (n,)
    around_ms : int
        The distance, a multiple of 10 ms.

    Returns
    -------
    bool array, shape (n,)

    Examples
    --------
    >>> frames_near(np.array([False, False, False, True, False, False]), 10).tolist()
    [False, False, True, True, True, False]
    """
    return np.asarray(maximum_filter1d(frames, 2 * (around_ms // HOP_MS) + 1, mode="constant"), dtype=np.bool_)


def _hop_energies(channel: Channel, count: int) -> Float32Array:
    """Return the sum of squares of each hop interval that the samples reach, in [-1, 1); float32, shape (count,)."""
    hop = frame_grid(channel.sample_rate_hz).hop
    lead = channel.first_sample % hop
    energies = np.zeros(count, dtype=np.float32)
    for at in range(0, count, _HOPS_AT_ONCE):
        some = energies[at : at + _HOPS_AT_ONCE]
        hops = np.zeros(len(some) * hop, dtype=np.float32)
        begin = at * hop - lead
        inside = channel.samples[max(begin, 0) : begin + len(hops)]
        np.multiply(inside, np.float32(1 / FULL_SCALE), out=hops[max(-begin, 0) :][: len(inside)])
        rows = hops.reshape(len(some), hop)
        np.einsum("ij,ij->i", rows, rows, out=some)
    return energies
