"""A voice without pulses: sinusoids at the harmonics, each with a phase of its own.

After McAulay and Quatieri (1986, IEEE Trans. ASSP 34, 744-754). The harmonics' levels are those of a voice; that their
phases do not belong together takes the sharp onsets of the periods away, on which pitch and borders may rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.callmaker.voices.articulation import CONTROL_S
from callbeam.callmaker.voices.vocal_tract import tract_response

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.callmaker.voices.articulation import Articulation

HARMONICS = 60
HIGHEST_HZ = 3800.0
TILT_DB_PER_OCTAVE = -8.0
"""Of the source and the radiation together."""


def sum_of_sinusoids(plan: Articulation, count: int, rate: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Say an articulation; vowels of strength 1 have an RMS level of 1.

    Parameters
    ----------
    plan : Articulation
    count, rate : int
        Samples, and their rate in Hz.
    rng : numpy.random.Generator
        Draws the phases.

    Returns
    -------
    float64 array, shape (count,)
    """
    turns = np.concatenate(([0.0], np.cumsum((plan.f0_hz[1:] + plan.f0_hz[:-1]) / 2 * CONTROL_S)))
    times = np.arange(count) / rate
    phase = 2 * np.pi * np.interp(times, plan.times_s, turns)
    numbers = np.arange(1, HARMONICS + 1)
    amplitudes = np.stack([_amplitudes(plan, at, numbers) for at in range(len(plan.times_s))])
    power = np.sqrt(np.sum(amplitudes**2, axis=1) / 2)
    amplitudes *= (plan.voicing / np.maximum(power, 1e-12))[:, None]
    sound = np.zeros(count)
    for number, track, start in zip(numbers, amplitudes.T, rng.uniform(0, 2 * np.pi, HARMONICS), strict=True):
        if track.any():
            sound += np.interp(times, plan.times_s, track) * np.cos(number * phase + start)
    return sound


def _amplitudes(plan: Articulation, at: int, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the harmonics' amplitudes at a step of the control tracks."""
    frequency = numbers * plan.f0_hz[at]
    level = np.abs(tract_response(plan.formants_hz[:, at : at + 1], frequency)[0])
    tilt = numbers ** (TILT_DB_PER_OCTAVE / 20 / np.log10(2))
    amplitudes: npt.NDArray[np.float64] = level * tilt * np.clip((HIGHEST_HZ - frequency) / 200, 0, 1)
    return amplitudes
