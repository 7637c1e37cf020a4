"""What an utterance sounds like: measures that ``utterances`` and ``sentiment_inputs`` share."""

from callbeam.schemas.table import Column, measure

ACOUSTIC_MEASURES = (
    measure("level_mean_dbfs", "RMS level of the speech."),
    measure(
        "level_sd_db", "Standard deviation of the speech frames' levels; NULL, as all of its kind, for a single frame."
    ),
    measure("level_p20_dbfs", "20th percentile of the speech frames' levels."),
    measure("level_median_dbfs", "Median of the speech frames' levels."),
    measure("level_p80_dbfs", "80th percentile of the speech frames' levels."),
    measure(
        "level_slope_db_s",
        "Least-squares slope of the speech frames' levels over time, in dB per second; NULL for fewer than 10 frames.",
    ),
    measure("f0_mean_st", "Mean F0 of the voiced frames, in semitones above 27.5 Hz."),
    measure("f0_sd_st", "Standard deviation of the same."),
    measure("f0_p20_st", "20th percentile of the same."),
    measure("f0_median_st", "Median of the same."),
    measure("f0_p80_st", "80th percentile of the same."),
    measure("f0_range_st", "80th less 20th percentile of the same."),
    measure(
        "f0_slope_st_s",
        "Least-squares slope of the same over time, in semitones per second; NULL for fewer than 10 voiced frames.",
    ),
    measure("f0_mean_hz", "Mean F0 of the voiced frames."),
    measure("f0_sd_hz", "Standard deviation of the same."),
    measure("f0_median_hz", "Median of the same."),
    measure("voiced_ratio", "Share of the speech frames that are voiced."),
    measure(
        "jitter_ratio", "Mean difference of neighbouring glottal periods, relative to the mean period (local jitter)."
    ),
    measure("shimmer_db", "Mean difference of neighbouring glottal pulses' amplitudes, in dB (local shimmer)."),
    measure("hnr_mean_db", "Mean harmonics-to-noise ratio of the voiced frames."),
    measure("hnr_sd_db", "Standard deviation of the same."),
    measure("spectral_centroid_hz", "Mean spectral centroid of the speech frames."),
    measure("spectral_flux", "Mean spectral flux of the speech frames."),
    measure("spectral_slope_0_500_db_khz", "Mean slope of the spectrum between 0 and 500 Hz."),
    measure("spectral_slope_500_1500_db_khz", "Mean slope of the spectrum between 500 and 1500 Hz."),
    measure("alpha_ratio_db", "Mean alpha ratio of the speech frames."),
    measure("hammarberg_index_db", "Mean Hammarberg index of the speech frames."),
    *(measure(f"mfcc_{i}_mean", f"Mean MFCC {i} of the speech frames.") for i in range(1, 13)),
    *(measure(f"mfcc_{i}_sd", f"Standard deviation of MFCC {i} over the speech frames.") for i in range(1, 13)),
    measure(
        "syllable_rate_hz",
        "Syllable nuclei per second from begin to end without masked audio (de Jong and Wempe); NULL for less than "
        "250 ms of speech.",
    ),
    measure(
        "articulation_rate_hz",
        "Syllable nuclei per second of speech, pauses left out; NULL for less than 250 ms of speech.",
    ),
    measure(
        "snr_db",
        "Power of the speech, the noise under it taken off, over that of the noise within 10 s around; at least -10.",
    ),
    measure("clipping_ratio", "Share of the speech frames' samples at the format's limits."),
)
"""Over the speech frames of an utterance or unit: frames between its begin and end that are decided to be speech.

NULL, all of them, where more than a tenth of what sounded like speech in it was another leg's echo.
"""

Z_SCORES = tuple(
    measure(
        f"{column.name}_z",
        f"{column.name}, less this speaker's mean over the call's utterances, in standard deviations of the same.",
    )
    for column in ACOUSTIC_MEASURES
)
"""Speaker-relative scores; NULL where the channel has fewer than 3 utterances with the measure, or no deviation."""

UNIT_MEASURES: tuple[Column, ...] = tuple(
    column
    for column in ACOUSTIC_MEASURES
    if column.name
    in {
        "level_mean_dbfs",
        "level_sd_db",
        "level_slope_db_s",
        "f0_mean_st",
        "f0_sd_st",
        "f0_range_st",
        "f0_slope_st_s",
        "voiced_ratio",
        "jitter_ratio",
        "shimmer_db",
        "hnr_mean_db",
        "spectral_centroid_hz",
        "alpha_ratio_db",
        "hammarberg_index_db",
        "syllable_rate_hz",
        "articulation_rate_hz",
        "snr_db",
    }
)
"""What ``sentiment_inputs`` holds of them: what is known to carry affect, few enough to read."""

UNIT_Z_SCORES = tuple(
    column for column in Z_SCORES if column.name.removesuffix("_z") in {c.name for c in UNIT_MEASURES}
)
