"""Rows on their way through a shuffle: Arrow's own stream format, compressed.

A runner holds what crosses a shuffle in memory, several times over, and most of these rows' strings are the same ones.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.ipc

_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


def pack(batch: pa.RecordBatch) -> bytes:
    """Encode a batch."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_OPTIONS) as stream:
        stream.write_batch(batch)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def unpack(packed: bytes) -> pa.RecordBatch:
    """Decode what ``pack`` made."""
    with pa.ipc.open_stream(packed) as stream:
        return stream.read_next_batch()
