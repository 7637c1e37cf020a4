"""Table calls."""

import pyarrow as pa

from callbeam.schemas.table import CALL_ID, INSTANT, JOB_ID, STRING, Column, Table

CALLS = Table(
    name="calls",
    row="a call",
    key=("call_id", "job_id"),
    columns=(
        JOB_ID,
        CALL_ID,
        Column("source", STRING, "connect, chime, or untagged."),
        Column("instance_id", STRING, "Connect's InstanceId.", nullable=True),
        Column("chime_call_id", STRING, "Chime's CallId.", nullable=True),
        Column("voice_connector_id", STRING, "Chime's VoiceConnectorId.", nullable=True),
        Column("stream_arns", pa.list_(pa.string()), "The streams that the call's legs lie on, sorted."),
        Column(
            "call_start_ts", INSTANT, "The call's clock zero: the earliest fragment of any leg; offsets count from it."
        ),
        Column("duration_ms", pa.int32(), "From call_start_ts to the end of the last audio of any channel."),
        Column("status", STRING, "ok; partial if fragments or tracks were lost; no_audio if none could be decoded."),
        Column("leg_count", pa.int32(), "Legs of the call."),
        Column("channel_count", pa.int32(), "Channels with audio."),
        Column("fragment_count", pa.int32(), "Fragments of the call that its units listed."),
        Column(
            "lost_fragment_count",
            pa.int32(),
            "Of these, lost: not found, expired, damaged, unsupported, without timestamp, service error.",
        ),
        Column("clock_source", STRING, "producer, server, or mixed where the legs differ."),
        Column(
            "clock_uncertainty_ms",
            pa.int32(),
            "How far the legs' clocks may lie from each other and from the truth; NULL without audio.",
            nullable=True,
        ),
        Column("warnings", pa.list_(pa.string()), "What a reader of the row should know, sorted."),
    ),
)
