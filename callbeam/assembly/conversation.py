"""A call's conversation: what its channels tell together, as columns of ``calls`` and rows of three tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from callbeam.calls.spans import as_spans
from callbeam.schemas import TABLES
from callbeam.schemas.acoustics import ACOUSTIC_MEASURES
from callbeam.speech.conversation import Conversation, converse
from callbeam.speech.talk import ChannelTalk, Utterance
from callbeam.speech.z_scores import Baseline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.assembly.channels import JoinedChannel
    from callbeam.speech.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class CallClock:
    """What every row of a call is measured by.

    Attributes
    ----------
    job_id, call_id : str
    start_ms : int
        UTC milliseconds from which offsets count.
    duration_ms : int
    comparable : bool
        The legs' clocks are sure enough of each other that channels can be compared.
    """

    job_id: str
    call_id: str
    start_ms: int
    duration_ms: int
    comparable: bool


def sorted_rows(batches: Sequence[pa.RecordBatch], kept: frozenset[str], schema: pa.Schema) -> pa.Table:
    """Put the rows of the kept channels into one table, in order of time and channel."""
    wanted = [batch for batch in batches if batch.column("channel_id")[0].as_py() in kept]
    rows = pa.Table.from_batches(wanted, schema=schema)
    return rows.sort_by([("begin_ts", "ascending"), ("channel_id", "ascending")])


def offsets_of(rows: pa.Table, start_ms: int) -> tuple[np.ndarray, np.ndarray]:
    """Return begin and end of rows with ``begin_ts`` and ``duration_ms``, in ms from the call's start."""
    begin = rows["begin_ts"].cast(pa.int64()).to_numpy() - start_ms
    return begin, begin + rows["duration_ms"].to_numpy()


def talk_of(channels: Sequence[JoinedChannel], utterances: pa.Table, clock: CallClock) -> list[ChannelTalk]:
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
        marks=tuple(
            mark._replace(begin_ms=mark.begin_ms - start_ms, end_ms=mark.end_ms - start_ms) for mark in voice.marks
        ),
    )


def conversation_of(talk: Sequence[ChannelTalk], clock: CallClock, thresholds: Thresholds) -> Conversation:
    """Decide turns, events, phases and totals of a call."""
    return converse(talk, comparable=clock.comparable, duration_ms=clock.duration_ms, thresholds=thresholds)


def baseline_of(utterances: pa.Table) -> Baseline:
    """Return what is usual for each speaker in this call: a channel's role, or the channel where it has none."""
    measures = {column.name: utterances[column.name].to_numpy() for column in ACOUSTIC_MEASURES}
    return Baseline.of(measures, speakers_of(utterances))


def speakers_of(rows: pa.Table) -> np.ndarray:
    """Name who speaks in each row: the role, or the channel where nothing tells the role."""
    columns = (rows[name].to_pylist() for name in ("participant_role", "channel_id"))
    return np.array([role or channel_id for role, channel_id in zip(*columns, strict=True)], dtype=object)


def utterance_table(utterances: pa.Table, conversation: Conversation, baseline: Baseline, clock: CallClock) -> pa.Table:
    """Complete the rows of table ``utterances``."""
    begins, ends = offsets_of(utterances, clock.start_ms)
    measures = {column.name: utterances[column.name].to_numpy() for column in ACOUSTIC_MEASURES}
    turns = [asdict(conversation.turns[name]) for name in utterances["utterance_id"].to_pylist()]
    schema = TABLES["utterances"].schema
    added: dict[str, Any] = {
        "job_id": pa.array([clock.job_id] * len(turns), pa.string()),
        "begin_offset_ms": begins.astype(np.int32),
        "end_offset_ms": ends.astype(np.int32),
        **{name: from_nan(values) for name, values in baseline.score(measures, speakers_of(utterances)).items()},
    }
    if turns:
        names = [name for name in turns[0] if name in schema.names and name not in utterances.schema.names]
        added |= {name: pa.array([turn[name] for turn in turns], schema.field(name).type) for name in names}
    return in_order(schema, utterances, added)


def in_order(schema: pa.Schema, rows: pa.Table, added: dict[str, Any]) -> pa.Table:
    """Put columns of rows and added ones into a table's order; those of neither are NULL."""
    columns = []
    for entry in schema:
        if entry.name in added:
            columns.append(pa.array(added[entry.name], entry.type))
        elif entry.name in rows.schema.names:
            columns.append(rows[entry.name])
        else:
            columns.append(pa.nulls(rows.num_rows, entry.type))
    return pa.Table.from_arrays(columns, schema=schema)


def from_nan(values: np.ndarray) -> pa.Array:
    """Return a float32 column with NULL for NaN."""
    return pa.array(values.astype(np.float32), pa.float32(), mask=np.isnan(values))


def row_batch(table: str, rows: Sequence[Any], clock: CallClock) -> pa.RecordBatch:
    """Turn events or phases into a batch of their table."""
    schema = TABLES[table].schema
    own = {"job_id": clock.job_id, "call_id": clock.call_id}
    return pa.RecordBatch.from_pylist([{**asdict(row), **own} for row in rows], schema=schema)
