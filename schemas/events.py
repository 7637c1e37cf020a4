"""Table events."""

import pyarrow as pa

from callbeam.schemas.shared_columns import OF_CALL, STRETCH
from callbeam.schemas.table import STRING, Column, Table, measure

EVENT_TYPES = (
    "non_talk",
    "overlap",
    "terminal_overlap",
    "interruption",
    "backchannel",
    "long_monologue",
    "digital_silence",
    "gap",
    "clipping",
    "tone",
)

TONE_KINDS = (
    "dtmf",
    "ringback",
    "busy",
    "reorder",
    "dial",
    "sit",
    "call_waiting",
    "recording_beep",
    "voicemail_beep",
    "fax_cng",
    "fax_ced",
    "modem",
    "hold_tone",
    "hold_music",
    "other",
)

EVENTS = Table(
    name="events",
    row="something that happened in a call; docs/definitions.md says what makes it one",
    key=("call_id", "begin_offset_ms", "event_id", "job_id"),
    version=2,
    columns=(
        *OF_CALL,
        Column(
            "event_id",
            STRING,
            "Names the event within the call: type, channel and begin; numbered where they coincide.",
        ),
        Column("event_type", STRING, f"{', '.join(EVENT_TYPES[:-1])} or {EVENT_TYPES[-1]}."),
        *STRETCH,
        Column("by_role", STRING, "Who did it, or on whose channel it is; NULL for what is nobody's.", nullable=True),
        Column("channel_id", STRING, "That channel.", nullable=True),
        Column("utterance_id", STRING, "The utterance that did it, or began it.", nullable=True),
        Column("other_utterance_id", STRING, "The utterance that it fell into.", nullable=True),
        Column("overlap_ms", pa.int32(), "Time in which both speak, pauses under 500 ms included.", nullable=True),
        Column("prior_speech_ms", pa.int32(), "How long the other had spoken when it began.", nullable=True),
        Column(
            "stopped_after_ms",
            pa.int32(),
            "How long after its begin the other stopped; NULL if the other went on after its end, or is unheard.",
            nullable=True,
        ),
        Column(
            "went_on_ms",
            pa.int32(),
            "How long it went on after the other's stop; NULL where stopped_after_ms is.",
            nullable=True,
        ),
        Column(
            "other_went_on_ms",
            pa.int32(),
            "How long the other went on after its end; NULL if the other stopped by then, or it is unheard.",
            nullable=True,
        ),
        Column("tone_kind", STRING, f"{', '.join(TONE_KINDS[:-1])} or {TONE_KINDS[-1]}, of a tone.", nullable=True),
        Column("dtmf_digit", STRING, "The key of a DTMF tone.", nullable=True),
        measure("frequency_hz", "The strongest frequency of a tone."),
        measure("level_dbfs", "RMS level of a tone."),
        Column("clipped_samples", pa.int32(), "Samples at the format's limits.", nullable=True),
        Column("masked_ms", pa.int32(), "How much of a non_talk cannot be heard on every channel.", nullable=True),
    ),
)
