"""What excites the vocal tract: spectra of one glottal pulse, by table.

``rosenberg``: Rosenberg's pulse (1971, JASA 49, 583-590): a slow opening, a closing twice as fast, an abrupt end.
``lf``: Liljencrants and Fant's model (Fant, Liljencrants and Lin 1985, STL-QPSR 4/1985), whose closure is rounded off,
by the one parameter Rd (Fant 1995, STL-QPSR 2-3/1995): about 0.4 for a pressed voice, 1 for a usual one, 2.5 for a
breathy one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.callmaker.voices.articulation import VoiceProfile

_STEPS, _PADDING = 2048, 16
"""Points of a period in the tables, and how much finer than the harmonics they are."""

LF_GAIN = 19.0
"""Brings a vowel of this source to the level that one of Rosenberg's pulses has."""


def source_spectrum(voice: VoiceProfile, harmonic: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
    """Return the spectrum of a pulse of unit period at multiples of the pitch; the closure is at time 0."""
    table = _lf_table(round(voice.rd, 2)) if voice.source == "lf" else _rosenberg_table(round(voice.open_quotient, 2))
    position = np.minimum(harmonic * _PADDING, len(table) - 2)
    index = position.astype(np.int64)
    fraction = position - index
    return table[index] * (1 - fraction) + table[index + 1] * fraction


@lru_cache(maxsize=64)
def _rosenberg_table(open_quotient: float) -> npt.NDArray[np.complex128]:
    phase = np.arange(_STEPS) / _STEPS
    opening, closing = open_quotient * 2 / 3, open_quotient / 3
    pulse = np.where(
        phase < opening,
        0.5 * (1 - np.cos(np.pi * phase / opening)),
        np.where(phase < open_quotient, np.cos(np.pi / 2 * (phase - opening) / closing), 0.0),
    )
    return _spectrum(pulse, open_quotient)


@lru_cache(maxsize=256)
def _lf_table(rd: float) -> npt.NDArray[np.complex128]:
    returning, asymmetry = (-1 + 4.8 * rd) / 100, (22.4 + 11.8 * rd) / 100
    rising = asymmetry / (4 * (0.11 * rd / (0.5 + 1.2 * asymmetry) - returning))
    closure = (1 + asymmetry) / (2 * rising)
    omega, rest = 2 * np.pi * rising, 1 - closure
    decay = brentq(lambda rate: rate * returning - 1 + np.exp(-rate * rest), 1e-3 / returning, 1.01 / returning)
    phase = np.arange(_STEPS) / _STEPS

    def derivative(growth: float) -> npt.NDArray[np.float64]:
        """Return the flow's derivative, -1 at the closure."""
        open_phase = -np.exp(growth * (phase - closure)) * np.sin(omega * phase) / np.sin(omega * closure)
        closing = -(np.exp(-decay * (phase - closure)) - np.exp(-decay * rest)) / (decay * returning)
        flow: npt.NDArray[np.float64] = np.where(phase < closure, open_phase, closing)
        return flow

    # The flow is 0 again at the end of the period.
    growth = brentq(lambda rate: float(derivative(rate).sum()), -50.0, 150.0)
    return _spectrum(LF_GAIN * np.cumsum(derivative(growth)) / _STEPS, closure)


def _spectrum(flow: npt.NDArray[np.float64], closure: float) -> npt.NDArray[np.complex128]:
    """Return the Fourier transform of one period, moved so that the closure, which excites the tract, is at time 0."""
    shifted = np.zeros(_STEPS * _PADDING)
    shifted[:_STEPS] = flow
    table = np.fft.rfft(shifted) / _STEPS
    moved: npt.NDArray[np.complex128] = table * np.exp(2j * np.pi * np.arange(len(table)) / _PADDING * closure)
    return moved
