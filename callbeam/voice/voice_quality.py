"""What voiced frames tell of a voice beside its pitch: jitter, shimmer, formants, and where its syllables are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from callbeam.audio import frame_grid
from callbeam.voice.formants import FRAME_LENGTH, measure_formants
from callbeam.voice.glottal_cycles import HOP, MARGIN, PERIOD_STEPS, RATE_HZ, Cycles, find_cycles
from callbeam.voice.syllables import syllable_nuclei

if TYPE_CHECKING:
    from callbeam.audio import BoolArray, Channel, Float32Array, FrameFeatures

AROUND_FRAME = 200
"""Jitter and shimmer of a frame are those of the cycles within 25 ms of its middle."""

LEAST_PAIRS = 2
"""Pairs of neighbouring cycles that this needs."""

LARGEST_PERIOD_RATIO = 1.3
LARGEST_AMPLITUDE_RATIO = 1.6
"""Cycles that differ more are no neighbours of one voice, but a wrong mark or another sound (Praat's manual)."""

_DECIBEL_STEPS = 1 << 16
_LEAST_F0_HZ, _HIGHEST_F0_HZ = 65.0, 500.0


@dataclass(frozen=True, slots=True)
class VoiceDescriptors:
    """What the frames of ``features.span`` tell of the voice.

    Attributes
    ----------
    jitter_ratio : float32 array, shape (n,)
        Local jitter: mean difference of neighbouring glottal periods, over their mean, within 25 ms of the frame's
        middle. This and the others are NaN where not measured: outside voiced speech, or where nothing was found.
    shimmer_db : float32 array, shape (n,)
        Local shimmer: mean absolute ratio of the amplitudes of neighbouring glottal pulses in dB, likewise.
    f1_hz, f1_bandwidth_hz, f2_hz, f2_bandwidth_hz : float32 arrays, shape (n,)
        Peaks of the linear-prediction envelope and their widths.
    f1_level_db, f2_level_db : float32 arrays, shape (n,)
        Level of the envelope there over the frame's mean power density. GeMAPS relates it to the harmonic at F0, which
        a telephone does not carry: what is left of it tells of the line and its noise.
    syllable_nuclei : bool array, shape (n,)
        True at one frame of each syllable.
    """

    jitter_ratio: Float32Array
    shimmer_db: Float32Array
    f1_hz: Float32Array
    f1_bandwidth_hz: Float32Array
    f1_level_db: Float32Array
    f2_hz: Float32Array
    f2_bandwidth_hz: Float32Array
    f2_level_db: Float32Array
    syllable_nuclei: BoolArray


def describe_voice(channel: Channel, features: FrameFeatures, frames: BoolArray) -> VoiceDescriptors:
    """Measure the voice in the voiced frames of a channel's speech.

    Parameters
    ----------
    channel : Channel
        At any rate that has a frame grid; others than 8 kHz are resampled to that first, so that the measures compare.
    features : FrameFeatures
        The channel's.
    frames : bool array, shape (n,)
        Which frames of ``features.span`` are decided to be speech.

    Returns
    -------
    VoiceDescriptors

    Examples
    --------
    Of a pulse train at 125 Hz, through a resonance at 600 Hz:

    >>> from scipy import signal
    >>> from callbeam.audio import analyse_frames, channel_of_pcm
    >>> vowel = signal.lfilter([1], [1, -1.73, 0.94], np.arange(8000) % 64 == 0)
    >>> channel = channel_of_pcm((4000 * vowel).astype(np.int16), 8000)
    >>> features = analyse_frames(channel)
    >>> voice = describe_voice(channel, features, features.span.measured)
    >>> bool(np.nanmedian(voice.jitter_ratio) < 0.001)
    True
    >>> round(float(np.nanmedian(voice.f1_hz)), -2)
    600.0
    """
    f0_hz = features.measures["f0_hz"]
    voiced = frames & features.span.measured & np.isfinite(f0_hz)
    samples = _narrowband(channel, features.span.first, len(f0_hz))
    pitch = np.clip(f0_hz, np.float32(_LEAST_F0_HZ), np.float32(_HIGHEST_F0_HZ))
    cycles = find_cycles(samples, MARGIN, pitch, voiced)
    at = np.flatnonzero(voiced)
    centres = MARGIN + HOP * at + HOP // 2
    formants = measure_formants(samples, centres - FRAME_LENGTH // 2)

    def spread(values: Float32Array) -> Float32Array:
        over_all = np.full(len(f0_hz), np.nan, dtype=np.float32)
        over_all[at] = values
        return over_all

    return VoiceDescriptors(
        jitter_ratio=spread(_jitter(cycles, centres)),
        shimmer_db=spread(_shimmer(cycles, centres)),
        f1_hz=spread(formants.frequency_hz[0]),
        f1_bandwidth_hz=spread(formants.bandwidth_hz[0]),
        f1_level_db=spread(formants.level_db[0]),
        f2_hz=spread(formants.frequency_hz[1]),
        f2_bandwidth_hz=spread(formants.bandwidth_hz[1]),
        f2_level_db=spread(formants.level_db[1]),
        syllable_nuclei=syllable_nuclei(features, frames),
    )


def _narrowband(channel: Channel, first_frame: int, frames: int) -> npt.NDArray[np.int16]:
    """Return a channel's samples at 8 kHz from ``MARGIN`` before its first frame, zeros where it has none."""
    begin = first_frame * frame_grid(channel.sample_rate_hz).hop
    samples, before = channel.samples, channel.first_sample - begin
    if channel.sample_rate_hz != RATE_HZ:
        from scipy.signal import resample_poly  # noqa: PLC0415  (50 MB that calls at 8 kHz need not take)

        whole = np.concatenate((np.zeros(before, dtype=np.float32), samples.astype(np.float32)))
        narrow = resample_poly(whole, RATE_HZ, channel.sample_rate_hz)
        samples, before = np.clip(np.rint(narrow), -32768, 32767).astype(np.int16), 0
    padded = np.zeros(frames * HOP + 2 * MARGIN, dtype=np.int16)
    samples = samples[: len(padded) - MARGIN - before]
    padded[MARGIN + before : MARGIN + before + len(samples)] = samples
    return padded


def _jitter(cycles: Cycles, centres: npt.NDArray[np.intp]) -> Float32Array:
    """Return the local jitter about each of some samples, shape (n,)."""
    this, following = cycles.period[:-1], cycles.period[1:]
    alike = np.maximum(this, following) <= LARGEST_PERIOD_RATIO * np.minimum(this, following)
    pairs = np.flatnonzero((this > 0) & (following > 0) & alike & (cycles.run[1:] == cycles.run[:-1]))
    difference = np.abs(following - this)[pairs]
    both = (following + this)[pairs]
    differences, periods, counts = _sums_around(centres, cycles.position[pairs + 1], difference, both)
    with np.errstate(invalid="ignore", divide="ignore"):
        jitter = 2 * differences / periods
    return np.where(counts >= LEAST_PAIRS, jitter, np.nan).astype(np.float32)


def _shimmer(cycles: Cycles, centres: npt.NDArray[np.intp]) -> Float32Array:
    """Return the local shimmer about each of some samples in dB, shape (n,)."""
    this, following = cycles.amplitude[:-1], cycles.amplitude[1:]
    alike = np.maximum(this, following) <= LARGEST_AMPLITUDE_RATIO * np.minimum(this, following)
    pairs = np.flatnonzero((cycles.period[:-1] > 0) & (this > 0) & (following > 0) & alike)
    decibels = 20 * np.abs(np.log10(following[pairs].astype(np.float64) / this[pairs]))
    steps = np.rint(decibels * _DECIBEL_STEPS).astype(np.int64)
    middle = cycles.position[pairs] + cycles.period[pairs] // (2 * PERIOD_STEPS)
    total, _, counts = _sums_around(centres, middle, steps, steps)
    with np.errstate(invalid="ignore", divide="ignore"):
        shimmer = total / (counts * _DECIBEL_STEPS)
    return np.where(counts >= LEAST_PAIRS, shimmer, np.nan).astype(np.float32)


def _sums_around(
    centres: npt.NDArray[np.intp], positions: npt.NDArray[np.int64], *values: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], ...]:
    """Sum each of the values within ``AROUND_FRAME`` of each centre; then how many there are.

    Sums of integers are differences of running sums, exactly.
    """
    order = np.argsort(positions, kind="stable")  # anchors of neighbouring runs may cross
    low = np.searchsorted(positions, centres - AROUND_FRAME, sorter=order)
    high = np.searchsorted(positions, centres + AROUND_FRAME, sorter=order)
    running = (np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(each[order]))) for each in values)
    return (*(sums[high] - sums[low] for sums in running), high - low)
