"""Tables that hold audio: what Hugging Face ``datasets`` needs to know it, and how its bytes are best stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from callbeam.schemas import AUDIO, CLIP_SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from callbeam.schemas import Table

AUDIO_ROW_GROUP_BYTES = 100_000_000
"""Most uncompressed bytes of a row group with audio: what ``datasets`` and its viewer bear."""

AUDIO_ROW_GROUP_ROWS = 1000
"""Most rows of it: a reader of one clip reads its row group."""


def audio_columns(table: Table) -> list[str]:
    """Return the columns that hold audio: called ``audio``, in the layout of ``datasets``."""
    return [column.name for column in table.columns if column.name == "audio" and column.type == AUDIO]


def audio_options(table: Table, options: dict[str, Any]) -> dict[str, Any]:
    """Change a Parquet writer's options for a table with audio.

    Its bytes are FLAC: no codec makes them smaller, and no dictionary or statistics say anything of them.
    """
    audio = {f"{name}.bytes" for name in audio_columns(table)}
    others = [path for path in _leaf_paths(table.schema) if path not in audio]
    return options | {
        "compression": dict.fromkeys(audio, "none") | dict.fromkeys(others, options["compression"]),
        "compression_level": dict.fromkeys(others, options["compression_level"]),
        "use_dictionary": [path for path in options["use_dictionary"] if path not in audio],
        "write_statistics": others,
    }


def audio_row_bytes(sizes: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Return the rows' sizes and the limit of a row group: none counts for less than its share of a group's rows."""
    return np.maximum(sizes, AUDIO_ROW_GROUP_BYTES // AUDIO_ROW_GROUP_ROWS), AUDIO_ROW_GROUP_BYTES


def _leaf_paths(schema: pa.Schema) -> list[str]:
    sink = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), sink)
    return [leaf.path for leaf in pq.ParquetFile(sink.getvalue()).schema]


def huggingface_metadata(table: Table) -> dict[bytes, bytes]:
    """Return the file metadata by which ``load_dataset`` knows audio without a cast; none for tables without audio.

    ``datasets`` writes all features there, and infers those that it does not find. It takes Audio only where the Arrow
    field is exactly its own, which is nullable.
    """
    audio = {"sampling_rate": CLIP_SAMPLE_RATE_HZ, "_type": "Audio"}
    features = dict.fromkeys(audio_columns(table), audio)
    return {b"huggingface": json.dumps({"info": {"features": features}}).encode()} if features else {}
