"""What spans of a channel sound like: the measures of utterances and of units that models score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio import frame_grid, power_to_dbfs
from callbeam.line import limit_samples
from callbeam.schemas import ACOUSTIC_MEASURES, EGEMAPS_MEASURES
from callbeam.speech.egemaps import egemaps_measures, semitones
from callbeam.speech.functionals import Float64Array, IntArray, SpanFrames
from callbeam.voice import local_noise, snr_db

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.audio import BoolArray, Channel, Float32Array, FrameFeatures, HopExtremes
    from callbeam.voice import VoiceDescriptors

FEWEST_FOR_A_SLOPE = 10
"""Frames: a line through less than 0.1 s tells of the grid more than of the voice."""

FEWEST_FOR_A_RATE = 25
"""Frames of speech: a syllable lasts about 0.2 s, and one in 50 ms is no rate of 20 Hz."""

_PERCENTILES = (0.2, 0.5, 0.8)
_SPECTRAL_MEANS = (
    "spectral_centroid_hz",
    "spectral_flux",
    "spectral_slope_0_500_db_khz",
    "spectral_slope_500_1500_db_khz",
    "alpha_ratio_db",
    "hammarberg_index_db",
)


def acoustic_measures(
    channel: Channel,
    features: FrameFeatures,
    voice: VoiceDescriptors,
    speech: BoolArray,
    spans: IntArray,
    *,
    egemaps: bool,
    noise_dbfs: Float32Array | None = None,
    extremes: HopExtremes | None = None,
) -> dict[str, Float32Array]:
    """Measure spans of a channel.

    Parameters
    ----------
    channel : Channel
    features : FrameFeatures
        The channel's, n frames.
    voice : VoiceDescriptors
        Of the same frames.
    speech : bool array, shape (n,)
        Frames that are decided to be speech.
    spans : int64 array, shape (k, 2)
        Frames [begin, end) on the leg's grid; in any order, also overlapping, empty, or beyond the frames there are.
    egemaps : bool
        Also the functionals in the manner of eGeMAPS.
    noise_dbfs : float32 array, shape (n,), optional
        ``local_noise`` of the same frames, where it is known already.
    extremes : HopExtremes, optional
        Of the channel, where they are known already.

    Returns
    -------
    dict of str to float32 array, shape (k,)
        ``ACOUSTIC_MEASURES``, and ``EGEMAPS_MEASURES`` if asked for, as these declare them; NaN where not computable.
    """
    frames = SpanFrames.of(spans, features.span.first, len(speech)).where(features.span.measured)
    spoken = frames.where(speech)
    voiced = spoken.where(np.isfinite(features.measures["f0_hz"]))
    measures = {
        **_levels(features, spoken),
        **_pitch(features, spoken, voiced),
        **_voice_quality(features, voice, voiced),
        **_spectrum(features, spoken),
        **_rates(voice, frames, spoken),
        "snr_db": _snr(features, local_noise(features, speech) if noise_dbfs is None else noise_dbfs, spoken),
        "clipping_ratio": _clipping(channel, extremes, features, spoken),
    }
    columns = ACOUSTIC_MEASURES
    if egemaps:
        measures |= egemaps_measures(features, voice, speech, spans)
        columns += EGEMAPS_MEASURES
    return {column.name: measures[column.name].astype(np.float32) for column in columns}


def _levels(features: FrameFeatures, spoken: SpanFrames) -> dict[str, Float64Array]:
    level, groups = features.measures["level_dbfs"][spoken.rows], spoken.groups
    low, middle, high = groups.percentiles(level, _PERCENTILES)
    return {
        "level_mean_dbfs": power_to_dbfs(groups.mean(_power(level))),
        "level_sd_db": groups.moments(level)[1],
        "level_p20_dbfs": low,
        "level_median_dbfs": middle,
        "level_p80_dbfs": high,
        "level_slope_db_s": groups.slopes(level, spoken.rows, FEWEST_FOR_A_SLOPE),
    }


def _pitch(features: FrameFeatures, spoken: SpanFrames, voiced: SpanFrames) -> dict[str, Float64Array]:
    hertz, groups = features.measures["f0_hz"][voiced.rows], voiced.groups
    tones = semitones(hertz)
    mean_st, sd_st = groups.moments(tones)
    mean_hz, sd_hz = groups.moments(hertz)
    low, middle, high = groups.percentiles(tones, _PERCENTILES)
    with np.errstate(invalid="ignore"):
        voiced_ratio = groups.counts / spoken.groups.counts
    return {
        "f0_mean_st": mean_st,
        "f0_sd_st": sd_st,
        "f0_p20_st": low,
        "f0_median_st": middle,
        "f0_p80_st": high,
        "f0_range_st": high - low,
        "f0_slope_st_s": groups.slopes(tones, voiced.rows, FEWEST_FOR_A_SLOPE),
        "f0_mean_hz": mean_hz,
        "f0_sd_hz": sd_hz,
        "f0_median_hz": groups.percentiles(hertz, (0.5,))[0],
        "voiced_ratio": voiced_ratio,
    }


def _voice_quality(features: FrameFeatures, voice: VoiceDescriptors, voiced: SpanFrames) -> dict[str, Float64Array]:
    mean, deviation = voiced.groups.moments(features.measures["hnr_db"][voiced.rows])
    return {
        "jitter_ratio": voiced.groups.mean(voice.jitter_ratio[voiced.rows]),
        "shimmer_db": voiced.groups.mean(voice.shimmer_db[voiced.rows]),
        "hnr_mean_db": mean,
        "hnr_sd_db": deviation,
    }


def _spectrum(features: FrameFeatures, spoken: SpanFrames) -> dict[str, Float64Array]:
    groups = spoken.groups
    means = {name: groups.mean(features.measures[name][spoken.rows]) for name in _SPECTRAL_MEANS}
    mean, deviation = groups.moments(np.ascontiguousarray(features.mfcc[spoken.rows].T[1:]))
    return {
        **means,
        **{f"mfcc_{i}_mean": values for i, values in enumerate(mean, start=1)},
        **{f"mfcc_{i}_sd": values for i, values in enumerate(deviation, start=1)},
    }


def _rates(voice: VoiceDescriptors, frames: SpanFrames, spoken: SpanFrames) -> dict[str, Float64Array]:
    seconds, spoken_seconds = (each.groups.counts * 0.01 for each in (frames, spoken))
    syllables = spoken.groups.sums(voice.syllable_nuclei[spoken.rows])
    syllables = np.where(spoken.groups.counts >= FEWEST_FOR_A_RATE, syllables, np.nan)
    with np.errstate(invalid="ignore"):
        return {"syllable_rate_hz": syllables / seconds, "articulation_rate_hz": syllables / spoken_seconds}


def _snr(features: FrameFeatures, noise_dbfs: Float32Array, spoken: SpanFrames) -> Float64Array:
    """Return the ratio of the speech's mean power, less that of the noise around it, to the latter."""
    speech_power = spoken.groups.mean(_power(features.measures["level_dbfs"][spoken.rows]))
    noise_power = spoken.groups.mean(_power(noise_dbfs[spoken.rows]))
    return snr_db(speech_power, noise_power)


def _clipping(
    channel: Channel, extremes: HopExtremes | None, features: FrameFeatures, spoken: SpanFrames
) -> Float64Array:
    """Return the share of the samples in the frames' hop intervals that lie at the format's limits."""
    hop = frame_grid(channel.sample_rate_hz).hop
    frame = limit_samples(channel, extremes) // hop - features.span.first
    by_frame = np.bincount(frame, minlength=len(features.span.measured))
    return spoken.groups.mean(by_frame[spoken.rows] / hop)


def _power(level_dbfs: npt.NDArray[np.float32]) -> Float64Array:
    """Return the mean squares of which these are the levels."""
    # In numpy a power of 10 takes four times as long.
    return np.asarray(np.exp(level_dbfs * (np.log(10) / 10), dtype=np.float64))
