"""Rows on their way through a shuffle: Arrow's own stream format, compressed.

A runner holds what crosses a shuffle in memory, several times over, and most of these rows' strings are the same ones.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.ipc

_COMPRESSION = "zstd"  # of the whole stream: of a short call's rows, the schema is most


def pack(batch: pa.RecordBatch) -> bytes:
    """Encode a batch."""
    sink = pa.BufferOutputStream()
    with (
        pa.CompressedOutputStream(sink, _COMPRESSION) as compressed,
        pa.ipc.new_stream(compressed, batch.schema) as rows,
    ):
        rows.write_batch(batch)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def unpack(packed: bytes) -> pa.RecordBatch:
    """Decode what ``pack`` made."""
    with pa.CompressedInputStream(pa.BufferReader(packed), _COMPRESSION) as stream, pa.ipc.open_stream(stream) as rows:
        return rows.read_next_batch()
