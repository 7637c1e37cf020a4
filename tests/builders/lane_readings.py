"""A lane read from a stream in memory: what a reader of it gave, sorted by kind."""

from __future__ import annotations

from builders.jobs import make_job
from builders.made_streams import T0, MemorySource, make_lane, stream
from callbeam.calls import DeadLetter, LedgerRow, LegEnd, Piece, read_lane
from callbeam.kvs import HOUR_MS

S1 = stream("s1")
JOB = make_job(T0 + 10 * HOUR_MS, T0 + 12 * HOUR_MS)


class Reading:
    """A lane read to its end, sorted by kind."""

    def __init__(self, sent, job=JOB, source=None):
        self.source = source or MemorySource(sent)
        self.events = list(read_lane(make_lane(S1, job, sent), job, self.source))
        self.pieces = [e for e in self.events if isinstance(e, Piece)]
        self.ends = [e for e in self.events if isinstance(e, LegEnd)]
        self.rows = [e for e in self.events if isinstance(e, LedgerRow)]
        self.letters = [e for e in self.events if isinstance(e, DeadLetter)]
        assert self.source.under_way == 0

    def legs(self):
        """Return (call, first number, number of fragments given) of each leg, in order."""
        given = {}
        for piece in self.pieces:
            key = (piece.leg.identity.call_id, piece.leg.first_number)
            given[key] = given.get(key, 0) + piece.end_owned - piece.first_owned
        return [(*key, count) for key, count in given.items()]

    def statuses(self, unit_start_ms):
        return {row.number: row.status for row in self.rows if row.unit_start_ms == unit_start_ms}
