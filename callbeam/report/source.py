"""Reads tables back: only files that a manifest names, and NULL where an older file lacks a column."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from callbeam.errors import UsageError
from callbeam.schemas import TABLES
from callbeam.storage.interface import StorageError
from callbeam.storage.manifest import Manifest, load_manifests
from callbeam.storage.objects import ObjectStore, StorageConfig, open_store, resolve_config

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

READERS = 4
"""Files read at a time: each is held whole, and is 128 MB at most."""


class Output:
    """What backfills have published below one output.

    Parameters
    ----------
    store : ObjectStore
    manifests : sequence of Manifest
    place : str
        Where it is, as its user names it.
    """

    def __init__(self, store: ObjectStore, manifests: Sequence[Manifest], place: str) -> None:
        self._store = store
        self.place = place
        self.manifests = tuple(manifests)

    def has(self, name: str) -> bool:
        """Tell whether any job has published files of a table."""
        return any(entry.table == name for manifest in self.manifests for entry in manifest.files)

    def read(
        self,
        name: str,
        columns: Sequence[str],
        *,
        call_ids: Collection[str] | None = None,
        job_ids: Collection[str] | None = None,
    ) -> pa.Table:
        """Read columns of a table.

        Parameters
        ----------
        name : str
            Of a table in ``schemas/``.
        columns : sequence of str
            Of its columns.
        call_ids, job_ids : collection of str, optional
            Only rows of these calls, of these jobs.

        Returns
        -------
        pyarrow.Table
            With the schema's types; no rows if no job has published the table, NULL where a file lacks the column.

        Raises
        ------
        StorageError
            If a file that a manifest names is missing or cannot be read.
        """
        fields = [TABLES[name].schema.field(column) for column in columns]
        schema = pa.schema([field.with_nullable(True) for field in fields])
        keys = [
            entry.key
            for manifest in self.manifests
            if job_ids is None or manifest.job_id in job_ids
            for entry in manifest.files
            if entry.table == name
        ]
        with ThreadPoolExecutor(READERS) as pool:
            parts = list(pool.map(lambda key: self._read_file(key, schema, call_ids), keys))
        return pa.concat_tables([schema.empty_table(), *parts]).combine_chunks()

    def _read_file(self, key: str, schema: pa.Schema, call_ids: Collection[str] | None) -> pa.Table:
        content = self._store.get(key)
        if content is None:
            raise StorageError(
                f"{self._store.describe(key)} is named in its job's manifest but is not there; run the job again"
            )
        try:
            file = pa.BufferReader(content)
            present = set(pq.read_schema(file).names)
            wanted = None if call_ids is None else pc.field("call_id").isin(pa.array(sorted(call_ids), pa.string()))
            rows = pq.read_table(file, columns=[name for name in schema.names if name in present], filters=wanted)
            columns = [
                rows.column(field.name).cast(field.type)
                if field.name in present
                else pa.nulls(rows.num_rows, field.type)
                for field in schema
            ]
        except (pa.ArrowException, OSError) as error:
            raise StorageError(
                f"{self._store.describe(key)} cannot be read as Parquet ({error}); run its job again"
            ) from error
        return pa.table(columns, schema=schema)


def open_output(config: StorageConfig) -> Output:
    """Open an output for reading.

    Parameters
    ----------
    config : StorageConfig
        A local folder or ``s3://bucket/prefix``.

    Raises
    ------
    UsageError
        If there is no such folder, or no job has published anything there.
    """
    place, config = config.output, resolve_config(config)
    if not config.output.startswith("s3://") and not Path(config.output).is_dir():
        raise UsageError(f"there is no folder {config.output}; name the --output of a backfill")
    store = open_store(config)
    manifests = load_manifests(store)
    if not any(entry.table == "calls" for manifest in manifests for entry in manifest.files):
        raise UsageError(
            f"{store.describe()} holds no table of calls that a job has published; name the --output of a backfill"
        )
    return Output(store, manifests, place)
