"""Bursts of steady tone: one frequency, or the two of a telephone signal, at one level for at least 250 ms.

Candidates come from the frames' level and voicing alone: no voice keeps within 1 dB for long, and noise has no period.
Only their samples are transformed. A burst is one where most of the energy lies at one or two frequencies; its ends are
where the power at these falls by half.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

from callbeam.audio.frames import FULL_SCALE, BoolArray, Float32Array, hann_window
from callbeam.audio.level import power_to_dbfs
from callbeam.calls.spans import bridge, spans_of_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.audio.channel import Channel
    from callbeam.audio.features import FrameFeatures

Float64Array = npt.NDArray[np.float64]

QUIETEST_DBFS = -50.0
"""Tones below this are not looked for: what is that quiet is an echo or crosstalk."""

LEAST_CONCENTRATION = 0.7
"""Share of a burst's energy that must lie at its frequencies: a signal-to-noise ratio of 4 dB."""

SHORTEST_MS = 250
LARGEST_TWIST_DB = 8.0
"""Of two frequencies the weaker may be so much weaker; else there is one."""

_VOICING = 0.7
_LEVEL_RANGE_DB = 1.2
_ZERO_CROSSING_RANGE = 0.06
_SMOOTHED = 5  # frames whose power is averaged: beats of 30 Hz and more vanish
_STEADY = 10  # frames over which level and zero crossings keep within their range
_FEWEST = 8  # frames of a candidate
_LOWEST_HZ = 150.0
_ANALYSED_S = 1.0
_EDGE_HOPS = 25
_ENOUGH_HOPS = 300  # of a long tone, to know its level
_LOSS_HOPS = 8
"""A tone goes on after fewer 10 ms of anything else: lost packets."""


@dataclass(frozen=True, slots=True)
class Burst:
    """A stretch of steady tone.

    Attributes
    ----------
    begin_ms, end_ms : float
        From the leg's clock zero.
    frequencies_hz : tuple of float
        One, or two in rising order.
    strongest_hz : float
    level_dbfs : float
        RMS.
    concentration : float
        Share of the energy at its frequencies.
    """

    begin_ms: float
    end_ms: float
    frequencies_hz: tuple[float, ...]
    strongest_hz: float
    level_dbfs: float
    concentration: float

    @property
    def duration_ms(self) -> float:
        """Length."""
        return self.end_ms - self.begin_ms


def steady_bursts(channel: Channel, features: FrameFeatures, probability: Float32Array) -> list[Burst]:
    """Find the steady tones of a channel, leads included.

    Parameters
    ----------
    channel : Channel
    features : FrameFeatures
        Of this channel.
    probability : float32 array, shape (n,)
        The voice activity detector's, of each of the features' frames.

    Returns
    -------
    list of Burst
        Sorted, disjoint, at least ``SHORTEST_MS`` long.
    """
    bursts: list[Burst] = []
    for begin, end in bridge(spans_of_mask(steady_frames(features)), 4).tolist():
        if end - begin < _FEWEST or np.median(probability[begin:end]) >= 0.5:
            continue
        burst = _measure(channel, features, begin, end)
        if burst and burst.duration_ms >= SHORTEST_MS:
            if bursts and burst.begin_ms < bursts[-1].end_ms + _LOSS_HOPS * 10 and same_tone(burst, bursts[-1]):
                burst = _joined(bursts.pop(), burst)
            elif bursts and burst.begin_ms < bursts[-1].end_ms:
                continue
            bursts.append(burst)
    return bursts


def steady_frames(features: FrameFeatures) -> BoolArray:
    """Tell which frames are loud, periodic, and keep their level and rate of zero crossings for 100 ms around."""
    level = np.nan_to_num(features.measures["level_dbfs"], nan=-200.0)
    power = uniform_filter1d(np.exp(level * np.float32(np.log(10) / 10)), _SMOOTHED)
    smooth = np.log(np.maximum(power, np.float32(1e-12))) * np.float32(10 / np.log(10))
    crossings = uniform_filter1d(np.nan_to_num(features.measures["zero_crossing_rate"]), _SMOOTHED)
    with np.errstate(invalid="ignore"):
        periodic = features.measures["voicing"] >= _VOICING
    loud: BoolArray = (level > QUIETEST_DBFS) & periodic
    return np.asarray(
        loud & (_range(smooth) <= _LEVEL_RANGE_DB) & (_range(crossings) <= _ZERO_CROSSING_RANGE), dtype=np.bool_
    )


def _range(values: Float32Array) -> Float32Array:
    """Return the difference of largest and least value around each frame."""
    difference: Float32Array = maximum_filter1d(values, _STEADY) - minimum_filter1d(values, _STEADY)
    return difference


def same_tone(left: Burst, right: Burst) -> bool:
    """Tell whether two bursts have the same frequencies, within 1.5 % and 3 Hz."""
    return len(left.frequencies_hz) == len(right.frequencies_hz) and all(
        abs(one - other) <= 0.015 * other + 3
        for one, other in zip(left.frequencies_hz, right.frequencies_hz, strict=True)
    )


def _joined(left: Burst, right: Burst) -> Burst:
    longer = max(left, right, key=lambda burst: burst.duration_ms)
    return Burst(
        left.begin_ms,
        max(left.end_ms, right.end_ms),
        longer.frequencies_hz,
        longer.strongest_hz,
        longer.level_dbfs,
        longer.concentration,
    )


def _measure(channel: Channel, features: FrameFeatures, begin: int, end: int) -> Burst | None:
    """Measure a candidate, frames [begin, end) of the features; None if it is no steady tone."""
    rate = channel.sample_rate_hz
    hop = rate // 100
    first = features.span.first
    middle, half = (begin + end) * hop // 2, min(int(_ANALYSED_S * rate), (end - begin + _STEADY // 2) * hop) // 2
    low = max(first * hop + middle - half - channel.first_sample, 0)
    samples = channel.samples[low : low + 2 * half].astype(np.float64) / FULL_SCALE
    if len(samples) < hop:
        return None
    tones = spectral_lines(samples, rate)
    if tones is None:
        return None
    frequencies, concentration = tones
    begin_ms, end_ms = edges_of_tone(channel, frequencies, first + begin, first + end)
    level = float(power_to_dbfs(np.mean(samples * samples)))
    return Burst(begin_ms, end_ms, tuple(sorted(frequencies)), frequencies[0], level, concentration)


def spectral_lines(samples: Float64Array, rate: int) -> tuple[list[float], float] | None:
    """Return the frequencies of one or two tones in Hz, the stronger first, and their share of the energy.

    None where they have less than ``LEAST_CONCENTRATION`` of it.
    """
    count = len(samples)
    # Whole hops: bins then lie at the same frequencies at any sample rate, and so does what is read off them.
    hop = rate // 100
    length = hop * fft.next_fast_len(-(-2 * count // hop), real=True)
    power = np.square(np.abs(fft.rfft(samples * hann_window(count), length, workers=1)))
    resolution = rate / length
    reach = max(round(2 * length / count), round(6 / resolution))  # the window's main lobe
    power[: int(_LOWEST_HZ / resolution)] = 0
    total = power.sum()
    if not total:
        return None
    strongest, own = _take_peak(power, reach, resolution)
    second, other = _take_peak(power, reach, resolution)
    if other >= own * 10 ** (-LARGEST_TWIST_DB / 10) and own + other >= LEAST_CONCENTRATION * total:
        return [strongest, second], float((own + other) / total)
    return ([strongest], float(own / total)) if own >= LEAST_CONCENTRATION * total else None


def _take_peak(power: Float64Array, reach: int, resolution: float) -> tuple[float, float]:
    """Return frequency and energy of the strongest peak, and set it to 0."""
    top = int(power.argmax())
    around = slice(max(top - reach, 0), top + reach + 1)
    energy = float(power[around].sum())
    if not energy:
        return 0.0, 0.0
    near = np.arange(max(top - 2, 0), min(top + 3, len(power)))
    frequency = float((power[near] * near).sum() / power[near].sum() * resolution)
    power[around] = 0
    return frequency, energy


def edges_of_tone(channel: Channel, frequencies: Sequence[float], begin: int, end: int) -> tuple[float, float]:
    """Return in ms where a tone begins and ends that sounds throughout the leg's frames [begin, end).

    Its power over 30 ms, every 10 ms, is followed outwards to where it falls below half.
    """
    if end - begin > 2 * _ENOUGH_HOPS:
        begin_ms, _ = edges_of_tone(channel, frequencies, begin, begin + _ENOUGH_HOPS)
        return begin_ms, edges_of_tone(channel, frequencies, end - _ENOUGH_HOPS, end)[1]
    hop = channel.sample_rate_hz // 100
    low = max(begin - _EDGE_HOPS, -(-channel.first_sample // hop))
    high = min(end + _EDGE_HOPS, (channel.first_sample + len(channel.samples)) // hop)
    if high <= low:
        return begin * 10.0, end * 10.0
    power = tone_power(channel, frequencies, low, high)
    smooth = uniform_filter1d(power, 3, mode="constant")
    inside = slice(max(begin - low, 0), max(end - low, 1))
    loud = np.flatnonzero(smooth >= 0.5 * _median(smooth[inside])).tolist()
    begin_hop = _outermost(inside.start, [hop for hop in reversed(loud) if hop < inside.start])
    end_hop = _outermost(min(inside.stop, len(smooth)) - 1, [hop for hop in loud if hop >= inside.stop])
    return (low + _crossing(smooth, begin_hop, -1)) * 10.0, (low + _crossing(smooth, end_hop, 1)) * 10.0


def _median(values: Float64Array) -> float:
    """Return the median; numpy's own costs far more on so few values."""
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _outermost(hop: int, others: Sequence[int]) -> int:
    """Follow a tone from hop to hop, nearest first, to the last one before it is gone for ``_LOSS_HOPS``."""
    for other in others:
        if abs(other - hop) > _LOSS_HOPS:
            break
        hop = other
    return hop


def tone_power(channel: Channel, frequencies: Sequence[float], low: int, high: int) -> Float64Array:
    """Return the power at some frequencies in each hop of the leg's [low, high), which the samples must hold."""
    hop = channel.sample_rate_hz // 100
    samples = channel.samples[low * hop - channel.first_sample : high * hop - channel.first_sample]
    hops = samples.astype(np.float32).reshape(-1, hop)
    power = np.zeros(len(hops))
    for frequency in frequencies:
        power += np.square(np.abs(hops.dot(_turning(frequency, channel.sample_rate_hz))))
    return power


@lru_cache(maxsize=32)
def _turning(frequency: float, rate: int) -> npt.NDArray[np.complex64]:
    """Return what turns a frequency in Hz to 0 over a hop; DTMF asks for the same eight all the time."""
    return np.asarray(np.exp(-2j * np.pi * frequency / rate * np.arange(rate // 100)), dtype=np.complex64)


def _crossing(smooth: Float64Array, at: int, step: int) -> float:
    """Return, in hops, the edge of what is loud up to hop ``at``, which power takes 30 ms to leave."""
    beyond = at + step
    edge = at + (1 if step > 0 else 0)
    if not 0 <= beyond < len(smooth):
        return float(edge)
    plateau = smooth[max(min(at - 3 * step, len(smooth) - 1), 0)]
    # Where the tone ends with the hop, two of the three hops around it hold tone.
    share = 3 * smooth[at] / max(plateau, 1e-30)
    return edge + step * float(min(max(share - 2.0, -0.5), 0.5))
