"""Functionals in the manner of the extended Geneva Minimalistic Acoustic Parameter Set, for a telephone band.

After F. Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for Voice Research and Affective
Computing", IEEE Transactions on Affective Computing 7(2), 2016. ``docs/egemaps.md`` holds each column against that.
"""

from __future__ import annotations

from callbeam.schemas.table import Column, measure


def _mean_and_variation(name: str, unit: str, what: str) -> tuple[Column, Column]:
    suffix = f"_{unit}" if unit else ""
    return (
        measure(f"egemaps_{name}_mean{suffix}", f"Mean {what}."),
        measure(f"egemaps_{name}_cv", f"Standard deviation of the {what}, divided by its mean."),
    )


def _contour(name: str, unit: str, what: str) -> tuple[Column, ...]:
    """Return the functionals that only F0 and loudness have."""
    suffix = f"_{unit}" if unit else ""
    per_second = f"_{unit}_s" if unit else "_per_s"
    return (
        *_mean_and_variation(name, unit, what),
        *(measure(f"egemaps_{name}_p{p}{suffix}", f"{p}th percentile of the {what}.") for p in (20, 50, 80)),
        measure(f"egemaps_{name}_range{suffix}", f"80th less 20th percentile of the {what}."),
        *(
            measure(
                f"egemaps_{name}_{way}_slope_{statistic}{per_second}",
                f"{words} of the slopes of the {way} parts of the {what}.",
            )
            for way in ("rising", "falling")
            for statistic, words in (("mean", "Mean"), ("sd", "Standard deviation"))
        ),
    )


_VOICE = (
    *_mean_and_variation("jitter", "", "jitter of the voiced frames"),
    *_mean_and_variation("shimmer", "db", "shimmer of the voiced frames"),
    *_mean_and_variation("hnr", "db", "harmonics-to-noise ratio of the voiced frames"),
    *(
        column
        for formant in (1, 2)
        for name, unit, what in (
            ("frequency", "hz", "frequency"),
            ("bandwidth", "hz", "bandwidth"),
            ("level", "db", "level over the frame's mean power density"),
        )
        for column in _mean_and_variation(f"f{formant}_{name}", unit, f"{what} of formant {formant} in voiced frames")
    ),
)

_BALANCE = (
    ("alpha_ratio", "db", "alpha ratio"),
    ("hammarberg_index", "db", "Hammarberg index"),
    ("slope_0_500", "db_khz", "spectral slope between 0 and 500 Hz"),
    ("slope_500_1500", "db_khz", "spectral slope between 500 and 1500 Hz"),
)

_SPECTRUM = (
    *(
        column
        for name, unit, what in _BALANCE
        for column in _mean_and_variation(f"voiced_{name}", unit, f"{what} of the voiced frames")
    ),
    *(
        measure(f"egemaps_unvoiced_{name}_mean_{unit}", f"Mean {what} of the unvoiced frames.")
        for name, unit, what in _BALANCE
    ),
    *(
        column
        for prefix, which in (("", "frames"), ("voiced_", "voiced frames"))
        for name, what in (("flux", "spectral flux"), *((f"mfcc_{i}", f"MFCC {i}") for i in range(1, 5)))
        for column in _mean_and_variation(f"{prefix}{name}", "", f"{what} of the {which}")
    ),
    measure("egemaps_unvoiced_flux_mean", "Mean spectral flux of the unvoiced frames."),
)

_TIME = (
    measure("egemaps_loudness_peaks_hz", "Peaks of the loudness per second."),
    measure("egemaps_voiced_segments_hz", "Runs of voiced frames per second: a pseudo syllable rate."),
    *(
        measure(f"egemaps_{voicing}_segment_{statistic}_ms", f"{words} of the lengths of runs of {voicing} frames.")
        for voicing in ("voiced", "unvoiced")
        for statistic, words in (("mean", "Mean"), ("sd", "Standard deviation"))
    ),
    measure("egemaps_equivalent_level_dbfs", "Mean power of the frames, in dB: the equivalent sound level."),
)

EGEMAPS_MEASURES: tuple[Column, ...] = (
    *_contour("f0", "st", "F0 in semitones above 27.5 Hz"),
    *_contour("loudness", "", "perceived loudness"),
    *_VOICE,
    *_SPECTRUM,
    *_TIME,
)
"""Over all frames of an utterance, pauses included, smoothed over 3 frames; voiced ones are those with an F0."""
