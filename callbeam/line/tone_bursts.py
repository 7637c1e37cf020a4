"""Bursts of steady tone: one frequency, two, or a few that beat with each other, for at least 70 ms.

Candidates come from what the frames' spectra tell of themselves: how few lines hold their power, and where. A tone
keeps both; a voice keeps neither for long, and noise has no lines. Only the candidates' samples are transformed. In a
burst most of the energy lies at a few frequencies, and the phase runs as evenly as a generator's; its ends are where
the power at these frequencies falls by half.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d

from callbeam.audio import FULL_SCALE, BoolArray, Float32Array, power_to_dbfs
from callbeam.line.echo import NO_LEVEL_DBFS
from callbeam.line.tone_lines import BEATING_HZ, Lines, drift_of, lines_of_each, median
from callbeam.spans import bridge, spans_of_mask

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callbeam.audio import Channel, FrameFeatures
    from callbeam.spans import SpanArray

Float64Array = npt.NDArray[np.float64]

QUIETEST_DBFS = -50.0
"""Tones below this are not looked for: what is that quiet is an echo or crosstalk."""

SHORT_MS, LEAST_CONCENTRATION_OF_SHORT = 250, 0.89
"""A voice keeps still for so short a time now and then, but hardly ever with so little beside it."""

APART_DB = 10.0

LOWEST_HZ = 250.0
"""No signal lies lower; hum and a voice's first harmonic do."""

LARGEST_DRIFT = 0.2
"""Radians by which a tone's phase, after 100 ms, is off what its frequency gives, in the median: 0.3 Hz. No voice holds
a note like that; 10 dB of noise makes 0.05."""

SHORTEST_MS = 70
"""A call waiting tone of 100 ms (United Kingdom), less what noise takes of it."""

_LEAST_LINES = 0.12
"""Of a frame's ``concentration``: two lines as strong at 10 dB over noise have 0.15."""

_CENTRE_RANGE = 0.03  # of the frequency, over the frames around
_SMOOTHED = 3  # frames that are averaged, with the weight of their power: a beat's silence says nothing
_STEADY = 5  # frames over which the centre keeps within its range
_FEWEST = 5  # frames of a candidate
_BRIDGED = 2  # frames
_ANALYSED_S = 1.0
_HALVED_S = 0.2
_EDGE_MS = 60.0  # frames are judged with those around
_EDGE_HOPS = 25
_ENOUGH_HOPS = 300  # of a long tone, to know its level
_LOSS_HOPS = 8
"""A tone goes on after fewer 10 ms of anything else: lost packets."""

_LONG_MS, _LOST_OF_LONG_MS = 800.0, 200.0
"""One that has sounded for so long goes on after so much: beeps that part by less are shorter."""


@dataclass(frozen=True, slots=True)
class Burst:
    """A stretch of steady tone.

    Attributes
    ----------
    begin_ms, end_ms : float
        From the leg's clock zero.
    frequencies_hz : tuple of float
        One, or two in rising order; of what beats (``BEATING_HZ``) the middle.
    strongest_hz : float
        Of all lines.
    level_dbfs : float
        RMS.
    concentration : float
        Share of the energy at its frequencies.
    beating : bool
        One of the frequencies is several that beat.
    flat : bool
        It keeps its level, as a plucked or sung note does not.
    apart : bool
        All sound falls by ``APART_DB`` within 70 ms on either side, as it does not around a vowel within a word.
    """

    begin_ms: float
    end_ms: float
    frequencies_hz: tuple[float, ...]
    strongest_hz: float
    level_dbfs: float
    concentration: float
    beating: bool = False
    flat: bool = True
    apart: bool = True

    @property
    def duration_ms(self) -> float:
        """Length."""
        return self.end_ms - self.begin_ms


def steady_bursts(channel: Channel, features: FrameFeatures) -> list[Burst]:
    """Find the steady tones of a channel, leads included.

    Returns
    -------
    list of Burst
        Sorted, disjoint, at least ``SHORTEST_MS`` long.
    """
    bursts: list[Burst] = []
    spans = bridge(spans_of_mask(steady_frames(features)), _BRIDGED + 1)
    for burst in _measured(channel, features, spans[spans[:, 1] - spans[:, 0] >= _FEWEST]):
        if burst.duration_ms >= SHORTEST_MS:
            _add(bursts, burst)
    return bursts


def _measured(channel: Channel, features: FrameFeatures, spans: SpanArray) -> Iterator[Burst]:
    """Measure candidates, spans of the features' frames, those of one length side by side; yield the steady tones."""
    rate = channel.sample_rate_hz
    hop = rate // 100
    half = np.minimum(int(_ANALYSED_S * rate), (spans[:, 1] - spans[:, 0]) * hop) // 2
    low = np.maximum((features.span.first * hop - channel.first_sample) + spans.sum(axis=1) * hop // 2 - half, 0)
    lengths = np.clip(len(channel.samples) - low, 0, 2 * half)
    bursts: dict[int, Burst] = {}
    for length in np.unique(lengths[lengths >= hop]).tolist():
        places = np.flatnonzero(lengths == length)
        stretches = channel.samples[low[places, None] + np.arange(length)].astype(np.float64) / FULL_SCALE
        for place, samples, lines in zip(places.tolist(), stretches, lines_of_each(stretches, rate), strict=True):
            begin, end = spans[place].tolist()
            burst = _measure(channel, features, (begin, end), samples, lines)
            if burst is not None:
                bursts[place] = burst
    for place in sorted(bursts):
        yield bursts[place]


def _add(bursts: list[Burst], burst: Burst) -> None:
    """Add a burst to those before it: to the last one, if it is the same tone going on."""
    last = bursts[-1] if bursts else None
    if last and same_tone(burst, last):
        longer = max(last, burst, key=lambda one: one.duration_ms)
        lost_ms = _LOSS_HOPS * 10 if longer.duration_ms < _LONG_MS else _LOST_OF_LONG_MS
        if burst.begin_ms < last.end_ms + lost_ms:
            bursts[-1] = replace(longer, begin_ms=last.begin_ms, end_ms=max(last.end_ms, burst.end_ms))
            return
    if last and burst.begin_ms < last.end_ms:
        burst = replace(burst, begin_ms=last.end_ms)
    if burst.duration_ms >= SHORTEST_MS:
        bursts.append(burst)


def steady_frames(features: FrameFeatures) -> BoolArray:
    """Tell which frames are loud, hold their power in few lines, and keep these where they are."""
    level = known(features.measures["level_dbfs"], NO_LEVEL_DBFS)
    power = np.exp(level * np.float32(np.log(10) / 10))
    total = np.maximum(uniform_filter1d(power, _SMOOTHED), np.float32(1e-20))
    lines = uniform_filter1d(known(features.concentration, 0) * power, _SMOOTHED) / total
    centre = uniform_filter1d(known(features.centre_hz, 0) * power, _SMOOTHED) / total
    spread = range_around(centre, _STEADY)
    loud = level > QUIETEST_DBFS
    return np.asarray(loud & (lines >= _LEAST_LINES) & (spread <= _CENTRE_RANGE * centre), dtype=np.bool_)


def known(values: Float32Array, least: float) -> Float32Array:
    """Return values with ``least``, which none lies below, where they are NaN: ``nan_to_num`` takes longer."""
    return np.fmax(values, np.float32(least))


def range_around(values: Float32Array, size: int) -> Float32Array:
    """Return by how much values differ over ``size`` items, from ``size // 2`` before each on, as far as there are any.

    Extremes of twice as many items each time are those of two overlapping stretches: to filter item by item, as SciPy
    does, takes eight times as long.
    """
    if not len(values):
        return values
    highest = lowest = np.pad(values, (size // 2, size - 1 - size // 2), mode="edge")
    span = 1
    while span < size:
        step = min(span, size - span)
        highest = np.maximum(highest[step:], highest[:-step])
        lowest = np.minimum(lowest[step:], lowest[:-step])
        span += step
    return highest - lowest


def same_tone(left: Burst, right: Burst) -> bool:
    """Tell whether two bursts have the same frequencies, within 1.5 % and 3 Hz."""
    return len(left.frequencies_hz) == len(right.frequencies_hz) and all(
        abs(one - other) <= 0.015 * other + 3
        for one, other in zip(left.frequencies_hz, right.frequencies_hz, strict=True)
    )


def _measure(
    channel: Channel, features: FrameFeatures, frames: tuple[int, int], samples: Float64Array, whole: Lines | None
) -> Burst | None:
    """Measure a candidate, frames [begin, end) of the features; None if it is no steady tone.

    Parameters
    ----------
    samples : float64 array, shape (n,)
        Of the candidate's middle.
    whole : Lines or None
        Of these samples.
    """
    rate, first = channel.sample_rate_hz, features.span.first
    begin, end = frames
    if whole is not None and (end - begin) * 10 + 2 * _EDGE_MS < SHORT_MS and _is_doubtful(whole):
        whole = None  # it will not be found to be longer
    tones = _steady_lines(samples, rate, whole)
    if tones is None:
        return None
    lines, concentration = tones
    begin_ms, end_ms = edges_of_tone(channel, [hz for hz, _ in lines], first + begin, first + end)
    # What goes on beyond, but not as steadily, is a voice.
    begin_ms, end_ms = max(begin_ms, (first + begin) * 10 - _EDGE_MS), min(end_ms, (first + end) * 10 + _EDGE_MS)
    if end_ms - begin_ms < SHORT_MS and _is_doubtful(tones):
        return None
    level = float(power_to_dbfs(np.mean(samples * samples)))
    frequencies = _middles(lines)
    return Burst(
        begin_ms,
        end_ms,
        frequencies,
        lines[0][0],
        level,
        concentration,
        beating=len(lines) > len(frequencies),
        flat=_is_flat(samples, rate),
        apart=_is_apart(features, begin_ms, end_ms),
    )


def _is_doubtful(lines: Lines) -> bool:
    """Tell whether a voice may have made lines, if they sound for a short time."""
    return lines[1] < LEAST_CONCENTRATION_OF_SHORT


def _steady_lines(samples: Float64Array, rate: int, whole: Lines | None) -> Lines | None:
    """Return the lines of a steady tone, and their share of the energy; ``whole`` are those of all samples.

    A lost packet turns the phase, and so parts a line in two: one half of the samples may tell what the whole does not,
    if it holds hardly anything else.
    """
    if whole is not None and _is_steady(samples, rate, whole):
        return whole
    if len(samples) < _HALVED_S * rate:
        return None
    middle = len(samples) // 2
    for half in (samples[:middle], samples[middle:]):
        (lines,) = lines_of_each(half[None], rate)
        if lines is not None and not _is_doubtful(lines) and _is_steady(half, rate, lines):
            return lines
    return None


def _is_steady(samples: Float64Array, rate: int, lines: Lines) -> bool:
    frequencies = [hz for hz, _ in lines[0]]
    return min(frequencies) >= LOWEST_HZ and drift_of(samples, rate, frequencies) <= LARGEST_DRIFT


def _is_apart(features: FrameFeatures, begin_ms: float, end_ms: float) -> bool:
    """Tell whether it is quieter before and after a burst."""
    begin, end = (round(ms / 10) - features.span.first for ms in (begin_ms, end_ms))
    at = max(begin - 7, 0)
    level = known(features.measures["level_dbfs"][at : end + 7], NO_LEVEL_DBFS)
    loud = median(level[max(begin, 0) - at : max(end, 1) - at])
    sides = level[: max(begin, 0) - at], level[end - at :]
    return all(not len(side) or side.min() <= loud - APART_DB for side in sides)


def _is_flat(samples: Float64Array, rate: int) -> bool:
    """Tell whether the power over 50 ms stays within 3 dB for most of a burst's middle: packets may be lost in it."""
    length = rate // 20
    power = np.square(samples)[: len(samples) // length * length].reshape(-1, length).mean(axis=1)
    if len(power) < 3:
        return True
    # np.percentile takes ten times as long for so few.
    low, high = np.interp(np.array([0.2, 0.8]) * (len(power) - 1), np.arange(len(power)), np.sort(power))
    return bool(high <= 2 * low)


def _middles(lines: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """Return the middle of each group of lines that beat with each other; lines are frequencies and their energies."""
    groups: list[list[tuple[float, float]]] = []
    for line in sorted(lines):
        if groups and line[0] - groups[-1][-1][0] <= BEATING_HZ:
            groups[-1].append(line)
        else:
            groups.append([line])
    return tuple(sum(hz * energy for hz, energy in group) / sum(energy for _, energy in group) for group in groups)


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
    loud = np.flatnonzero(smooth >= 0.5 * median(smooth[inside])).tolist()
    begin_hop = _outermost(inside.start, [hop for hop in reversed(loud) if hop < inside.start])
    end_hop = _outermost(min(inside.stop, len(smooth)) - 1, [hop for hop in loud if hop >= inside.stop])
    return (low + _crossing(smooth, begin_hop, -1)) * 10.0, (low + _crossing(smooth, end_hop, 1)) * 10.0


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
        power += np.square(hops.dot(_turning(frequency, channel.sample_rate_hz))).sum(axis=1)
    return power


@lru_cache(maxsize=32)
def _turning(frequency: float, rate: int) -> Float32Array:
    """Return what turns a frequency in Hz to 0 over a hop, cosine and sine, shape (hop, 2); DTMF has eight."""
    phase = 2 * np.pi * frequency / rate * np.arange(rate // 100)
    return np.stack((np.cos(phase), np.sin(phase)), axis=1).astype(np.float32)


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
