"""The spectral lines of stretches of samples: how many hold the energy, at which frequencies, and how evenly they run.

Stretches of one length are transformed side by side: a voice makes a thousand candidates for a tone in a quarter of an
hour, of 100 ms each, and numpy's calls would cost far more than their work.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import fft

from callbeam.audio import hann_window

if TYPE_CHECKING:
    from collections.abc import Sequence

Float64Array = npt.NDArray[np.float64]
Lines = tuple[list[tuple[float, float]], float]
"""Lines as frequency in Hz and energy, the strongest first, and their share of all energy."""

LEAST_CONCENTRATION = 0.8
"""Share of a burst's energy that must lie at its frequencies: a signal-to-noise ratio of 6 dB."""

LARGEST_TWIST_DB = 8.0
"""Of two frequencies the weaker may be so much weaker; else there is one."""

BEATING_HZ = 75.0
"""Frequencies this close to their neighbour are one tone that beats: 440 + 480 Hz, or 400 Hz modulated with 25 Hz."""

_LOWEST_HZ = 150.0
_AT_ONCE = 1 << 17  # samples that are transformed side by side: 6 MB with what is made of them
_TOP_BINS = 2  # to either side of a peak, whose centre is its frequency


def lines_of_each(stretches: Float64Array, rate: int) -> list[Lines | None]:
    """Return the one to three lines that each of some steady tones consists of.

    Three are taken only of a tone that beats, such as a modulated one.

    Parameters
    ----------
    stretches : float64 array, shape (k, n)
        Samples, one tone a row.
    rate : int
        In Hz.

    Returns
    -------
    list of Lines or None, of length k
        None where they have less than ``LEAST_CONCENTRATION`` of the energy.
    """
    rows = max(_AT_ONCE // max(stretches.shape[1], 1), 1)
    return [
        lines
        for at in range(0, len(stretches), rows)
        for lines in map(_lines, *_strongest(stretches[at : at + rows], rate, 3))
    ]


def _lines(frequencies: Float64Array, energies: Float64Array, total: float) -> Lines | None:
    if not total:
        return None
    least = energies[0] * 10 ** (-LARGEST_TWIST_DB / 10)
    lines = [line for line in zip(frequencies.tolist(), energies.tolist(), strict=True) if line[1] >= least]
    if len(lines) == 3 and max(lines)[0] - min(lines)[0] > 2 * BEATING_HZ:
        lines.pop()
    concentration = float(sum(energy for _, energy in lines) / total)
    return (lines, concentration) if concentration >= LEAST_CONCENTRATION else None


def spectral_lines(samples: Float64Array, rate: int) -> tuple[list[float], float] | None:
    """Return the frequencies of one or two tones in Hz, the stronger first, and their share of the energy.

    None where they have less than ``LEAST_CONCENTRATION`` of it.
    """
    ((strongest, second),), ((own, other),), (total,) = _strongest(samples[None], rate, 2)
    if not total:
        return None
    if other >= own * 10 ** (-LARGEST_TWIST_DB / 10) and own + other >= LEAST_CONCENTRATION * total:
        return [float(strongest), float(second)], float((own + other) / total)
    return ([float(strongest)], float(own / total)) if own >= LEAST_CONCENTRATION * total else None


def _strongest(stretches: Float64Array, rate: int, count: int) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Return the strongest lines of each stretch: frequencies and energies, shape (k, count), and all energy, (k,).

    What lies at a line is taken out before the next one is looked for; where nothing is left, both are 0.
    """
    samples = stretches.shape[1]
    # Whole hops: bins then lie at the same frequencies at any sample rate, and so does what is read off them.
    hop = rate // 100
    length = hop * fft.next_fast_len(-(-2 * samples // hop), real=True)
    resolution = rate / length
    reach = max(round(2 * length / samples), round(6 / resolution))  # the window's main lobe
    spectrum = fft.rfft((stretches * _window(samples)).astype(np.float32), length, axis=1, workers=1)
    bins = spectrum.shape[1]
    power = np.zeros((len(stretches), bins + 2 * reach), np.float32)  # a line at its end reaches beyond the spectrum
    np.square(np.abs(spectrum), out=power[:, reach : reach + bins])
    power[:, : reach + int(_LOWEST_HZ / resolution)] = 0
    total = power.sum(axis=1, dtype=np.float64)
    frequencies, energies = np.zeros((2, len(stretches), count))
    rows, lobe = np.arange(len(stretches))[:, None], np.arange(2 * reach + 1)
    near = slice(reach - _TOP_BINS, reach + _TOP_BINS + 1)
    for line in range(count):
        top = power.argmax(axis=1)[:, None]
        columns = np.maximum(top - reach, 0) + lobe
        around = power[rows, columns].astype(np.float64)
        energies[:, line] = around.sum(axis=1)
        weights = around[:, near]
        centre = (weights * (columns[:, near] - reach)).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-300)
        frequencies[:, line] = centre * resolution
        power[rows, columns] = 0
    return frequencies, energies, total


def drift_of(samples: Float64Array, rate: int, lines_hz: Sequence[float]) -> float:
    """Return by how many radians the phase of the strongest line, after 100 ms, is off what a steady tone's is.

    Parameters
    ----------
    samples : float64 array, shape (n,)
    rate : int
    lines_hz : sequence of float
        The strongest first; windows are so long that they keep it apart from the others.

    Returns
    -------
    float
        The median, which a few lost packets do not move; 0 where the samples are too few to tell.
    """
    hop = rate // 100
    nearest = min((abs(hz - lines_hz[0]) for hz in lines_hz[1:]), default=1000.0)
    length = hop * min(max(4, round(250 / max(nearest, 1.0))), 12)
    count = (len(samples) - length) // hop + 1
    if count < 4:
        return 0.0
    windows = samples[np.arange(0, count * hop, hop)[:, None] + np.arange(length)]
    turning = np.exp(-2j * np.pi * lines_hz[0] / rate * np.arange(length)) * _window(length)
    # Windows lie a hop apart: what the frequency turns from one to the next is taken out as well.
    phasors = windows.dot(turning) * np.exp(-2j * np.pi * lines_hz[0] / rate * hop * np.arange(count))
    lag = min(10, count // 2)
    turned = phasors[lag:] * np.conj(phasors[:-lag])
    turned /= np.maximum(np.abs(turned), 1e-12)
    usual = complex(median(turned.real), median(turned.imag))
    # Over less than 100 ms noise weighs more: twice as strict a test is as far as that goes.
    return median(np.abs(np.angle(turned * np.conj(usual)))) * min(10 / lag, 2)


def median(values: npt.NDArray[np.floating]) -> float:
    """Return the median; numpy's own costs far more on so few values."""
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


@lru_cache(maxsize=128)
def _window(length: int) -> Float64Array:
    return hann_window(length)
