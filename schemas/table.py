"""What a table is: named columns with type, unit and meaning, and a key."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

INSTANT = pa.timestamp("ms", tz="UTC")
STRING = pa.string()


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes
    ----------
    name : str
        With its unit as suffix where it has one (``_ms``, ``_hz``, ``_dbfs``).
    type : pyarrow.DataType
    meaning : str
        One sentence for ``docs/tables.md`` and the file's metadata.
    nullable : bool
        NULL means not computable; never 0 or -1.
    """

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes
    ----------
    row : str
        What one row is.
    key : tuple of str
        Columns that together name a row; rows are sorted by them.
    version : int
        Rises when columns are added.
    on_request : bool
        Written only when asked for.
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    version: int = 1
    on_request: bool = False

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, without metadata."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])


JOB_ID = Column("job_id", STRING, "The job that wrote the row; part of its file's name.")
CALL_ID = Column("call_id", STRING, "ContactId, TransactionId, or <stream>#<first fragment number> for untagged audio.")
CHANNEL_ID = Column(
    "channel_id", STRING, "Names the channel in every table: a hash of stream, the leg's first fragment and track name."
)
PARTICIPANT_ROLE = Column(
    "participant_role",
    STRING,
    "CUSTOMER (from the customer), AGENT (all that the customer hears), NULL where nothing tells.",
    nullable=True,
)


def measure(name: str, meaning: str) -> Column:
    """Declare a nullable float32 column."""
    return Column(name, pa.float32(), meaning, nullable=True)
