"""Rows on their way through a shuffle: as Arrow's messages, compressed together with what is beside them.

A runner holds what crosses a shuffle in memory, several times over. Of a short call's rows the schemas would be most,
so they stay out: both ends know them. Most of these rows' strings are the same ones, so what a step knows of a call is
compressed as one.
"""

from __future__ import annotations

import pickle
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.ipc

from callbeam.assembly.call_parts import DEAD_LETTERS, FRAGMENTS, GATHERED, SECONDS, UNITS, UTTERANCES, Keyed
from callbeam.audio import columns_batch
from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from callbeam.schemas import Table

_CODEC = pa.Codec("zstd", compression_level=3)
_BATCHES_AT_ONCE = 32


@lru_cache(maxsize=8)
def _rows_of(kind: str) -> pa.Schema:
    """Return what rows a kind of packed part has."""
    if kind in {FRAGMENTS, DEAD_LETTERS}:
        return TABLES[kind].schema
    from callbeam.analysis import SECOND_ROWS, UNIT_ROWS, UTTERANCE_ROWS  # noqa: PLC0415  (brings scipy along)

    return {UTTERANCES: UTTERANCE_ROWS, UNITS: UNIT_ROWS, SECONDS: SECOND_ROWS}[kind]


def pack(kind: str, *batches: pa.RecordBatch) -> bytes:
    """Encode a part's rows, those of several batches as one.

    Raises
    ------
    ValueError
        If they are not those of this kind.
    """
    for batch in batches:
        if not batch.schema.equals(_rows_of(kind)):
            raise ValueError(f"these are no rows of {kind}: {batch.schema}")
    joined = batches[0] if len(batches) == 1 else _joined(batches, _rows_of(kind))[0]
    packed: bytes = joined.serialize().to_pybytes()
    return packed


def unpack(kind: str, packed: bytes) -> pa.RecordBatch:
    """Decode what ``pack`` made of a part of this kind."""
    return pa.ipc.read_record_batch(packed, _rows_of(kind))


def gather(parts: Iterable[Keyed]) -> Iterator[Keyed]:
    """Compress parts, those of one call together: what passes them on to the call, for ``scatter``."""
    by_call: defaultdict[str, list[tuple[str, object]]] = defaultdict(list)
    for part in parts:
        by_call[part.call_key].append((part.kind, part.value))
    for call_key, some in by_call.items():
        yield Keyed(call_key, GATHERED, _compress(pickle.dumps(some, pickle.HIGHEST_PROTOCOL)))


def scatter(part: Keyed) -> Iterator[Keyed]:
    """Take apart what ``gather`` made; any other part is yielded as it is.

    Only what this very run has made may be given: a pickle can run any code.
    """
    if part.kind != GATHERED:
        yield part
        return
    for kind, value in pickle.loads(_decompress(part.value)):  # noqa: S301  (the runner's own bytes)
        yield Keyed(part.call_key, kind, value)


def pack_rows(batches: Sequence[pa.RecordBatch]) -> bytes:
    """Encode batches of one schema, at least one, as a single one, and compress it."""
    rows = _joined(batches, batches[0].schema)
    return _compress((rows[0] if rows else batches[0]).serialize())


def unpack_rows(packed: bytes, schema: pa.Schema) -> pa.RecordBatch:
    """Decode what ``pack_rows`` made of rows of a schema."""
    return pa.ipc.read_record_batch(_decompress(packed), schema)


def unpack_all(packed: Iterable[bytes], schema: pa.Schema) -> pa.Table:
    """Decode what ``pack_rows`` made of rows of one schema, into one table in few chunks.

    A column of a batch takes half a kilobyte beside its values: of short calls' batches that is most.
    """
    chunks: list[pa.RecordBatch] = []
    held: list[pa.RecordBatch] = []
    for one in packed:
        held.append(unpack_rows(one, schema))
        if len(held) == _BATCHES_AT_ONCE:
            chunks += _joined(held, schema)
            held = []
    return pa.Table.from_batches([*chunks, *_joined(held, schema)], schema=schema)


def _joined(batches: Sequence[pa.RecordBatch], schema: pa.Schema) -> list[pa.RecordBatch]:
    """Return the rows of batches as one, or as none where there are no rows."""
    joined: list[pa.RecordBatch] = pa.Table.from_batches(batches, schema=schema).combine_chunks().to_batches()
    return joined


def _compress(plain: bytes | pa.Buffer) -> bytes:
    """Compress bytes, with their length in front."""
    packed: bytes = _CODEC.compress(plain, asbytes=True)
    return len(plain).to_bytes(8, "little") + packed


def _decompress(packed: bytes) -> pa.Buffer:
    return _CODEC.decompress(memoryview(packed)[8:], int.from_bytes(packed[:8], "little"))


def complete(table: Table, batch: pa.RecordBatch, job_id: str, **added: pa.Array) -> pa.RecordBatch:
    """Add the columns that only the job knows.

    Parameters
    ----------
    table : Table
    batch : pyarrow.RecordBatch
        The table's columns, save ``job_id`` and those added.
    job_id : str
    **added : pyarrow.Array
        Further columns by name.
    """
    columns = {name: batch.column(name) for name in batch.schema.names}
    columns |= {"job_id": pa.array([job_id] * batch.num_rows, pa.string()), **added}
    return columns_batch(columns, table.schema)
