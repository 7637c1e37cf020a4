"""DTMF: the keys of a telephone, after ITU-T Q.23 (frequencies) and Q.24 (what a receiver takes and leaves)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.audio import FULL_SCALE, Float32Array, hann_window, matmul, power_to_dbfs
from callbeam.line.detections import DTMF, TONE, Detection
from callbeam.line.tone_bursts import edges_of_tone, tone_power
from callbeam.line.tone_lines import spectral_lines
from callbeam.spans import bridge, spans_of_mask

if TYPE_CHECKING:
    from callbeam.audio import Channel, FrameFeatures
    from callbeam.spans import SpanArray

LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"

SHORTEST_MS = 40
FREQUENCY_TOLERANCE = 0.015
"""Q.24: within 1.5 % must be taken, beyond 3.5 % must not. Between lie vowels that ring like a key."""

TWIST_DB = (-8.0, 4.0)
"""The high frequency's level over the low one's may lie between these."""

QUIETEST_DBFS = -45.0

LEAST_CONCENTRATION = 0.82
"""Share of a press's energy at its two frequencies: a signal-to-noise ratio of 7 dB. Vowels come up to 0.76."""

LEAST_CONCENTRATION_OF_PART = 0.92
"""The same of the longest stretch between lost packets, where the whole press has less: short stretches of vowels come
higher than whole ones."""

LOWEST_CENTRE_HZ, HIGHEST_CENTRE_HZ = 680.0, 1670.0
"""A frame's power lies between the keys' lowest and highest frequency; a voice's mostly lies lower."""

_LEAST_LINES = 0.1
"""Of a frame's ``concentration``: two lines as strong, 10 dB over noise, have 0.15, and fewer at their edges."""

_FEWEST_FRAMES = 3
"""That look like the key: as many as 40 ms reach more than half of. Vowels mostly look like it in one or two."""

_PURE = 0.75  # of a press's largest concentration

_AT_ONCE = 1024  # frames
_TOLERANCE_MS = 4
_BRIDGED_FRAMES = 4  # Q.24: pauses of less than 40 ms need not part two keys


def find_dtmf(channel: Channel, features: FrameFeatures) -> list[Detection]:
    """Find the keys pressed on a channel, leads included.

    Returns
    -------
    list of Detection
        One per key, sorted by begin, in milliseconds from the leg's clock zero: at least 40 ms, both frequencies within
        1.5 %, twist from -8 to 4 dB, and together at least 82 % of the energy.
    """
    frames, keys = _candidates(channel, features)
    detections: list[Detection] = []
    if not len(frames):
        return detections
    for key in np.unique(keys):
        mask = np.zeros(len(features.span.measured), dtype=np.bool_)
        mask[frames[keys == key]] = True
        first = features.span.first
        for begin, end in bridge(spans_of_mask(mask), _BRIDGED_FRAMES).tolist():
            if np.count_nonzero(mask[begin:end]) < _FEWEST_FRAMES:
                continue
            pure = _pure_runs(features.concentration[begin:end], first + begin)
            purest = pure[(pure[:, 1] - pure[:, 0]).argmax()].tolist()
            detection = _verify(channel, [int(pure[0, 0]), int(pure[-1, 1])], purest, int(key))
            if detection:
                detections.append(detection)
    return sorted(detections, key=lambda detection: detection.begin_ms)


def _pure_runs(concentration: Float32Array, first: int) -> SpanArray:
    """Return the frames of a press that hold nothing but the key: a border, or a lost packet, makes more lines."""
    return spans_of_mask(concentration >= _PURE * concentration.max(), first)


def _candidates(channel: Channel, features: FrameFeatures) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the frames of the features that hold a key's two frequencies and little else, and each one's key."""
    with np.errstate(invalid="ignore"):
        tonal = (features.concentration >= _LEAST_LINES) & (features.centre_hz >= LOWEST_CENTRE_HZ)
        loud = features.measures["level_dbfs"] > QUIETEST_DBFS
    frames = np.flatnonzero(tonal & loud & (features.centre_hz <= HIGHEST_CENTRE_HZ))
    hop = channel.sample_rate_hz // 100
    length = 5 * hop // 2
    begins = (features.span.first + frames) * hop - (length - hop) // 2 - channel.first_sample
    inside = (begins >= 0) & (begins + length <= len(channel.samples))
    frames, begins = frames[inside], begins[inside]
    parts = [_keys(channel, begins[at : at + _AT_ONCE], length) for at in range(0, len(begins), _AT_ONCE)]
    keys = np.concatenate([np.zeros(0, dtype=np.intp), *parts])
    return frames[keys >= 0], keys[keys >= 0]


def _keys(channel: Channel, begins: npt.NDArray[np.intp], length: int) -> npt.NDArray[np.intp]:
    """Return the key that each of some frames holds, -1 for none; ``begins`` index the channel's samples."""
    windows = np.lib.stride_tricks.sliding_window_view(channel.samples, length)
    samples = windows[begins].T.astype(np.float32)
    window, turning = _goertzel(channel.sample_rate_hz)
    samples *= window
    parts = matmul(turning, samples)
    power = np.square(parts[:8]) + np.square(parts[8:])
    # What one sine's power comes to, relative to the frame's energy.
    total = np.einsum("ij,ij->j", samples, samples) * np.float32(np.square(window.sum()) / np.square(window).sum() / 2)
    low, high = power[:4].argmax(axis=0), power[4:].argmax(axis=0)
    columns = np.arange(power.shape[1])
    lower, upper = power[low, columns], power[4 + high, columns]
    twist = upper / np.maximum(lower, np.float32(1e-9))
    # A frame at a key's edge, or off its frequencies by 1.5 %, shows less than the whole key will.
    least, most = 10 ** (TWIST_DB[0] / 10 - 0.2), 10 ** (TWIST_DB[1] / 10 + 0.2)
    held = (lower + upper >= 0.5 * total) & (twist > least) & (twist < most)
    return np.where(held, 4 * low + high, -1)


@lru_cache(maxsize=4)
def _goertzel(rate: int) -> tuple[Float32Array, Float32Array]:
    """Return a frame's window, shape (length, 1), and the cosines and sines of the eight frequencies, (16, length)."""
    length = 5 * (rate // 100) // 2
    phase = 2 * np.pi * np.array(LOW_HZ + HIGH_HZ)[:, None] / rate * np.arange(length)
    turning = np.concatenate((np.cos(phase), np.sin(phase))).astype(np.float32)
    return hann_window(length).astype(np.float32)[:, None], turning


def _verify(channel: Channel, press: list[int], purest: list[int], key: int) -> Detection | None:
    """Measure a whole key press; None if it breaks a rule.

    Parameters
    ----------
    press : list of int
        The leg's frames, [begin, end), from its first to its last that look like the key.
    purest : list of int
        The longest run of these: a lost packet in a press turns the phases, which frequencies cannot be told across.
    """
    low_hz, high_hz = LOW_HZ[key // 4], HIGH_HZ[key % 4]
    if _sounding_ms(channel, (low_hz, high_hz), press) < SHORTEST_MS - _TOLERANCE_MS:
        return None
    begin_ms, end_ms = edges_of_tone(channel, [low_hz, high_hz], *press)
    whole = _strongest(channel, begin_ms, end_ms, (low_hz, high_hz), LEAST_CONCENTRATION)
    pure_ms = (max(begin_ms, purest[0] * 10.0 - 5), min(end_ms, purest[1] * 10.0 + 5))
    if whole is None and pure_ms[1] - pure_ms[0] >= SHORTEST_MS:
        whole = _strongest(channel, *pure_ms, (low_hz, high_hz), LEAST_CONCENTRATION_OF_PART)
    if whole is None:
        return None
    samples = _between(channel, begin_ms, end_ms)
    level = float(power_to_dbfs(np.mean(samples * samples)))
    return Detection(TONE, round(begin_ms), round(end_ms), DTMF, KEYS[key], whole, level)


def _sounding_ms(channel: Channel, frequencies_hz: tuple[float, float], press: list[int]) -> float:
    """Return for how long a key sounds: amplitudes of 10 ms add up to it, filled or not.

    The edges of presses of less than 30 ms lie too far out: they are where the power over 30 ms falls by half.
    """
    hop = channel.sample_rate_hz // 100
    low = max(press[0] - 2, -(-channel.first_sample // hop))
    high = min(press[1] + 2, (channel.first_sample + len(channel.samples)) // hop)
    power = tone_power(channel, frequencies_hz, low, high)
    return 10 * float(np.sqrt(power / max(power.max(initial=0), 1e-12)).sum())


def _strongest(
    channel: Channel, begin_ms: float, end_ms: float, nominal_hz: tuple[float, float], least: float
) -> float | None:
    """Return the stronger frequency of a stretch; None if it is not the nominal two with that share of the energy."""
    lines = spectral_lines(_between(channel, begin_ms, end_ms), channel.sample_rate_hz)
    if lines is None or len(lines[0]) < 2 or lines[1] < least:
        return None
    # In 40 ms a frequency can be told to a few Hz at best.
    slack = 100 / (end_ms - begin_ms)
    for measured, nominal in zip(sorted(lines[0]), nominal_hz, strict=True):
        if abs(measured - nominal) > FREQUENCY_TOLERANCE * nominal + slack:
            return None
    return lines[0][0]


def _between(channel: Channel, begin_ms: float, end_ms: float) -> npt.NDArray[np.float64]:
    """Return the samples between two instants of the leg's clock, in [-1, 1)."""
    low, high = (round(ms * channel.sample_rate_hz / 1000) - channel.first_sample for ms in (begin_ms, end_ms))
    return channel.samples[max(low, 0) : max(high, 0)].astype(np.float64) / FULL_SCALE
