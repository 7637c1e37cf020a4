"""Table seconds."""

import pyarrow as pa

from callbeam.schemas.shared_columns import BEGIN_OFFSET_AS_WELL, OF_CHANNEL
from callbeam.schemas.table import INSTANT, Column, Table, measure

SECOND_MEASURES = (
    measure("level_dbfs", "RMS level of the second's audio; 0 is a full-scale square wave, the floor is -100."),
    measure("loudness_score", "clip(level_dbfs + 100, 0, 100), on the scale of the incumbents' scores, uncalibrated."),
    measure("zero_crossing_rate", "Mean share of neighbouring samples that differ in sign, in the frames heard."),
    measure(
        "spectral_centroid_hz",
        "Mean spectral centroid of the frames heard; those of digital silence have no spectrum and do not count.",
    ),
    measure("spectral_bandwidth_hz", "Mean spectral bandwidth (second order) of the frames heard."),
    measure("spectral_rolloff_hz", "Mean frequency below which 85 % of the magnitude lies, in the frames heard."),
    measure("spectral_flatness", "Mean spectral flatness of the power spectrum of the frames heard."),
    measure(
        "spectral_flux",
        "Mean L2 distance of the L1-normalised magnitude spectra of the frames heard to those of the frames before.",
    ),
    measure(
        "spectral_slope_0_500_db_khz",
        "Mean slope of the power spectrum in dB per kHz between 0 and 500 Hz, of the frames heard.",
    ),
    measure("spectral_slope_500_1500_db_khz", "The same between 500 and 1500 Hz."),
    measure(
        "alpha_ratio_db",
        "Mean ratio of energy in 50-1000 Hz to energy in 1000 Hz to the band's end (at most 5 kHz), of the frames "
        "heard.",
    ),
    measure(
        "hammarberg_index_db",
        "Mean ratio of the strongest peak in 0-2 kHz to the strongest in 2 kHz to the band's end (at most 5 kHz), of "
        "the frames heard.",
    ),
    measure("f0_median_hz", "Median F0 of the voiced frames."),
    measure("voiced_ratio", "Share of frames that are voiced; none is that is too faint to be speech."),
    measure(
        "voicing",
        "Mean voicing strength, the normalised autocorrelation peak, 0 to 1, of frames that are not too faint to be "
        "speech.",
    ),
    measure("hnr_db", "Mean harmonics-to-noise ratio of the voiced frames."),
)
"""What a second measures; ``windows`` aggregates exactly these."""

SECONDS = Table(
    name="seconds",
    row="a second of a channel, counted from the leg's clock zero",
    key=("call_id", "channel_id", "start_ts", "job_id"),
    columns=(
        *OF_CHANNEL,
        Column("start_ts", INSTANT, "Where the second begins."),
        BEGIN_OFFSET_AS_WELL,
        Column(
            "covered_ms",
            pa.int32(),
            "Audio in the second; the rest is gap or lies outside the channel. Measures are over covered frames. Those "
            "further than half a second from a frame that reaches the least level of speech are not heard.",
        ),
        Column("speech_ms", pa.int32(), "Time in the second that is decided to be speech.", nullable=True),
        *SECOND_MEASURES,
    ),
)
