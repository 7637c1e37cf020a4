"""Reads tables back: only files that a manifest names, of them only what is needed, NULL where one lacks a column."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from callbeam.errors import UsageError
from callbeam.schemas import TABLES
from callbeam.storage import (
    INTERACTIVE_PATIENCE_S,
    ObjectStore,
    StorageConfig,
    StorageError,
    open_store,
    resolve_config,
)
from callbeam.tables.file_search import pieces_with, shards_with
from callbeam.tables.manifest import Manifest, load_manifest, load_manifests
from callbeam.tables.object_names import manifest_key
from callbeam.tables.table_file import TableFile, schema_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

READERS = 8
"""Files that are read, or jobs that are searched, at a time: most of the time is waiting for a server."""


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
        return bool(self.jobs_with(name))

    def jobs_with(self, name: str) -> list[str]:
        """Return the jobs that may have rows of a table."""
        return [manifest.job_id for manifest in self.manifests if _keys(manifest, name) or self._joined(manifest, name)]

    @cached_property
    def _compactions(self) -> dict[str, Manifest]:
        """The manifests of compactions to which jobs point."""
        found = {}
        for job_id in sorted({manifest.compacted for manifest in self.manifests} - {""}):
            compaction = load_manifest(self._store, job_id)
            if compaction is None:
                place = self._store.describe(manifest_key(job_id))
                raise StorageError(f"{place} names the files that hold rows of many jobs, and is not there")
            found[job_id] = compaction
        return found

    def _joined(self, manifest: Manifest, name: str) -> list[str]:
        """Return the files of a table in which a job's rows lie beside those of others."""
        if not manifest.compacted:
            return []
        compaction = self._compactions[manifest.compacted]
        if manifest.job_id not in compaction.jobs:  # it was published anew since its manifest was read
            place = self._store.describe(manifest_key(manifest.job_id))
            raise StorageError(f"what {place} names was just replaced; do this again")
        return _keys(compaction, name)

    def read(self, name: str, columns: Sequence[str]) -> pa.Table:
        """Read columns of a table, of all calls.

        Parameters
        ----------
        name : str
            Of a table in ``schemas/``.
        columns : sequence of str
            Of its columns.

        Returns
        -------
        pyarrow.Table
            With the schema's types; no rows if no job has published the table, NULL where a file lacks the column.

        Raises
        ------
        StorageError
            If a file that a manifest names is missing or cannot be read.
        """
        schema = schema_of(name, columns)
        own, joined = [], dict[str, set[str]]()
        for manifest in self.manifests:
            own += _keys(manifest, name)
            for key in self._joined(manifest, name):
                joined.setdefault(key, set()).add(manifest.job_id)
        with ThreadPoolExecutor(READERS) as pool:
            files: list[tuple[str, set[str] | None]] = [*((key, None) for key in own), *joined.items()]
            read = pool.map(lambda file: TableFile(self._store, file[0]).read(schema, job_ids=file[1]), files)
            return _together(schema, read)

    def read_calls(
        self,
        name: str,
        columns: Sequence[str],
        calls: Mapping[str, Collection[str]],
        *,
        channel_ids: Mapping[str, Collection[str]],
    ) -> pa.Table:
        """Read columns of a table, of some calls.

        Parameters
        ----------
        name : str
            Of a table in ``schemas/``.
        columns : sequence of str
            Of its columns.
        calls : mapping of str to collection of str
            Their ids by job_id.
        channel_ids : mapping of str to collection of str
            Their channels' by job_id: the files of a heavy table are found by them.

        Returns
        -------
        pyarrow.Table
            As ``read`` gives it.

        Raises
        ------
        StorageError
            If a file that a manifest names is missing or cannot be read.
        """
        schema = schema_of(name, columns)

        def of_job(manifest: Manifest) -> pa.Table:
            call_ids, keys = calls[manifest.job_id], _keys(manifest, name)
            if TABLES[name].on_request:
                files = pieces_with(self._store, keys, channel_ids[manifest.job_id])
            else:
                files = shards_with(self._store, keys, call_ids)
            own = (file.read(schema, call_ids) for file in files)
            joined = (TableFile(self._store, key) for key in self._joined(manifest, name))
            theirs = (file.read(schema, call_ids, job_ids=[manifest.job_id]) for file in joined)
            return _together(schema, (*own, *theirs))

        with ThreadPoolExecutor(READERS) as pool:
            asked = [manifest for manifest in self.manifests if manifest.job_id in calls]
            return _together(schema, pool.map(of_job, asked))


def _keys(manifest: Manifest, name: str) -> list[str]:
    return [entry.key for entry in manifest.files if entry.table == name]


def _together(schema: pa.Schema, parts: Iterable[pa.Table]) -> pa.Table:
    return pa.concat_tables([schema.empty_table(), *parts]).combine_chunks()


def open_output(config: StorageConfig) -> Output:
    """Open an output for reading.

    Parameters
    ----------
    config : StorageConfig
        A local folder or ``s3://bucket/prefix``.

    Raises
    ------
    UsageError
        If there is no such folder or bucket, it cannot be read, or no job has published a call there.

    Examples
    --------
    >>> output = open_output(StorageConfig("out"))
    >>> output.read("calls", ["call_id", "status"]).to_pylist()
    [{'call_id': 'c-1', 'status': 'ok'}]
    """
    place, config = config.output, resolve_config(config)
    if not config.output.startswith("s3://") and not Path(config.output).is_dir():
        raise UsageError(f"there is no folder {config.output}; name the --output of a backfill")
    store = open_store(config)
    try:
        manifests = load_manifests(open_store(config, patience_s=INTERACTIVE_PATIENCE_S))
    except StorageError as error:
        raise UsageError(str(error)) from error
    output = Output(store, manifests, place)
    if not output.has("calls"):
        if manifests:
            raise UsageError(
                f"the jobs below {store.describe()} hold no calls: run a backfill of a range that has some"
            )
        raise UsageError(
            f"{store.describe()} holds no table of calls that a job has published; name the --output of a backfill"
        )
    return output
