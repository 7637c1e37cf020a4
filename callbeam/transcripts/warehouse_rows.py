"""Rows of Parquet files that Chime SDK call analytics writes into a data warehouse: its records, column by column.

Source: Amazon Chime SDK developer guide, *Understanding the AWS Glue data catalog tables*. A table's columns are the
record's fields; names within structs are in small letters there.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from callbeam.records import BadRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

MAGIC: Final = b"PAR1"
_ROWS: Final = 5_000

_NAMES: Final = {
    name.lower(): name
    for name in (
        "Alternatives", "BeginOffsetMillis", "CategoryEvent", "ChannelId", "CharacterOffsets", "Confidence", "Content",
        "EndOffsetMillis", "EndTime", "IsPartial", "IssuesDetected", "Items", "ItemType", "LanguageCode",
        "MatchedCategories", "MatchedDetails", "ParticipantRole", "ResultId", "Results", "Sentiment", "StartTime",
        "TimestampRanges", "Transcript", "TranscriptEvent", "UtteranceEvent", "UtteranceId",
    )
}  # fmt: skip


def is_parquet(data: bytes | BinaryIO) -> bool:
    """Tell whether a file is Parquet, by its first bytes; an open file is left where it was."""
    if isinstance(data, bytes):
        return data.startswith(MAGIC)
    head = data.read(len(MAGIC))
    data.seek(-len(head), io.SEEK_CUR)
    return head == MAGIC


def warehouse_rows(data: bytes | BinaryIO, source: str) -> Iterator[tuple[str, dict[str, Any]] | BadRecord]:
    """Read the rows of a file.

    Parameters
    ----------
    data : bytes or binary file
    source : str
        What it is called.

    Yields
    ------
    (str, dict) or BadRecord
        Where it is, and the record. Fields without a value are left out: a table has columns for all of its types.
    """
    import pyarrow as pa  # noqa: PLC0415 - only who has such files needs it
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        file = pq.ParquetFile(pa.BufferReader(data) if isinstance(data, bytes) else pa.PythonFile(data, mode="r"))
        number = 0
        for batch in file.iter_batches(_ROWS):
            for row in batch.to_pylist():
                number += 1
                yield f"row {number}", _record(row)
    except (pa.ArrowException, OSError) as error:
        yield BadRecord(source, "file", f"it cannot be read as Parquet: {str(error).splitlines()[0]}")


def _record(row: dict[str, Any]) -> dict[str, Any]:
    return {_NAMES.get(name, name): _value(value) for name, value in row.items() if value is not None}


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return _record(value)
    return [_value(each) for each in value if each is not None] if isinstance(value, list) else value
