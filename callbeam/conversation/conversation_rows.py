"""A call's conversation: what its channels tell together, as columns of ``calls`` and rows of three tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from callbeam.audio import from_nan
from callbeam.conversation.speakers import speaker_kinds
from callbeam.conversation.z_scores import Baseline
from callbeam.schemas import ACOUSTIC_MEASURES, TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.conversation.conversation import Conversation


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
    roles = utterances["participant_role"].to_pylist()
    phases, kinds = speaker_kinds(begins.tolist(), roles, conversation.phases)
    schema = TABLES["utterances"].schema
    added: dict[str, Any] = {
        "job_id": pa.array([clock.job_id] * len(turns), pa.string()),
        "begin_offset_ms": begins.astype(np.int32),
        "end_offset_ms": ends.astype(np.int32),
        "phase": pa.array(phases, pa.string()),
        "speaker_kind": pa.array(kinds, pa.string()),
        **{name: from_nan(values) for name, values in baseline.score(measures, speakers_of(utterances)).items()},
    }
    if turns:
        names = [name for name in turns[0] if name in schema.names and name not in utterances.schema.names]
        added |= {name: pa.array([turn[name] for turn in turns], schema.field(name).type) for name in names}
    return in_order(schema, utterances, added)


def in_order(schema: pa.Schema, rows: pa.Table, added: dict[str, Any]) -> pa.Table:
    """Put columns of rows and added ones into a table's order; those of neither are NULL."""
    columns = []
    there = dict(zip(rows.column_names, rows.columns, strict=True))
    for entry in schema:
        if entry.name in added:
            columns.append(pa.array(added[entry.name], entry.type))
        elif entry.name in there:
            columns.append(there[entry.name])
        else:
            columns.append(pa.nulls(rows.num_rows, entry.type))
    return pa.Table.from_arrays(columns, schema=schema)


def row_batch(table: str, rows: Sequence[Any], clock: CallClock) -> pa.RecordBatch:
    """Turn events or phases into a batch of their table."""
    schema = TABLES[table].schema
    own = {"job_id": clock.job_id, "call_id": clock.call_id}
    return pa.RecordBatch.from_pylist([{**asdict(row), **own} for row in rows], schema=schema)
