"""Table channels."""

import pyarrow as pa

from callbeam.schemas.shared_columns import OF_CHANNEL
from callbeam.schemas.table import INSTANT, STRING, Column, Table, measure

CHANNELS = Table(
    name="channels",
    row="a channel: one participant's audio of one leg",
    key=("call_id", "channel_id", "job_id"),
    version=2,
    columns=(
        *OF_CHANNEL,
        Column(
            "role_source",
            STRING,
            "Where the role comes from: track_name, role_map (the option), default (Connect's unnamed), a record, the "
            "convention of who made the recording (connect_recording, lca_recording, lca_chime_recording, "
            "chime_recording), or unknown.",
        ),
        measure("role_confidence", "How sure the role is, 0 to 1; NULL where it is unknown."),
        Column("stream_arn", STRING, "The stream that the leg lies on; of a recording, its place."),
        Column("leg_first_fragment", STRING, "The leg's first fragment number; 0 of a recording."),
        Column("track_name", STRING, "The Matroska track's Name, empty if it has none; recording, of one."),
        Column("codec", STRING, "Codec as declared; Connect declares A_AAC over PCM."),
        Column("sample_rate_hz", pa.int32(), "Sample rate that the samples are analysed at."),
        Column("start_ts", INSTANT, "The leg's clock zero, from which the channel's frames and seconds are counted."),
        Column("begin_offset_ms", pa.int32(), "First sample, from the call's start."),
        Column("end_offset_ms", pa.int32(), "End of the last sample, from the call's start."),
        Column("samples", pa.int64(), "Samples decoded, gaps left out."),
        Column(
            "pcm_sha256",
            STRING,
            "SHA-256 of the decoded s16le samples without gaps; of the pieces' hex digests where there are several.",
        ),
        Column("gap_count", pa.int32(), "Gaps between the first and the last sample."),
        Column("gap_ms", pa.int32(), "Their total length."),
        measure("level_dbfs", "RMS level of all samples; 0 is a full-scale square wave, the floor is -100."),
        measure("peak_dbfs", "Largest absolute sample; the floor is -100."),
        measure("clipping_ratio", "Share of samples at the limits of 16-bit PCM or of G.711."),
        measure("digital_zero_ratio", "Share of samples that are exactly 0."),
        measure("dc_offset", "Mean sample, as a share of full scale."),
        Column("speech_ms", pa.int32(), "Time that is decided to be speech, pauses left out.", nullable=True),
        measure("active_level_dbfs", "RMS level of the speech frames."),
        measure(
            "noise_floor_dbfs",
            "Level of the noise around the speech; without speech, the 20th percentile of the frames that sound.",
        ),
        measure("snr_db", "active_level_dbfs less noise_floor_dbfs, the noise under the speech taken off."),
        measure("f0_median_hz", "Median F0 of the voiced speech frames, to 1 %."),
        measure(
            "echo_leak_db",
            "Level of the other channel on this one, relative to its own level; NULL if it is not heard.",
        ),
        measure(
            "echo_delay_ms",
            "How much later it is heard; from another stream, what the legs' clocks differ by is part of it.",
        ),
        Column(
            "peaks",
            pa.list_(pa.int8()),
            "Largest absolute sample of each 50 ms from start_ts on, 0 to 127; NULL items have no audio.",
            nullable=True,
        ),
        Column(
            "declared_rate_hz",
            pa.int32(),
            "Sample rate as track or tags declare it; NULL if they do not. Where it differs from sample_rate_hz, the "
            "call's warnings say why: rate_from_timecodes, resampled, encoding_from_samples.",
            nullable=True,
        ),
        Column(
            "track_channel",
            pa.int32(),
            "Which of the track's channels this is, from 0 on; NULL where the track has one.",
            nullable=True,
        ),
        Column(
            "copy_stream_arns",
            pa.list_(pa.string()),
            "Other streams of the call that hold the same audio at the same time: it counts here alone, and no table "
            "has rows of the copies; NULL without such.",
            nullable=True,
        ),
        Column(
            "clock_steps_ms",
            pa.list_(pa.int64()),
            "Steps of the producer's clock within the leg, in order: by how much it was set forward, below 0 back. The "
            "leg's own clock goes on across them; NULL without such.",
            nullable=True,
        ),
        Column(
            "clock_step_offsets_ms",
            pa.list_(pa.int32()),
            "Where these lie, from the call's start: at the first fragment after each.",
            nullable=True,
        ),
    ),
)
