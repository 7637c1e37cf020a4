"""What a table is: named columns with type, unit and meaning, and a key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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


@dataclass(frozen=True)
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
    enriched : bool
        Written by ``callbeam enrich``, from records of other systems.
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    version: int = 1
    on_request: bool = False
    enriched: bool = False

    @property
    def written_when(self) -> str:
        """When it is written, if not by every backfill, as a sentence for people; else empty."""
        if self.enriched:
            return "Written by callbeam enrich."
        return "Written only when asked for." if self.on_request else ""

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema, without metadata."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])


def measure(name: str, meaning: str) -> Column:
    """Declare a nullable float32 column."""
    return Column(name, pa.float32(), meaning, nullable=True)
