"""Table sentiment_inputs."""

import pyarrow as pa

from callbeam.schemas.acoustics import UNIT_MEASURES, UNIT_Z_SCORES
from callbeam.schemas.shared_columns import OF_CHANNEL, SPOKEN_STRETCH
from callbeam.schemas.table import INSTANT, STRING, Column, Table, measure

INELIGIBLE_REASONS = (
    "agent_policy",
    "system_voice",
    "no_speech",
    "too_short",
    "masked",
    "hold",
    "crosstalk",
    "echo_leak",
    "overlap",
    "low_snr",
)
"""In the order in which they are tried: the first that holds is given."""

CONTEXT = pa.list_(
    pa.struct(
        [
            pa.field("utterance_id", pa.string()),
            pa.field("participant_role", pa.string()),
            pa.field("begin_offset_ms", pa.int32()),
            pa.field("end_offset_ms", pa.int32()),
            pa.field("text", pa.string()),
        ]
    )
)

SCORES = pa.list_(pa.struct([pa.field("name", pa.string()), pa.field("value", pa.float32())]))

SENTIMENT_INPUTS = Table(
    name="sentiment_inputs",
    version=2,
    row="a unit that a sentiment model may score: an utterance of 1 to 15 s, or a window of 30 s, of one channel",
    key=("call_id", "begin_offset_ms", "unit_id", "job_id"),
    columns=(
        *OF_CHANNEL,
        Column(
            "unit_id",
            STRING,
            "Names the unit: <channel_id>-u<begin> or -w<begin>, in ms on the leg's clock; joins clips.",
        ),
        Column(
            "unit_type", STRING, "utterance (short neighbours joined, long ones split) or window (on a grid of 30 s)."
        ),
        Column("begin_ts", INSTANT, "Where it begins."),
        *SPOKEN_STRETCH,
        measure("speech_ratio", "The same as a share."),
        Column("utterance_ids", pa.list_(pa.string()), "The utterances that it holds or cuts, in order."),
        Column("eligible", pa.bool_(), "A model may score it."),
        Column(
            "ineligible_reason",
            STRING,
            f"Why not, the first that holds of: {', '.join(INELIGIBLE_REASONS)}.",
            nullable=True,
        ),
        measure(
            "overlap_ratio",
            "Share of its speech over which another participant speaks; NULL if only one is heard, or if channels "
            "cannot be compared (warnings clocks_differ, channels_identical).",
        ),
        measure(
            "echo_ratio",
            "Share of what sounds like speech in it that is another leg's echo and was taken out; NULL where no leg on "
            "another stream was compared.",
        ),
        Column(
            "context",
            CONTEXT,
            "The three turns of any participant that begin before it and are no part of it, oldest first; of its own "
            "channel alone if channels cannot be compared. text is NULL here, for what was said comes later: "
            "units_said has it.",
        ),
        *UNIT_MEASURES,
        *UNIT_Z_SCORES,
        Column(
            "prosody_text",
            STRING,
            "What it sounds like against its speaker's usual, in words; NULL unless asked for, if not eligible, or if "
            "there is nothing to compare with.",
            nullable=True,
        ),
        Column(
            "scores",
            SCORES,
            "What the given model says, by label; NULL unless one is given, if not eligible, or if a feature that it "
            "takes is not computable.",
            nullable=True,
        ),
        Column("model_sha256", STRING, "SHA-256 of that model's file; NULL where scores are.", nullable=True),
        Column("subject_key", STRING, "Names the person, pseudonymously, where records tell.", nullable=True),
        Column(
            "split_group",
            STRING,
            "What must not lie in two splits: subject key, else first contact of a chain, else call.",
        ),
        Column("split", STRING, "train (80 %), validation or test (10 % each), by a salted hash of split_group."),
    ),
)
