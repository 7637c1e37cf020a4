"""Rows about a channel: the columns that name it, and measures as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from callbeam.audio.channel import Channel


def channel_columns(channel: Channel, rows: int) -> dict[str, pa.Array]:
    """Return the columns that name a channel, the same in each row."""
    values = {
        "call_id": channel.leg.identity.call_id,
        "channel_id": channel.channel_id,
        "participant_role": channel.participant_role,
    }
    return {name: pa.repeat(pa.scalar(value, pa.string()), rows) for name, value in values.items()}


def from_nan(values: npt.NDArray[Any]) -> pa.Array:
    """Return a float32 column with NULL for NaN.

    Examples
    --------
    >>> from_nan(np.array([1.5, np.nan])).to_pylist()
    [1.5, None]
    """
    return pa.array(values.astype(np.float32, copy=False), pa.float32(), mask=np.isnan(values))


def columns_batch(columns: Mapping[str, pa.Array], schema: pa.Schema) -> pa.RecordBatch:
    """Put columns into a schema's order."""
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
