"""Functionals in the manner of eGeMAPS, for a telephone band; ``docs/egemaps.md`` holds each against the paper.

After F. Eyben, K. Scherer, B. Schuller et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for Voice
Research and Affective Computing", IEEE Transactions on Affective Computing 7(2), 2016: low-level descriptors of frames,
smoothed over 3 frames, and their functionals over a span, over its voiced or over its unvoiced frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callbeam.audio import HOPS_PER_SECOND, power_to_dbfs
from callbeam.speech.functionals import Float64Array, Groups, IntArray, SpanFrames, runs_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from callbeam.audio import BoolArray, FrameFeatures
    from callbeam.voice import VoiceDescriptors

SEMITONE_ZERO_HZ = 27.5
"""The lowest A of a piano."""

_HOP_MS = 1000 / HOPS_PER_SECOND
_PERCENTILES = (20, 50, 80)

_BALANCE = {
    "alpha_ratio": ("alpha_ratio_db", "db"),
    "hammarberg_index": ("hammarberg_index_db", "db"),
    "slope_0_500": ("spectral_slope_0_500_db_khz", "db_khz"),
    "slope_500_1500": ("spectral_slope_500_1500_db_khz", "db_khz"),
}
"""Name in columns, of the frames' measure, and unit."""

_TIMBRE = ("flux", "mfcc_1", "mfcc_2", "mfcc_3", "mfcc_4")


def egemaps_measures(
    features: FrameFeatures, voice: VoiceDescriptors, speech: BoolArray, spans: IntArray
) -> dict[str, Float64Array]:
    """Compute the functionals of spans.

    Parameters
    ----------
    features : FrameFeatures
        Of a channel, n frames.
    voice : VoiceDescriptors
        Of the same frames.
    speech : bool array, shape (n,)
        Frames that are decided to be speech.
    spans : int64 array, shape (k, 2)
        Frames [begin, end) on the leg's grid.

    Returns
    -------
    dict of str to float64 array, shape (k,)
        ``EGEMAPS_MEASURES``; NaN where not computable.

    Notes
    -----
    A span's frames are all of it, pauses included. Voiced are those of the speech that have an F0, unvoiced all other
    measured ones.
    """
    frames = SpanFrames.of(spans, features.span.first, len(speech))
    rows, groups = frames.rows, frames.groups
    measured = features.span.measured[rows]
    f0_hz = features.measures["f0_hz"][rows]
    voiced = measured & speech[rows] & np.isfinite(f0_hz)
    pitch = np.where(voiced, semitones(f0_hz), np.float32(np.nan))
    loudness = groups.smooth(features.loudness[rows])
    measures = {
        **_contour("f0", "_st", groups, groups.smooth(pitch)),
        **_contour("loudness", "", groups, loudness),
        **_voice(features, voice, rows, groups, voiced),
        **_spectrum(features, rows, groups, voiced, measured & ~voiced),
        **_segments(groups, voiced, measured),
        "loudness_peaks_hz": _per_second(_peaks(groups, loudness), groups, measured),
        "equivalent_level_dbfs": power_to_dbfs(groups.mean(_power(features.measures["level_dbfs"][rows]))),
    }
    return {f"egemaps_{name}": values for name, values in measures.items()}


def _contour(name: str, unit: str, groups: Groups, contour: Float64Array) -> dict[str, Float64Array]:
    """Return the functionals of F0 and loudness, from a smoothed contour with NaN where there is none."""
    points = groups.percentiles(contour.astype(np.float32), [p / 100 for p in _PERCENTILES])
    per_second = f"{unit}_s" if unit else "_per_s"
    slopes = {
        f"{name}_{way}_slope_{statistic}{per_second}": values
        for way, moments in zip(("rising", "falling"), _part_slopes(groups, contour), strict=True)
        for statistic, values in zip(("mean", "sd"), moments, strict=True)
    }
    return {
        **_mean_and_variation(name, unit, groups.moments(contour)),
        **{f"{name}_p{p}{unit}": values for p, values in zip(_PERCENTILES, points, strict=True)},
        f"{name}_range{unit}": points[-1] - points[0],
        **slopes,
    }


def _voice(
    features: FrameFeatures, voice: VoiceDescriptors, rows: IntArray, groups: Groups, voiced: BoolArray
) -> dict[str, Float64Array]:
    """Return the functionals of what only voiced frames have: each is smoothed with those voiced beside it."""
    descriptors = {
        ("jitter", ""): voice.jitter_ratio,
        ("shimmer", "_db"): voice.shimmer_db,
        ("hnr", "_db"): features.measures["hnr_db"],
        ("f1_frequency", "_hz"): voice.f1_hz,
        ("f1_bandwidth", "_hz"): voice.f1_bandwidth_hz,
        ("f1_level", "_db"): voice.f1_level_db,
        ("f2_frequency", "_hz"): voice.f2_hz,
        ("f2_bandwidth", "_hz"): voice.f2_bandwidth_hz,
        ("f2_level", "_db"): voice.f2_level_db,
    }
    runs = runs_of(voiced, groups)
    in_a_row = Groups(runs.length[voiced[runs.start]])
    values = np.stack([each[rows[voiced]] for each in descriptors.values()])
    mean, deviation = groups.where(voiced).moments(in_a_row.smooth(values))
    return {
        key: each
        for (name, unit), *moments in zip(descriptors, mean, deviation, strict=True)
        for key, each in _mean_and_variation(name, unit, moments).items()
    }


def _spectrum(
    features: FrameFeatures, rows: IntArray, groups: Groups, voiced: BoolArray, unvoiced: BoolArray
) -> dict[str, Float64Array]:
    """Return the functionals of the spectrum's balance, flux and cepstrum."""
    balance = [features.measures[measure][rows] for measure, _ in _BALANCE.values()]
    timbre = [features.measures["spectral_flux"][rows], *features.mfcc[rows, 1 : len(_TIMBRE)].T]
    smoothed = groups.smooth(np.stack([*balance, *timbre]))
    units = [f"_{unit}" for _, unit in _BALANCE.values()] + [""] * len(_TIMBRE)
    names = [*_BALANCE, *_TIMBRE]
    in_voiced = groups.where(voiced).moments(smoothed.compress(voiced, axis=1))
    in_unvoiced = groups.where(unvoiced).mean(smoothed[: len(_BALANCE) + 1].compress(unvoiced, axis=1))
    in_all = groups.moments(smoothed[len(_BALANCE) :])
    measures: dict[str, Float64Array] = {}
    for name, unit, *moments in zip(names, units, *in_voiced, strict=True):
        measures |= _mean_and_variation(f"voiced_{name}", unit, moments)
    for name, unit, mean in zip(names, units, in_unvoiced, strict=False):
        measures[f"unvoiced_{name}_mean{unit}"] = mean
    for name, *moments in zip(_TIMBRE, *in_all, strict=True):
        measures |= _mean_and_variation(name, "", moments)
    return measures


def _segments(groups: Groups, voiced: BoolArray, measured: BoolArray) -> dict[str, Float64Array]:
    """Return how long runs of voiced and of unvoiced frames are, and how many voiced ones a second has."""
    runs = runs_of(voiced.astype(np.int8) + measured, groups)  # 2 voiced, 1 unvoiced, 0 masked
    state = (voiced.astype(np.int8) + measured)[runs.start]
    measures: dict[str, Float64Array] = {}
    for name, wanted in (("voiced", 2), ("unvoiced", 1)):
        chosen = state == wanted
        owners = Groups(np.bincount(runs.owner[chosen], minlength=len(groups.counts)))
        mean, deviation = owners.moments(runs.length[chosen] * _HOP_MS)
        measures |= {f"{name}_segment_mean_ms": mean, f"{name}_segment_sd_ms": deviation}
        if name == "voiced":
            measures["voiced_segments_hz"] = _per_second(owners.counts, groups, measured)
    return measures


def _part_slopes(groups: Groups, contour: Float64Array) -> list[tuple[Float64Array, Float64Array]]:
    """Return mean and deviation over the slopes per second of a contour's rising and of its falling parts.

    A part goes from one extremum to the next; its slope is that of the line between them.
    """
    steps = np.nan_to_num(_steps(groups, contour))
    direction = np.sign(steps)
    runs = runs_of(direction, groups)
    rises = Groups(runs.length).sums(steps)
    moments = []
    for sign in (1, -1):
        chosen = direction[runs.start] == sign
        owners = Groups(np.bincount(runs.owner[chosen], minlength=len(groups.counts)))
        moments.append(owners.moments(rises[chosen] / runs.length[chosen] * HOPS_PER_SECOND))
    return moments


def _peaks(groups: Groups, contour: Float64Array) -> IntArray:
    """Count where a contour rises and next, be it after keeping its height for a while, falls."""
    steps = _steps(groups, contour)
    moving = np.flatnonzero(steps != 0)  # unknown steps, too: no peak lies beside them
    peak = (steps[moving[:-1]] > 0) & (steps[moving[1:]] < 0)
    return np.bincount(groups.owner[moving[1:][peak]], minlength=len(groups.counts))


def _steps(groups: Groups, contour: Float64Array) -> Float64Array:
    """Return by how much a contour rises from the frame before; NaN where either is not known, or in another group."""
    steps = np.diff(contour, prepend=np.nan)
    steps[groups.first] = np.nan
    return steps


def _mean_and_variation(name: str, unit: str, moments: npt.ArrayLike) -> dict[str, Float64Array]:
    mean, deviation = np.asarray(moments)
    with np.errstate(invalid="ignore", divide="ignore"):
        variation = np.where(mean == 0, np.nan, deviation / mean)
    return {f"{name}_mean{unit}": mean, f"{name}_cv": variation}


def _per_second(counts: Float64Array | IntArray, groups: Groups, measured: BoolArray) -> Float64Array:
    with np.errstate(invalid="ignore"):
        return np.asarray(counts / groups.sums(measured) * HOPS_PER_SECOND)


def _power(level_dbfs: npt.NDArray[np.float32]) -> Float64Array:
    return np.asarray(10 ** (level_dbfs.astype(np.float64) / 10))


def semitones(hertz: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return how many semitones lie between 27.5 Hz and frequencies: the scale that the Geneva parameter sets use.

    Examples
    --------
    >>> semitones(np.array([27.5, 55.0, 220.0], np.float32)).tolist()
    [0.0, 12.0, 36.0]
    """
    return np.asarray(12 * np.log2(hertz / np.float32(SEMITONE_ZERO_HZ)), dtype=np.float32)
