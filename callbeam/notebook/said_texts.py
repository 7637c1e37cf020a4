"""What others say, joined to utterances and units: as ``docs/views.sql`` joins it, without a database."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from callbeam.tables import clock_zeros, job_date

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_OF_UNITS = ("call_id", "job_id", "unit_id", "participant_role", "split", "split_group")
_OF_LABELS = ("source", "annotator", "name", "value", "score", "scale", "label_id")
_TEXTS = ("text_source", "text", "text_status", "word_count", "words_per_minute")


def utterances_said(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return the utterances, each with the best text that any source has for it.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        ``utterances`` and ``utterance_texts``, as ``open_tables`` gives them.

    Returns
    -------
    pyarrow.Table
        Table ``utterances`` and the columns ``text_source``, ``text``, ``text_status``, ``word_count`` and
        ``words_per_minute``, NULL where there is none. Text of words counts before that of segments; of equals the
        first source.
    """
    utterances, best = tables["utterances"], _best(tables)
    keys = zip(*(utterances[name].to_pylist() for name in ("call_id", "utterance_id")), strict=True)
    rows = [best.get(key, {}) for key in keys]
    schema = tables["utterance_texts"].schema
    for name in _TEXTS:
        of_source = "source" if name == "text_source" else name
        values = pa.array([row.get(of_source) for row in rows], schema.field(of_source).type)
        utterances = utterances.append_column(name, values)
    return utterances


def units_said(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return the units that a sentiment model may score, with what was said in them and before them.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        ``sentiment_inputs`` and ``utterance_texts``.

    Returns
    -------
    pyarrow.Table
        Table ``sentiment_inputs``, each turn of ``context`` with its ``text``, and the column ``text``: that of the
        utterances which the unit holds or cuts, whole. NULL where there is none.
    """
    units = tables["sentiment_inputs"]
    said = {key: row["text"] for key, row in _best(tables).items() if row["text"] is not None}
    texts, contexts = [], []
    columns = (units[name].to_pylist() for name in ("call_id", "utterance_ids", "context"))
    for call_id, names, turns in zip(*columns, strict=True):
        texts.append(" ".join(said[call_id, name] for name in names if (call_id, name) in said) or None)
        contexts.append([{**turn, "text": said.get((call_id, turn["utterance_id"]))} for turn in turns])
    place, kept = units.schema.get_field_index("context"), units.schema.field("context")
    units = units.set_column(place, kept, pa.array(contexts, kept.type))
    return units.append_column("text", pa.array(texts, pa.string()))


def unit_labels(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return the labels of units: those that name a unit or an utterance of it, and those of its role over most of it.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        ``calls``, ``sentiment_inputs`` and ``labels``.

    Returns
    -------
    pyarrow.Table
        A row for each unit and label of it: ``call_id``, ``unit_job_id``, ``unit_id``, ``participant_role``, ``split``
        and ``split_group`` of the unit, ``source``, ``annotator``, ``name``, ``value``, ``score``, ``scale`` and
        ``label_id`` of the label.
    """
    units, labels = tables["sentiment_inputs"], tables["labels"]
    begins_ms = _milliseconds(units, "begin_ts")
    of_call: dict[str, list[dict[str, Any]]] = defaultdict(list)
    rows = units.select([*_OF_UNITS, "utterance_ids", "duration_ms"]).to_pylist()
    for unit, begin_ms in zip(rows, begins_ms, strict=True):
        of_call[unit["call_id"]].append({**unit, "begin_ms": begin_ms})
    calls = {call_id: _LabelledUnits(some) for call_id, some in of_call.items()}
    starts = tables["calls"]
    job_ids, call_ids = (starts[name].to_pylist() for name in ("job_id", "call_id"))
    zeros_ms = clock_zeros(zip(job_ids, call_ids, _milliseconds(starts, "call_start_ts"), strict=True))
    wheres = ("call_id", "job_id", "participant_role", "unit_id", "begin_offset_ms", "end_offset_ms")
    found = []
    for place, label in enumerate(labels.select(wheres).to_pylist()):
        if label["call_id"] in calls:
            zero_ms = zeros_ms.get((label["call_id"], job_date(label["job_id"])))
            found += [(unit, place) for unit in calls[label["call_id"]].about(label, zero_ms)]
    schema = pa.schema([units.schema.field(name) for name in _OF_UNITS])
    joined = pa.Table.from_pylist([{name: unit[name] for name in _OF_UNITS} for unit, _ in found], schema)
    theirs = labels.select(_OF_LABELS).take(pa.array([place for _, place in found], pa.int64()))
    for name in _OF_LABELS:
        joined = joined.append_column(theirs.schema.field(name), theirs[name])
    return joined.rename_columns(["unit_job_id" if name == "job_id" else name for name in joined.column_names])


def _milliseconds(table: pa.Table, name: str) -> list[int]:
    return table[name].cast(pa.int64()).to_pylist()  # type: ignore[no-any-return]


class _LabelledUnits:
    """The units of a call, to be found by their names and by their time."""

    def __init__(self, units: Sequence[Mapping[str, Any]]) -> None:
        self._units = units
        self._named: dict[str, list[int]] = defaultdict(list)
        for at, unit in enumerate(units):
            for name in {unit["unit_id"], *unit["utterance_ids"]}:
                self._named[name].append(at)
        self._roles = np.array([str(unit["participant_role"]) for unit in units])
        columns = ("begin_ms", "duration_ms")
        self._begin, self._long = (np.array([unit[name] for unit in units], np.int64) for name in columns)

    def about(self, label: Mapping[str, Any], zero_ms: int | None) -> Iterator[Mapping[str, Any]]:
        """Give the units that a label is about, whose offsets are from ``zero_ms`` on."""
        if label["unit_id"] is not None:
            places = self._named.get(label["unit_id"], [])
        elif label["begin_offset_ms"] is None or label["participant_role"] is None or zero_ms is None:
            places = []  # it is about the call
        else:
            begin, end = zero_ms + label["begin_offset_ms"], zero_ms + label["end_offset_ms"]
            shared = np.minimum(self._begin + self._long, end) - np.maximum(self._begin, begin)
            places = np.flatnonzero((self._roles == label["participant_role"]) & (2 * shared > self._long)).tolist()
        return (self._units[place] for place in places)


def _best(tables: Mapping[str, pa.Table]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the best text of each utterance, by call and utterance."""
    columns = ("call_id", "utterance_id", "source", "job_id", "text", "text_status", "word_count", "words_per_minute")
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(tables["utterance_texts"].select(columns).to_pylist(), key=_rank):
        best.setdefault((row["call_id"], row["utterance_id"]), row)
    return best


def _rank(row: Mapping[str, Any]) -> tuple[int, str, str]:
    how = 2 if row["text"] is None else 0 if row["text_status"] == "words" else 1
    return how, row["source"], row["job_id"]
