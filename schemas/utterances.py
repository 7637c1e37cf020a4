"""Table utterances."""

import pyarrow as pa

from callbeam.schemas.acoustics import ACOUSTIC_MEASURES, Z_SCORES
from callbeam.schemas.egemaps import EGEMAPS_MEASURES
from callbeam.schemas.shared_columns import OF_CHANNEL, SPOKEN_STRETCH
from callbeam.schemas.table import INSTANT, STRING, Column, Table, measure

UTTERANCES = Table(
    name="utterances",
    row="an utterance: one participant's speech between pauses of at least 500 ms, in its place in the conversation",
    key=("call_id", "begin_offset_ms", "channel_id", "job_id"),
    columns=(
        *OF_CHANNEL,
        Column("utterance_id", STRING, "Names the utterance: its channel, and where it begins on the leg's clock."),
        Column("begin_ts", INSTANT, "Where it begins, by voice activity without padding."),
        *SPOKEN_STRETCH,
        Column("pause_count", pa.int32(), "Pauses within."),
        Column("pause_ms", pa.int32(), "Their total length."),
        measure("speech_probability", "Mean of the detector's probability over the speech."),
        Column("turn_index", pa.int32(), "Place among all utterances of the call, in order of begin, from 0."),
        Column(
            "quarter",
            pa.int32(),
            "Quarter of the conversation (total_conversation_duration_ms) in which it begins, 1 to 4.",
        ),
        Column(
            "previous_utterance_id", STRING, "The utterance before in this order, of any participant.", nullable=True
        ),
        Column(
            "response_latency_ms",
            pa.int32(),
            "From the end of the other's turn to this one's begin, negative where they overlap; NULL for backchannels, "
            "where the same participant spoke last (backchannels not counted), where the other went on after it, and "
            "where a hold or masked audio lies between.",
            nullable=True,
        ),
        Column(
            "overlap_ms",
            pa.int32(),
            "Time of it in which another participant speaks, too; NULL if only one is heard, or if channels cannot be "
            "compared (warnings clocks_differ, channels_identical).",
            nullable=True,
        ),
        Column("is_interruption", pa.bool_(), "It is an interruption of the other, as in events.", nullable=True),
        Column("is_backchannel", pa.bool_(), "It is a backchannel, as in events.", nullable=True),
        Column(
            "loudness_scores",
            pa.list_(pa.float32()),
            "loudness_score of each second from its begin, as in seconds; the last may be shorter.",
        ),
        *ACOUSTIC_MEASURES,
        *Z_SCORES,
        *EGEMAPS_MEASURES,
    ),
)
