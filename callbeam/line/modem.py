"""Modems: frequency-shift keying (ITU-T V.21, Bell 103), and an answer tone whose phase turns (V.25, V.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import uniform_filter1d

from callbeam.audio import FULL_SCALE, hann_window, power_to_dbfs
from callbeam.line.detections import MODEM, TONE, Detection
from callbeam.line.echo import NO_LEVEL_DBFS
from callbeam.line.tone_bursts import QUIETEST_DBFS, Burst, known, range_around
from callbeam.spans import bridge, spans_of_mask

if TYPE_CHECKING:
    from callbeam.audio import Channel, FrameFeatures

Float64Array = npt.NDArray[np.float64]

KEYED_HZ = ((980.0, 1180.0), (1650.0, 1850.0), (1070.0, 1270.0), (2025.0, 2225.0))
"""V.21 (its upper pair carries T.30's flags and messages, too) and Bell 103, both at 300 bit/s: the two frequencies of
either direction."""

SHORTEST_MS = 400
"""T.30's preamble of flags lasts for 1 s; a voice does not hold such a band for half as long."""

LEAST_IN_BAND = 0.8
"""Share of the energy within 200 Hz of the middle of the two frequencies: 6 dB over noise."""

LEAST_AT_EITHER = 0.05
LEAST_AT_BOTH = 0.75
"""Of the time the frequency is that of one or of the other."""

_NEAR_HZ = 55.0
_BAND_HZ = 230.0  # to either side of the middle: keying at 300 bit/s reaches as far
_LEAST_LINES = 0.07  # of a frame's concentration
_CENTRE_HZ = 110.0  # to either side of the middle
_LEVEL_RANGE_DB = 3.0
_SMOOTHED, _AROUND = 5, 10  # frames
_BRIDGED = 8  # frames
_ANALYSED_S = 1.0

REVERSAL_MS = (420.0, 480.0)
"""V.25: every 450 ms, within 25, the answer tone's phase turns by half a circle, and tells echo cancellers to stop."""

_TURNED = 2.0  # radians


def find_modems(channel: Channel, features: FrameFeatures) -> list[Detection]:
    """Find frequency-shift keying on a channel, leads included.

    Returns
    -------
    list of Detection
        Tones of kind ``modem``, in milliseconds from the leg's clock zero, sorted, at least ``SHORTEST_MS`` long.
    """
    level = known(features.measures["level_dbfs"], NO_LEVEL_DBFS)
    lines = uniform_filter1d(known(features.concentration, 0), _SMOOTHED)
    centre = uniform_filter1d(known(features.centre_hz, 0), _SMOOTHED)
    smooth = uniform_filter1d(level, _SMOOTHED)
    held = range_around(smooth, _AROUND) <= _LEVEL_RANGE_DB
    likely = held & (level > QUIETEST_DBFS) & (lines >= _LEAST_LINES)
    detections: list[Detection] = []
    for pair in KEYED_HZ:
        # Noise up to 10 dB below draws the centre towards the middle of the band.
        low, high = sum(pair) / 2 - _CENTRE_HZ, sum(pair) / 2 + _CENTRE_HZ + 80
        for begin, end in bridge(spans_of_mask(likely & (centre >= low) & (centre <= high)), _BRIDGED).tolist():
            if (end - begin) * 10 >= SHORTEST_MS and not any(
                _shares(detection, features, begin, end) for detection in detections
            ):
                detection = _verify(channel, features.span.first, begin, end, pair)
                detections.extend([detection] if detection else [])
    return sorted(detections, key=lambda detection: detection.begin_ms)


def _shares(detection: Detection, features: FrameFeatures, begin: int, end: int) -> bool:
    first = features.span.first
    return detection.begin_ms < (first + end) * 10 and (first + begin) * 10 < detection.end_ms


def _verify(channel: Channel, first: int, begin: int, end: int, pair: tuple[float, float]) -> Detection | None:
    """Look at the samples in the middle of a candidate; None if they are not keyed between the two frequencies."""
    rate = channel.sample_rate_hz
    middle = (2 * first + begin + end) * rate // 200 - channel.first_sample
    half = min(int(_ANALYSED_S * rate), (end - begin) * rate // 100) // 2
    samples = channel.samples[max(middle - half, 0) : middle + half].astype(np.float64) / FULL_SCALE
    keyed = _band(samples, rate, pair)
    if keyed is None:
        return None
    hz = np.diff(np.unwrap(np.angle(keyed))) * rate / (2 * np.pi)
    at = [float(np.mean(np.abs(hz - one) <= _NEAR_HZ)) for one in pair]
    if min(at) < LEAST_AT_EITHER or sum(at) < LEAST_AT_BOTH:
        return None
    # The frames' smoothing reaches beyond the first and the last that sound.
    begin_ms, end_ms = (first + begin) * 10, (first + end) * 10
    level = float(power_to_dbfs(np.mean(np.square(samples))))
    return Detection(TONE, begin_ms, end_ms, MODEM, None, pair[int(at[1] > at[0])], level)


def _band(samples: Float64Array, rate: int, pair: tuple[float, float]) -> npt.NDArray[np.complex128] | None:
    """Return the analytic signal of the band around two frequencies; None if too much lies outside of it."""
    count = len(samples)
    spectrum = fft.rfft(samples, workers=1)
    power = np.square(np.abs(spectrum))
    hz = np.arange(len(power)) * rate / max(count, 1)
    inside = np.abs(hz - sum(pair) / 2) <= _BAND_HZ
    total = power[(hz >= 150) & (hz <= 4000)].sum()
    if not total or power[inside].sum() < LEAST_IN_BAND * total:
        return None
    full = np.zeros(count, dtype=np.complex128)
    full[: len(spectrum)][inside] = spectrum[inside]
    return np.asarray(fft.ifft(full, workers=1))


def is_reversing(channel: Channel, burst: Burst) -> bool:
    """Tell whether a tone's phase turns by half a circle every 450 ms, or its level sways with 15 Hz (V.8's ANSam)."""
    rate = channel.sample_rate_hz
    hop = rate // 100
    low = round(burst.begin_ms * rate / 1000) - channel.first_sample + 2 * hop
    high = round(burst.end_ms * rate / 1000) - channel.first_sample - 2 * hop
    samples = channel.samples[max(low, 0) : max(high, 0)].astype(np.float64)
    samples = samples[: len(samples) // hop * hop]
    if len(samples) < 50 * hop:
        return False
    turned = samples * np.exp(-2j * np.pi * burst.strongest_hz / rate * np.arange(len(samples)))
    hops = turned.reshape(-1, hop).mean(axis=1)
    return _turns(hops) or _sways(np.abs(hops))


def _turns(hops: npt.NDArray[np.complex128]) -> bool:
    """Tell whether phases 30 ms apart differ by about half a circle at two instants 450 ms apart."""
    step = np.abs(np.angle(hops[3:] * np.conj(hops[:-3])))
    turns = [(begin + end) / 2 * 10 for begin, end in spans_of_mask(step >= _TURNED).tolist() if end - begin <= 5]
    return any(REVERSAL_MS[0] <= later - earlier <= REVERSAL_MS[1] for earlier in turns for later in turns)


def _sways(amplitude: Float64Array) -> bool:
    """Tell whether an amplitude goes up and down by 10 % or more with 15 Hz, V.8 asking for 20 %."""
    relative = amplitude / amplitude.mean() - 1
    window = hann_window(len(relative))
    hz = np.arange(len(relative) // 2 + 1) * 100 / len(relative)
    swing = 2 * np.abs(fft.rfft(relative * window, workers=1)) / window.sum()
    return bool(swing[(hz >= 13) & (hz <= 17)].max(initial=0) >= 0.1)
