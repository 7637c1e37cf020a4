"""The tables of speech that a call gets: utterances, events, phases, sentiment inputs; and its totals."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from callbeam.analysis import UNIT_ROWS, UTTERANCE_ROWS
from callbeam.conversation import (
    ChannelTalk,
    Utterance,
    agent_connected_ms,
    baseline_of,
    contact_phases,
    converse,
    find_phases,
    offsets_of,
    row_batch,
    sorted_rows,
    utterance_table,
)
from callbeam.line import DUAL_MONO
from callbeam.sentiment import CallSpeech, Turn, unit_table
from callbeam.spans import as_spans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from callbeam.assembly.channel_comparison import ComparedChannels
    from callbeam.assembly.config import AssemblyConfig
    from callbeam.assembly.joined_channels import JoinedChannel
    from callbeam.assembly.own_rows import SpeechRows
    from callbeam.conversation import CallClock
    from callbeam.records import Contact
    from callbeam.spans import SpanArray


@dataclass(frozen=True, slots=True)
class SpeechTables:
    """What a call's speech adds to the tables.

    Attributes
    ----------
    batches : dict of str to list of pyarrow.RecordBatch
        By table name.
    totals : dict of str to object
        Columns of table ``calls``.
    warnings : tuple of str
    """

    batches: dict[str, list[pa.RecordBatch]]
    totals: dict[str, Any]
    warnings: tuple[str, ...]


def speech_tables(
    channels: Sequence[JoinedChannel],
    rows: SpeechRows,
    scores: Mapping[str, Sequence[Mapping[str, Any]]],
    compared: ComparedChannels,
    taken_ms: Mapping[str, SpanArray],
    clock: CallClock,
    config: AssemblyConfig,
    contact: Contact | None = None,
) -> SpeechTables:
    """Put a call's speech together.

    Parameters
    ----------
    channels : sequence of JoinedChannel
        Those that the job writes; rows of others are left out.
    rows : SpeechRows
        In any order.
    scores : mapping of str to sequence of mapping
        By unit: what a sentiment model says.
    compared : ComparedChannels
        How the channels are heard on each other.
    taken_ms : mapping of str to SpanArray
        By channel: what sounds like speech and is another leg's, UTC milliseconds.
    clock : CallClock
    config : AssemblyConfig
    contact : Contact, optional
        What records say of the call: when an agent was on the line.
    """
    kept = frozenset(channel.channel_id for channel in channels)
    utterances = sorted_rows(rows.utterances, kept, UTTERANCE_ROWS)
    units = sorted_rows(rows.units, kept, UNIT_ROWS)
    talk = _talk_of(channels, utterances, clock)
    heard = find_phases(talk, clock.duration_ms)
    known = contact_phases(contact, clock.start_ms, clock.duration_ms, heard) if contact is not None else ()
    conversation = converse(
        talk,
        comparable=clock.comparable,
        duration_ms=clock.duration_ms,
        phases_known=known or heard,
        agent_connected_ms=_offset(agent_connected_ms(contact) if contact is not None else None, clock),
        thresholds=config.thresholds,
    )
    baseline = baseline_of(utterances)
    call = CallSpeech(
        talk,
        conversation,
        _turns(utterances, clock),
        compared.layout,
        compared.leak_levels,
        contact,
        echoes={name: spans - clock.start_ms for name, spans in taken_ms.items()},
    )
    tables = {
        "utterances": utterance_table(utterances, conversation, baseline, clock).to_batches(),
        "events": [row_batch("events", conversation.events, clock)],
        "phases": [row_batch("phases", conversation.phases, clock)],
        "sentiment_inputs": unit_table(units, call, baseline, scores, clock, config).to_batches(),
    }
    batches = {name: [batch for batch in some if batch.num_rows] for name, some in tables.items()}
    totals = {**conversation.totals, "metrics_scope": conversation.metrics_scope}
    if compared.layout == DUAL_MONO:
        # Everyone is on every channel: what each of them says is known of nobody.
        totals = {**dict.fromkeys(totals), "hold_ms": totals["hold_ms"]}
    return SpeechTables(batches, totals, conversation.warnings)


def _offset(at_ms: int | None, clock: CallClock) -> int | None:
    return None if at_ms is None else at_ms - clock.start_ms


def _talk_of(channels: Sequence[JoinedChannel], utterances: pa.Table, clock: CallClock) -> list[ChannelTalk]:
    """Gather who speaks when, by the call's clock."""
    begins, ends = offsets_of(utterances, clock.start_ms)
    rates = utterances["syllable_rate_hz"].to_pylist()
    spoken: dict[str, list[Utterance]] = {channel.channel_id: [] for channel in channels}
    ids = (utterances[name].to_pylist() for name in ("channel_id", "utterance_id"))
    for channel_id, name, begin, end, rate in zip(*ids, begins.tolist(), ends.tolist(), rates, strict=True):
        syllables = None if rate is None else round(rate * (end - begin) / 1000)
        spoken[channel_id].append(Utterance(utterance_id=name, begin_ms=begin, end_ms=end, syllables=syllables))
    return [_channel_talk(channel, tuple(spoken[channel.channel_id]), clock.start_ms) for channel in channels]


def _channel_talk(channel: JoinedChannel, utterances: tuple[Utterance, ...], start_ms: int) -> ChannelTalk:
    voice = channel.voice
    return ChannelTalk(
        channel_id=channel.channel_id,
        participant_role=channel.first.participant_role,
        begin_ms=channel.begin_ms - start_ms,
        end_ms=channel.end_ms - start_ms,
        utterances=utterances,
        speech=as_spans(voice.speech - start_ms),
        masked=as_spans(voice.masked - start_ms),
        detections=tuple(
            detection._replace(begin_ms=detection.begin_ms - start_ms, end_ms=detection.end_ms - start_ms)
            for detection in voice.detections
        ),
    )


def _turns(utterances: pa.Table, clock: CallClock) -> dict[str, list[Turn]]:
    """Return each channel's context: all turns, or its own alone where the others' place beside it is not known."""
    begins, ends = offsets_of(utterances, clock.start_ms)
    owners, *names = (utterances[name].to_pylist() for name in ("channel_id", "utterance_id", "participant_role"))
    turns = [Turn(*turn) for turn in zip(*names, begins.tolist(), ends.tolist(), strict=True)]
    if clock.comparable:
        return dict.fromkeys(owners, turns)
    own: defaultdict[str, list[Turn]] = defaultdict(list)
    for owner, turn in zip(owners, turns, strict=True):
        own[owner].append(turn)
    return own
