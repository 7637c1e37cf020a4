"""What files say, gathered by call before anything is decided: as columns, for there may be millions of rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from callbeam.enrichment.named_calls import day_of
from callbeam.transcripts import Label, Message, Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.enrichment.named_calls import NamedCalls
    from callbeam.tables import Tombstones
    from callbeam.transcripts import Said

CHUNK = 20_000
"""Rows that are held as Python objects before they become columns."""

_CALL = [("day_ms", pa.int64()), ("call_id", pa.string()), ("known", pa.bool_()), ("source", pa.string())]
_WORD = pa.struct([("begin_ms", pa.int32()), ("end_ms", pa.int32()), ("text", pa.string()), ("conf", pa.float32())])
_CLOCK = [("zero_ms", pa.int64()), ("is_calls", pa.bool_())]

SCHEMAS: Final = {
    Segment: pa.schema(
        [
            *_CALL,
            ("segment_id", pa.string()),
            ("role", pa.string()),
            ("begin_ms", pa.int64()),
            ("end_ms", pa.int64()),
            *_CLOCK,
            ("text", pa.string()),
            ("words", pa.list_(_WORD)),
            ("language", pa.string()),
            ("is_partial", pa.bool_()),
            ("redacted", pa.bool_()),
            ("said_ms", pa.int64()),
            ("place", pa.string()),
        ]
    ),
    Label: pa.schema(
        [
            *_CALL,
            ("name", pa.string()),
            ("value", pa.string()),
            ("score", pa.float64()),
            ("scale", pa.string()),
            ("role", pa.string()),
            ("segment_id", pa.string()),
            ("unit_id", pa.string()),
            ("begin_ms", pa.int64()),
            ("end_ms", pa.int64()),
            *_CLOCK,
            ("annotator", pa.string()),
            ("place", pa.string()),
        ]
    ),
    Message: pa.schema(
        [
            *_CALL,
            ("said_ms", pa.int64()),
            ("kind", pa.string()),
            ("status", pa.string()),
            ("role", pa.string()),
            ("text", pa.string()),
            ("is_partial", pa.bool_()),
            ("payload", pa.string()),
            ("place", pa.string()),
        ]
    ),
}
"""Columns of what is gathered, by what it is."""


@dataclass(slots=True)
class _Columns:
    schema: pa.Schema
    rows: list[dict[str, Any]] = field(default_factory=list)
    batches: list[pa.RecordBatch] = field(default_factory=list)

    def add(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        if len(self.rows) >= CHUNK:
            self.close()

    def close(self) -> None:
        if self.rows:
            self.batches.append(pa.RecordBatch.from_pylist(self.rows, schema=self.schema))
            self.rows = []


class Collected:
    """Everything that files say, by day and call.

    Parameters
    ----------
    calls : NamedCalls
        The calls that are known.
    erased : Tombstones
        Of whom nothing is taken.

    Attributes
    ----------
    passed_over : int
        What was said of the erased.
    """

    def __init__(self, calls: NamedCalls, erased: Tombstones) -> None:
        self._calls = calls
        self._erased = erased
        self.passed_over = 0
        self._columns = {kind: _Columns(schema) for kind, schema in SCHEMAS.items()}
        self._tables: dict[type, pa.Table] = {}

    def add(self, said: Said) -> None:
        """Take one thing that was said."""
        known = self._calls.find(said.call.names)
        if any(self._erased.hold(name) for name in said.call.names):
            self.passed_over += 1
            return
        row: dict[str, Any] = {
            "day_ms": known.day_ms if known is not None else self._day_of_unknown(said),
            "call_id": known.call_id if known is not None else said.call.names[0],
            "known": known is not None,
            "source": said.call.source,
            "place": said.call.place,
        }
        columns = self._columns[type(said)]
        for name in columns.schema.names:
            if name not in row:
                row[name] = _value(said, name)
        columns.add(row)

    def _day_of_unknown(self, said: Said) -> int:
        clock = getattr(said, "clock", None)
        at_ms = getattr(said, "said_ms", None) or (clock.zero_ms if clock is not None else None)
        return day_of(at_ms) if at_ms else self._calls.first_day_ms

    def close(self) -> None:
        """Put what was taken in order: nothing more comes."""
        for kind, columns in self._columns.items():
            columns.close()
            table = pa.Table.from_batches(columns.batches, schema=columns.schema)
            columns.batches = []
            self._tables[kind] = table.sort_by([("day_ms", "ascending"), ("call_id", "ascending")])

    def days(self) -> list[int]:
        """Return the days that anything was said of, as UTC midnights in ms."""
        found = [pc.unique(table["day_ms"]) for table in self._tables.values()]
        return sorted({day for one in found for day in one.to_pylist()})

    def of_day(self, kind: type, day_ms: int) -> Iterator[list[dict[str, Any]]]:
        """Yield what was said of each call of a day, by call_id."""
        table = self._tables[kind]
        table = table.filter(pc.equal(table["day_ms"], day_ms))
        if not table.num_rows:
            return
        ends = [*(pc.run_end_encode(table["call_id"].combine_chunks()).run_ends.to_pylist())]
        for begin, end in zip([0, *ends], ends, strict=False):
            yield table.slice(begin, end - begin).to_pylist()


def _value(said: Said, name: str) -> Any:
    if name in ("zero_ms", "is_calls"):
        return getattr(said.clock, name)  # type: ignore[union-attr]
    if name == "words":
        words = [(word.begin_ms, word.end_ms, word.text, word.confidence) for word in said.words]  # type: ignore[union-attr]
        return [dict(zip(("begin_ms", "end_ms", "text", "conf"), word, strict=True)) for word in words] or None
    return getattr(said, name)
