"""Table calls."""

import pyarrow as pa

from callbeam.schemas.shared_columns import OF_CALL
from callbeam.schemas.table import INSTANT, STRING, Column, Table, measure


def _bigint(name: str, meaning: str) -> Column:
    """Declare a column that Connect's data lake has, under its name and type."""
    return Column(name, pa.int64(), meaning, nullable=True)


def _milliseconds(name: str, meaning: str) -> Column:
    return Column(name, pa.int32(), meaning, nullable=True)


CONNECT_TOTALS = (
    _bigint(
        "total_conversation_duration_ms",
        "From the scope's begin to the end of the last utterance; NULL if nobody speaks.",
    ),
    _bigint(
        "talk_time_total_ms",
        "Sum of all participants' talk times: overlap counts twice, as in Connect; NULL if only one is heard.",
    ),
    _bigint("talk_time_agent_ms", "Sum of the durations of the agent's utterances."),
    _bigint("talk_time_customer_ms", "Sum of the durations of the customer's utterances."),
    _bigint(
        "non_talk_time_total_ms",
        "Time in which nobody speaks for at least 3 s; hold, begin and end of the call, and short gaps inside silence "
        "included.",
    ),
    _bigint("interruptions_total_count", "Interruptions, by anyone."),
    _bigint("interruptions_agent_count", "Interruptions by the agent."),
    _bigint("interruptions_customer_count", "Interruptions by the customer."),
    _bigint("interruptions_time_total_ms", "Time of overlap_ms that lies in interruptions."),
    _bigint("interruptions_time_agent_ms", "In those by the agent."),
    _bigint("interruptions_time_customer_ms", "In those by the customer."),
)
"""Columns of Connect's ``contact_lens_conversational_analytics`` that audio can fill, in its names and types."""

TOTALS = (
    _milliseconds("speech_union_ms", "Time in which anyone speaks: overlap counts once."),
    _milliseconds("overlap_ms", "Time in which more than one participant speaks."),
    measure("overlap_ratio", "overlap_ms as a share of speech_union_ms."),
    _milliseconds("dead_air_ms", "non_talk_time_total_ms without the hold phases."),
    _milliseconds("hold_ms", "Length of the hold phases; NULL without a channel to the customer."),
    _milliseconds("longest_non_talk_ms", "The longest stretch of non-talk; 0 if there is none."),
    Column("non_talk_count", pa.int32(), "Stretches of non-talk.", nullable=True),
    _milliseconds("masked_ms", "Time in which no channel can be heard: masked, or not there."),
    measure("agent_talk_ratio", "The agent's share of both talk times."),
    measure("agent_talk_share", "The agent's talk time as a share of the conversation."),
    Column("turn_count", pa.int32(), "Utterances of all participants.", nullable=True),
    Column("backchannel_count", pa.int32(), "Of these, backchannels.", nullable=True),
    _milliseconds(
        "longest_turn_agent_ms",
        "The agent's longest turn: utterances in a row, less than 3 s apart, backchannels of the other not counted.",
    ),
    _milliseconds("longest_turn_customer_ms", "The customer's longest turn."),
    _milliseconds("first_speech_agent_ms", "Offset of the agent's first utterance."),
    _milliseconds(
        "agent_greeting_ms",
        "From the agent's connect, as records tell it, to the agent's first utterance; known to a second where "
        "only contact records tell the connect. NULL without records, or if audio to the customer begins later.",
    ),
    _milliseconds("first_speech_customer_ms", "Offset of the customer's first utterance."),
    measure("response_latency_agent_p50_ms", "Median of the agent's response latencies, as in utterances."),
    measure("response_latency_agent_p90_ms", "90th percentile of the same, interpolated."),
    measure("response_latency_customer_p50_ms", "Median of the customer's response latencies, as in utterances."),
    measure("response_latency_customer_p90_ms", "90th percentile of the same, interpolated."),
    measure("speaker_switches_per_min", "Changes of speaker per minute of the conversation, backchannels not counted."),
    measure("syllable_rate_agent_hz", "Syllable nuclei per second of the agent's utterances."),
    measure("syllable_rate_customer_hz", "Syllable nuclei per second of the customer's utterances."),
)
"""What Connect does not have."""

CONTACT = (
    Column("contact_id", STRING, "Connect's ContactId; NULL of other calls.", nullable=True),
    Column("initial_contact_id", STRING, "The first contact of the chain that transfers make.", nullable=True),
    Column("previous_contact_id", STRING, "The contact that was transferred to this one.", nullable=True),
    Column("next_contact_id", STRING, "The contact that this one was transferred to.", nullable=True),
    Column("related_contact_id", STRING, "Connect's RelatedContactId, of a callback for example.", nullable=True),
    Column("aliases", pa.list_(pa.string()), "Other names that records know the call by, sorted.", nullable=True),
    Column("initiation_method", STRING, "Connect's InitiationMethod.", nullable=True),
    Column("initiation_ts", INSTANT, "When the contact began.", nullable=True),
    Column("connected_to_agent_ts", INSTANT, "When an agent was connected to the customer.", nullable=True),
    Column("disconnect_ts", INSTANT, "When the contact ended.", nullable=True),
    Column("queue_id", STRING, "The queue, by the end of its ARN.", nullable=True),
    Column("routing_profile_id", STRING, "The agent's routing profile, by the end of its ARN.", nullable=True),
    Column("agent_id", STRING, "The agent who had the contact last, by the end of the ARN.", nullable=True),
    Column(
        "attributes",
        pa.list_(pa.struct([("name", pa.string()), ("value", pa.string())])),
        "Contact attributes that were asked for with --attributes, by name.",
        nullable=True,
    ),
    Column("record_sources", pa.list_(pa.string()), "Kinds of records that speak of the call.", nullable=True),
)
"""What records tell, NULL where a job was planned without them; but for the ContactId, which tags tell, too."""

CALLS = Table(
    name="calls",
    version=2,
    row="a call",
    key=("call_id", "job_id"),
    columns=(
        *OF_CALL,
        Column("source", STRING, "connect, chime, or untagged."),
        Column("instance_id", STRING, "Connect's InstanceId.", nullable=True),
        Column("chime_call_id", STRING, "Chime's CallId.", nullable=True),
        Column("voice_connector_id", STRING, "Chime's VoiceConnectorId.", nullable=True),
        *CONTACT,
        Column("stream_arns", pa.list_(pa.string()), "The streams that the call's legs lie on, sorted."),
        Column(
            "recordings",
            pa.list_(pa.string()),
            "Places of the recordings that the call was read from, sorted; NULL of a call that was read from streams.",
            nullable=True,
        ),
        Column(
            "call_start_ts", INSTANT, "The call's clock zero: the earliest fragment of any leg; offsets count from it."
        ),
        Column("duration_ms", pa.int32(), "From call_start_ts to the end of the last audio of any channel."),
        Column(
            "status",
            STRING,
            "ok; partial if fragments or tracks were lost, or samples are no sound; no_audio if none could be decoded; "
            "missing if records name the call and no fragment is tagged with it.",
        ),
        Column("missing_reason", STRING, "Why it is missing; NULL else.", nullable=True),
        Column("leg_count", pa.int32(), "Legs of the call, copies of the same audio on other streams included."),
        Column("channel_count", pa.int32(), "Channels with audio."),
        Column("fragment_count", pa.int32(), "Fragments of the call that its units listed."),
        Column(
            "lost_fragment_count",
            pa.int32(),
            "Of these, lost: not found, expired, damaged, unsupported, without timestamp, service error.",
        ),
        Column(
            "clock_source",
            STRING,
            "producer, server, or mixed where the legs differ; of recordings record or file_name, what told their "
            "start.",
        ),
        Column(
            "clock_uncertainty_ms",
            pa.int32(),
            "How far the legs' clocks may lie from each other and from the truth; NULL without audio.",
            nullable=True,
        ),
        Column(
            "metrics_scope",
            STRING,
            "What the totals were taken over: agent_phase, or whole_call (the channel to the customer then carries "
            "prompts and queue music, too); NULL without totals.",
            nullable=True,
        ),
        *CONNECT_TOTALS,
        *TOTALS,
        Column(
            "channel_layout",
            STRING,
            "stereo: a channel for each participant; bleed: one is heard on the other's; dual_mono: both are the same; "
            "mono: one channel; NULL without audio.",
            nullable=True,
        ),
        measure(
            "channel_correlation",
            "Largest correlation between the two channels' samples, 0 to 1; NULL if never compared, as "
            "those of legs on different streams.",
        ),
        Column("warnings", pa.list_(pa.string()), "What a reader of the row should know, sorted."),
    ),
)
