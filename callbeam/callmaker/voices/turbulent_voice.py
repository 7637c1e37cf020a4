"""Voices without pitch: whisper, and noise that is shaped as speech.

Whisper is turbulence through the vocal tract where there would be pulses. Vocoded speech keeps no more of a voice than
the levels of a few bands (Shannon et al. 1995, Science 270, 303-304): people understand it all the same.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import butter, sosfiltfilt

from callbeam.callmaker.voices.vocal_tract import tract_response

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.callmaker.voices.articulation import Articulation

FRAME_S = 0.016
"""The tract is taken to stand still for half of it."""

BANDS_HZ = np.geomspace(120.0, 3800.0, 9)
ENVELOPE_HZ = 25.0
"""Faster changes of a band's level are lost: pitch is."""


def shaped_noise(plan: Articulation, count: int, rate: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Whisper an articulation; vowels of strength 1 have an RMS level of about 1.

    Parameters
    ----------
    plan : Articulation
    count, rate : int
        Samples, and their rate in Hz.
    rng : numpy.random.Generator

    Returns
    -------
    float64 array, shape (count,)
    """
    size = 2 * round(FRAME_S * rate / 2)
    hop = size // 2
    frames = count // hop + 2
    padded = rng.standard_normal((frames + 1) * hop)
    middles = np.arange(frames) * hop / rate
    formants = np.stack([np.interp(middles, plan.times_s, track) for track in plan.formants_hz])
    frequency = np.fft.rfftfreq(size, 1 / rate)
    # The source of whisper lies above the glottis and rises with frequency: F1 is weak.
    response = np.abs(tract_response(formants, frequency)) * np.minimum(frequency / 1000, 1.0)
    response /= np.sqrt(np.mean(response**2, axis=1, keepdims=True))
    response *= np.interp(middles, plan.times_s, plan.voicing)[:, None]
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size))
    sound = np.zeros((frames + 1) * hop)
    for at in range(frames):
        part = slice(at * hop, at * hop + size)
        sound[part] += window * np.fft.irfft(np.fft.rfft(window * padded[part]) * response[at], size)
    return sound[hop : hop + count]


def vocoded(samples: npt.NDArray[np.float64], rate: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return noise whose bands have the levels of a sound's.

    Parameters
    ----------
    samples : float64 array, shape (n,)
    rate : int
    rng : numpy.random.Generator

    Returns
    -------
    float64 array, shape (n,)
    """
    noise = rng.standard_normal(len(samples))
    slow = butter(2, ENVELOPE_HZ, fs=rate, output="sos")
    total = np.zeros(len(samples))
    for low, high in pairwise(BANDS_HZ.tolist()):
        band = butter(3, [low, high], btype="bandpass", fs=rate, output="sos")
        power = sosfiltfilt(slow, sosfiltfilt(band, samples) ** 2)
        carrier = sosfiltfilt(band, noise)
        total += np.sqrt(np.maximum(power, 0)) * carrier / max(float(np.sqrt(np.mean(carrier**2))), 1e-12)
    return total
