"""What files say, gathered by call before anything is decided: as columns, for there may be millions of rows."""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from callbeam.enrichment.named_calls import day_of
from callbeam.transcripts import Label, Message, Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from callbeam.enrichment.named_calls import NamedCalls
    from callbeam.tables import Tombstones
    from callbeam.transcripts import Said, Word

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
            ("speaker", pa.string()),
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


_OWN: Final = {
    kind: tuple(name for name in schema.names if name not in ("day_ms", "call_id", "known", "source", "place"))
    for kind, schema in SCHEMAS.items()
}
_ELSEWHERE: Final = {"zero_ms": "clock.zero_ms", "is_calls": "clock.is_calls"}


class _Columns:
    """Rows of one kind: first tuples of values, then columns, parted by day, so that a day's can be let go."""

    def __init__(self, kind: type) -> None:
        self.schema = SCHEMAS[kind]
        self.values = attrgetter(*(_ELSEWHERE.get(name, name) for name in _OWN[kind]))
        self._order = [
            ("day_ms", "call_id", "known", "source", "place", *_OWN[kind]).index(n) for n in self.schema.names
        ]
        self._rows: list[tuple[Any, ...]] = []
        self._by_day: dict[int, list[pa.RecordBatch]] = defaultdict(list)

    def add(self, row: tuple[Any, ...]) -> None:
        """Take the values of ``_CALL`` and ``place``, then those of ``values``."""
        self._rows.append(row)
        if len(self._rows) >= CHUNK:
            self.close()

    def close(self) -> None:
        if not self._rows:
            return
        columns = list(zip(*self._rows, strict=True))
        arrays = [
            _words(columns[at]) if field.name == "words" else pa.array(columns[at], field.type)
            for at, field in zip(self._order, self.schema, strict=True)
        ]
        self._rows = []
        batch = pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        for day_ms in pc.unique(batch["day_ms"]).to_pylist():
            self._by_day[day_ms].append(batch.filter(pc.equal(batch["day_ms"], day_ms)))

    def days(self) -> Iterable[int]:
        return self._by_day.keys()

    def table(self, day_ms: int, columns: Sequence[str]) -> pa.Table:
        """Return a day's rows, by call_id."""
        table = pa.Table.from_batches(self._by_day.get(day_ms, []), schema=self.schema)
        return table.select(columns).sort_by("call_id")

    def let_go(self, day_ms: int) -> None:
        self._by_day.pop(day_ms, None)


def _words(words: Sequence[Sequence[Word]]) -> pa.Array:
    """Return lists of words as a column; NULL for none."""
    rows = [[(w.begin_ms, w.end_ms, w.text, w.confidence) for w in some] or None for some in words]
    return pa.array(rows, pa.list_(_WORD))


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
        self._columns = {kind: _Columns(kind) for kind in SCHEMAS}

    def add(self, said: Said) -> None:
        """Take one thing that was said."""
        known = self._calls.find(said.call.names)
        if any(self._erased.hold(name) for name in said.call.names):
            self.passed_over += 1
            return
        columns = self._columns[type(said)]
        if known is not None:
            about = known.day_ms, known.call_id, True
        else:
            about = self._day_of_unknown(said), said.call.names[0], False
        columns.add((*about, said.call.source, said.call.place, *columns.values(said)))

    def _day_of_unknown(self, said: Said) -> int:
        clock = getattr(said, "clock", None)
        at_ms = getattr(said, "said_ms", None) or (clock.zero_ms if clock is not None else None)
        return day_of(at_ms) if at_ms else self._calls.first_day_ms

    def close(self) -> None:
        """Put what was taken in order: nothing more comes."""
        for columns in self._columns.values():
            columns.close()

    def days(self) -> list[int]:
        """Return the days that anything was said of, as UTC midnights in ms."""
        return sorted({day for columns in self._columns.values() for day in columns.days()})

    def sources_of_day(self, kind: type, day_ms: int) -> list[tuple[str, str]]:
        """Return call and source of all that was said of a day's calls, each pair once, in order."""
        pairs = self._columns[kind].table(day_ms, ["call_id", "source"]).group_by(["call_id", "source"]).aggregate([])
        return sorted(zip(pairs["call_id"].to_pylist(), pairs["source"].to_pylist(), strict=True))

    def of_day(self, kind: type, day_ms: int) -> Iterator[list[dict[str, Any]]]:
        """Yield what was said of each call of a day, by call_id; it is let go."""
        table = self._columns[kind].table(day_ms, SCHEMAS[kind].names)
        self._columns[kind].let_go(day_ms)
        if not table.num_rows:
            return
        ends = [*(pc.run_end_encode(table["call_id"].combine_chunks()).run_ends.to_pylist())]
        for begin, end in zip([0, *ends], ends, strict=False):
            yield table.slice(begin, end - begin).to_pylist()
