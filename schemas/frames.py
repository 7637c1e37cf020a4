"""Table frames."""

import pyarrow as pa

from callbeam.schemas.shared_columns import OF_CHANNEL
from callbeam.schemas.table import INSTANT, Column, Table, measure

MEL_BANDS = 64
MFCC_COUNT = 13

FRAMES = Table(
    name="frames",
    row="10 ms of a channel; floats are rounded to 10 mantissa bits",
    key=("call_id", "channel_id", "ts", "job_id"),
    on_request=True,
    columns=(
        *OF_CHANNEL,
        Column("ts", INSTANT, "Where the 10 ms hop begins, on the leg's clock."),
        measure("level_dbfs", "RMS level of the 25 ms frame; the floor is -100."),
        measure("zero_crossing_rate", "Share of neighbouring samples that differ in sign."),
        measure(
            "spectral_centroid_hz",
            "Spectral centroid; NULL, like all that describes the spectrum's shape, in digital silence.",
        ),
        measure("spectral_bandwidth_hz", "Spectral bandwidth, second order."),
        measure("spectral_rolloff_hz", "Frequency below which 85 % of the magnitude lies."),
        measure("spectral_flatness", "Spectral flatness of the power spectrum."),
        measure("spectral_flux", "L2 distance to the frame before, between L1-normalised magnitude spectra."),
        measure("spectral_slope_0_500_db_khz", "Slope of the power spectrum in dB per kHz between 0 and 500 Hz."),
        measure("spectral_slope_500_1500_db_khz", "The same between 500 and 1500 Hz."),
        measure("alpha_ratio_db", "Energy in 50-1000 Hz over energy in 1000 Hz to the band's end (at most 5 kHz)."),
        measure(
            "hammarberg_index_db",
            "Strongest peak in 0-2 kHz over the strongest in 2 kHz to the band's end (at most 5 kHz).",
        ),
        measure(
            "f0_hz",
            "Fundamental frequency, 65 to 500 Hz; NULL where unvoiced, and where it is too faint to be speech.",
        ),
        measure(
            "voicing",
            "Voicing strength: the normalised autocorrelation peak, 0 to 1; NULL in digital silence, and where it is "
            "too faint to be speech.",
        ),
        measure("hnr_db", "Harmonics-to-noise ratio; NULL where unvoiced."),
        measure(
            "speech_probability",
            "The voice activity detector's, 0 to 1; 0 where nothing within half a second reaches the least level of "
            "speech, and where an echo of the other explains the frame, as far as the piece tells: what legs on "
            "different streams tell of each other comes later.",
        ),
        Column("logmel_db", pa.list_(pa.float32()), "64 mel bands from 100 to 3800 Hz, power in dB.", nullable=True),
        Column("mfcc", pa.list_(pa.float32()), "13 MFCC of the log-mel bands (DCT-II, orthonormal).", nullable=True),
    ),
)
