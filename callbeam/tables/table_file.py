"""One Parquet file of a table, of which only what is asked for is fetched."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from callbeam.schemas import TABLES
from callbeam.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from callbeam.storage import ObjectStore

HOLE_BYTES = 256 * 1024
"""What is fetched with its neighbours though nobody asked for it: another request costs more than so many bytes."""

RANGE_BYTES = 16 * 1024**2
"""Most bytes of a request."""

FORMAT = ds.ParquetFileFormat(
    default_fragment_scan_options=ds.ParquetFragmentScanOptions(
        pre_buffer=True,
        cache_options=pa.CacheOptions(hole_size_limit=HOLE_BYTES, range_size_limit=RANGE_BYTES, lazy=False),
    )
)


def schema_of(table: str, columns: Sequence[str]) -> pa.Schema:
    """Return the types of some of a table's columns, which are NULL where a file lacks them."""
    return pa.schema([TABLES[table].schema.field(column).with_nullable(True) for column in columns])


class TableFile:
    """A file of a table.

    Parameters
    ----------
    store : ObjectStore
    key : str

    Raises
    ------
    StorageError
        If it is missing or cannot be read; so do the methods.
    """

    def __init__(self, store: ObjectStore, key: str) -> None:
        self._place = store.describe(key)
        file = store.open(key)
        if file is None:
            raise StorageError(
                f"{self._place} is named in its job's manifest but is not there: if it was just replaced, do this "
                "again; else run the job again"
            )
        with self._telling():
            self._fragment = FORMAT.make_fragment(pa.PythonFile(file, mode="r"))
            self._fragment.ensure_complete_metadata()

    def read(
        self, schema: pa.Schema, call_ids: Collection[str] | None = None, *, job_ids: Collection[str] | None = None
    ) -> pa.Table:
        """Read columns.

        Parameters
        ----------
        schema : pyarrow.Schema
            Names and types wanted; NULL where the file lacks a column.
        call_ids : collection of str, optional
            Only rows of these calls; row groups whose statistics rule them out are not fetched.
        job_ids : collection of str, optional
            Only rows that these jobs wrote, likewise.
        """
        with self._telling():
            return _read(self._fragment, schema, _both(_of("call_id", call_ids), _of("job_id", job_ids)))

    def groups(self, schema: pa.Schema, job_ids: Collection[str] | None = None) -> Iterator[pa.Table]:
        """Read columns, one row group after the other.

        Parameters
        ----------
        schema : pyarrow.Schema
            As for ``read``.
        job_ids : collection of str, optional
            As for ``read``.

        Yields
        ------
        pyarrow.Table
            The rows of a group, if any are asked for.
        """
        with self._telling():
            wanted = _of("job_id", job_ids)
            for group in self._fragment.split_by_row_group(wanted):
                rows = _read(group, schema, wanted)
                if rows.num_rows:
                    yield rows

    def held(self, call_ids: Collection[str]) -> set[str]:
        """Return which of some calls it has rows of; only the column of their ids is fetched."""
        column = pa.schema([pa.field("call_id", pa.string())])
        return set(pc.unique(self.read(column, call_ids)["call_id"]).to_pylist())

    @cached_property
    def channels(self) -> tuple[str, str]:
        """The least and greatest ``channel_id``, from the statistics, which every file of a backfill has."""
        with self._telling():
            metadata = self._fragment.metadata
            leaf = next(n for n in range(metadata.num_columns) if metadata.schema.column(n).path == "channel_id")
            spans = [metadata.row_group(n).column(leaf).statistics for n in range(metadata.num_row_groups)]
            return min(span.min for span in spans), max(span.max for span in spans)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            raise StorageError(f"{self._place} cannot be read as Parquet ({error}); run its job again") from error


def _of(column: str, values: Collection[str] | None) -> pc.Expression | None:
    return None if values is None else pc.field(column).isin(pa.array(sorted(values), pa.string()))


def _both(one: pc.Expression | None, other: pc.Expression | None) -> pc.Expression | None:
    return other if one is None else one if other is None else one & other


def _read(fragment: Any, schema: pa.Schema, wanted: pc.Expression | None) -> pa.Table:
    """Read columns of rows; NULL where the file lacks a column."""
    present = set(fragment.physical_schema.names)
    rows = fragment.to_table(
        columns=[name for name in schema.names if name in present],
        filter=wanted,
        use_threads=False,  # several files are read at a time
    )
    columns = [
        rows.column(field.name).cast(field.type) if field.name in present else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
