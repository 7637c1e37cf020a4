"""The tables of an output, as a notebook reads them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from callbeam.errors import UsageError
from callbeam.schemas import TABLES
from callbeam.storage import StorageConfig
from callbeam.tables import open_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from callbeam.tables import Output


class OutputTables(Mapping[str, "pa.Table"]):
    """What backfills have published below one output: a mapping of tables' names to tables, read when asked for.

    Only files that a manifest names count, so that a job that is being published again is seen as it was or as it is.
    """

    def __init__(self, output: Output) -> None:
        self._output = output

    def __getitem__(self, name: str) -> pa.Table:
        return self.read(name)

    def __contains__(self, name: object) -> bool:
        return name in TABLES and self._output.has(str(name))

    def __iter__(self) -> Iterator[str]:
        return (name for name in TABLES if self._output.has(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<tables of {self._output.place}: {', '.join(self)}>"

    def read(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a table of all jobs.

        Parameters
        ----------
        name : str
            One of ``docs/tables.md``.
        columns : sequence of str, optional
            Of its columns; all by default.

        Returns
        -------
        pyarrow.Table
            NULL where a file of an earlier version lacks a column; no rows if no job has published the table.

        Raises
        ------
        UsageError
            If there is no such table or column.
        StorageError
            If a file that a manifest names is missing or cannot be read.
        """
        if name not in TABLES:
            raise UsageError(f"there is no table {name!r}; there are {', '.join(TABLES)}")
        known = TABLES[name].schema.names
        unknown = [column for column in columns or () if column not in known]
        if unknown:
            raise UsageError(f"table {name} has no column {', '.join(unknown)}; it has {', '.join(known)}")
        return self._output.read(name, list(columns) if columns is not None else known)


def open_tables(output: str | os.PathLike[str], *, endpoint_url: str | None = None) -> OutputTables:
    """Open the tables of an output.

    Parameters
    ----------
    output : path-like
        The ``--output`` of a backfill: a folder or ``s3://bucket/prefix``.
    endpoint_url : str, optional
        Of an S3 other than AWS's.

    Returns
    -------
    OutputTables
        A mapping of names to ``pyarrow.Table``.

    Raises
    ------
    UsageError
        If there is no such folder or bucket, or no job has published anything there.

    Examples
    --------
    >>> tables = open_tables("out")
    >>> sorted(tables)[:3]
    ['calls', 'channels', 'events']
    >>> tables.read("calls", ["status", "channel_count"]).to_pylist()
    [{'status': 'ok', 'channel_count': 2}]
    """
    return OutputTables(open_output(StorageConfig(os.fspath(output), endpoint_url=endpoint_url)))
