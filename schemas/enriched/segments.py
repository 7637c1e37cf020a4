"""Table segments."""

import pyarrow as pa

from callbeam.schemas import CHANNEL_ID, STRING, Column, Table, measure
from callbeam.schemas.enriched.said_columns import OF_SAID, OFFSETS, PROVENANCE, ROLE

TEXT_STATUSES = ("linked", "no_utterance", "no_channel", "no_role", "unaligned", "unknown_call")

WORDS = pa.list_(
    pa.struct(
        [
            pa.field("begin_offset_ms", pa.int32()),
            pa.field("end_offset_ms", pa.int32()),
            pa.field("text", pa.string()),
            pa.field("confidence", pa.float32()),
            pa.field("utterance_id", pa.string()),
        ]
    )
)

SEGMENTS: Table = Table(
    name="segments",
    version=2,
    row="a stretch of speech that another system transcribed",
    key=("call_id", "source", "source_begin_ms", "source_segment_id", "job_id"),
    enriched=True,
    columns=(
        *OF_SAID,
        Column("source_segment_id", STRING, "The source's own name of it."),
        ROLE,
        Column(
            "source_speaker",
            STRING,
            "What the source calls who speaks, or the channel, where it tells no role: ch_0, spk_1. participant_role "
            "is then found by whose utterances the speech agrees with, and NULL where it agrees with nobody's.",
            nullable=True,
        ),
        Column(CHANNEL_ID.name, STRING, "The channel whose speech it is; NULL if none is.", nullable=True),
        *OFFSETS,
        Column("source_begin_ms", pa.int64(), "Where it begins on the source's clock."),
        Column("source_end_ms", pa.int64(), "Where it ends on the source's clock."),
        Column(
            "clock_shift_ms",
            pa.int64(),
            "What was added to the source's clock; NULL if that is not known.",
            nullable=True,
        ),
        measure(
            "clock_confidence",
            "How well the source's speech and the call's agree at that shift: their correlation over frames of 20 ms, "
            "0 to 1; below 0.4 no text is given to utterances.",
        ),
        Column("language", STRING, "As the source writes it.", nullable=True),
        Column("text", STRING, "What was said; NULL where the text policy withholds it.", nullable=True),
        Column(
            "words",
            WORDS,
            "Its words and the utterances that they lie in; one without times is joined to the one before it. "
            "NULL without words.",
            nullable=True,
        ),
        Column(
            "text_status",
            STRING,
            "linked: in utterance_texts; no_utterance: nobody of its role is heard there; no_channel: the call has no "
            "channel of its role; no_role: nothing tells who speaks; unaligned: its clock cannot be brought to the "
            "call's; unknown_call.",
        ),
        Column("utterance_ids", pa.list_(pa.string()), "The utterances that it lies in, in order."),
        Column("is_partial", pa.bool_(), "The source's final word on it never came."),
        Column("redacted", pa.bool_(), "The source says that personal data were taken out.", nullable=True),
        *PROVENANCE,
    ),
)
