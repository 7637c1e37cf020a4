"""Ledger rows and dead letters as Arrow batches."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pyarrow as pa

from callbeam.assembly.call_parts import DEAD_LETTERS, FRAGMENTS, Keyed, key_of, row_key
from callbeam.assembly.packing import pack
from callbeam.calls import DeadLetter
from callbeam.letter_samples import letter_sample
from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from callbeam.calls import LedgerRow
    from callbeam.records import BadRecord

FLUSH_ROWS = 4096


def ledger_batch(job_id: str, rows: Sequence[LedgerRow]) -> pa.RecordBatch:
    """Turn ledger rows into a batch of table ``fragments``.

    Parameters
    ----------
    job_id : str
    rows : sequence of LedgerRow

    Returns
    -------
    pyarrow.RecordBatch
        With exactly the columns of the table.
    """
    columns = {
        "job_id": [job_id] * len(rows),
        "call_id": [row.call_id for row in rows],
        "stream_arn": [row.stream.arn for row in rows],
        "unit_start_ts": [row.unit_start_ms for row in rows],
        "fragment_number": [str(row.number) for row in rows],
        "server_ts": [row.server_ms for row in rows],
        "producer_ts": [row.producer_ms for row in rows],
        "bytes": [row.bytes for row in rows],
        "status": [row.status for row in rows],
        "reason": [row.reason or None for row in rows],
    }
    return pa.RecordBatch.from_pydict(columns, schema=TABLES[FRAGMENTS].schema)


def dead_letter_batch(job_id: str, letters: Sequence[DeadLetter]) -> pa.RecordBatch:
    """Turn dead letters into a batch of table ``dead_letters``."""
    columns = {
        "job_id": [job_id] * len(letters),
        "call_id": [letter.call_id for letter in letters],
        "step": [letter.step for letter in letters],
        "reason": [letter.reason for letter in letters],
        "detail": [letter.detail for letter in letters],
        "stream_arn": [letter.stream.arn if letter.stream else letter.place for letter in letters],
        "fragment_number": [None if letter.number is None else str(letter.number) for letter in letters],
        "unit_start_ts": [letter.unit_start_ms for letter in letters],
        "sample": [letter.sample for letter in letters],
    }
    return pa.RecordBatch.from_pydict(columns, schema=TABLES[DEAD_LETTERS].schema)


def bad_record_letters(step: str, bad_records: Iterable[BadRecord]) -> list[DeadLetter]:
    """Return a dead letter for each record that cannot be read: where it is, and why."""
    places: Counter[str] = Counter()
    letters = []
    for bad in bad_records:
        place = f"{bad.source}, {bad.place}"
        places[place] += 1
        letters.append(
            DeadLetter(
                step,
                "bad_record",
                f"{place}: {bad.reason}",
                sample=letter_sample(bad.sample),
                # A row's key: an envelope may hold several bad records at one place.
                place=place if places[place] == 1 else f"{place} ({places[place]})",
            )
        )
    return letters


def keyed_ledger(job_id: str, rows: Iterable[LedgerRow]) -> Iterator[Keyed]:
    """Yield the rows as one batch for each call that they belong to."""
    by_call: dict[str, list[LedgerRow]] = defaultdict(list)
    for row in rows:
        by_call[row_key(row)].append(row)
    for call_key, some in by_call.items():
        yield Keyed(call_key, FRAGMENTS, pack(FRAGMENTS, ledger_batch(job_id, some)))


def keyed_dead_letters(job_id: str, letters: Iterable[DeadLetter]) -> Iterator[Keyed]:
    """Yield each dead letter as a batch for the call it belongs to: they are few."""
    for letter in letters:
        arn = letter.stream.arn if letter.stream else None
        yield Keyed(key_of(letter.call_id, arn), DEAD_LETTERS, pack(DEAD_LETTERS, dead_letter_batch(job_id, [letter])))


class LedgerBuffer:
    """Gathers ledger rows into batches of a few thousand.

    A runner's end of bundle may lie at the end of the job, so the buffer is flushed by size and by whoever fills it.
    """

    def __init__(self, job_id: str) -> None:
        self._job_id = job_id
        self._rows: list[LedgerRow] = []

    def add(self, row: LedgerRow) -> Iterator[Keyed]:
        """Take a row; yield batches when enough have gathered."""
        self._rows.append(row)
        if len(self._rows) >= FLUSH_ROWS:
            yield from self.flush()

    def flush(self) -> Iterator[Keyed]:
        """Yield what is left."""
        rows, self._rows = self._rows, []
        yield from keyed_ledger(self._job_id, rows)
