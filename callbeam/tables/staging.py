"""Files on their way into the tables: written whole and once, below ``_jobs/<job_id>/``, where no reader looks."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callbeam.schemas import TABLES
from callbeam.tables.object_names import piece_key, pieces_prefix, staged_key
from callbeam.tables.parquet_files import encode_table

if TYPE_CHECKING:
    import pyarrow as pa

    from callbeam.kvs import Job
    from callbeam.schemas import Table
    from callbeam.storage import ObjectStore


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A whole Parquet file that waits to be published.

    Attributes
    ----------
    key : str
        Where it is staged.
    shard : int or None
        Its number in the table; None for a piece's, which is numbered in order of keys when it is published.
    """

    key: str
    table: str
    shard: int | None
    rows: int
    bytes: int
    sha256: str


def stage_table(
    store: ObjectStore, job: Job, attempt: str, table: Table, shard: int, rows: pa.Table | pa.RecordBatch
) -> StagedFile:
    """Write one shard of a table into an attempt's staging.

    Parameters
    ----------
    store : ObjectStore
    job : Job
    attempt : str
        Names the submission; fixed when it is submitted.
    table : Table
    shard : int
    rows : pyarrow.Table or pyarrow.RecordBatch
        In any order.

    Raises
    ------
    TableError
        If the rows do not fit the table.
    StorageError
        If the file cannot be written.
    """
    content = encode_table(table, rows)
    sha256 = hashlib.sha256(content).hexdigest()
    key = staged_key(table.name, job, attempt, shard)
    store.put(key, content)
    return StagedFile(key, table.name, shard, rows.num_rows, len(content), sha256)


def stage_piece(store: ObjectStore, job: Job, table: str, name: str, rows: pa.Table | pa.RecordBatch) -> StagedFile:
    """Write a piece's rows of a heavy table; a retry replaces them by the same bytes.

    Parameters
    ----------
    store : ObjectStore
    job : Job
    table : str
        The table's name.
    name : str
        Names channel or leg, and piece, for instance ``<channel_id>-00000``: sorting by it gives the files' order.
    rows : pyarrow.Table or pyarrow.RecordBatch

    Raises
    ------
    TableError
        If the rows do not fit the table.
    StorageError
        If the file cannot be written.
    """
    content = encode_table(TABLES[table], rows)
    sha256 = hashlib.sha256(content).hexdigest()
    key = piece_key(table, job, name, sha256)
    store.put(key, content)
    return StagedFile(key, table, None, rows.num_rows, len(content), sha256)


class StagedPieces:
    """Which pieces' files a job has staged, as far as somebody asks; listed once. Threads may share it.

    Parameters
    ----------
    store : ObjectStore
    job_id : str
    """

    def __init__(self, store: ObjectStore, job_id: str) -> None:
        self._store = store
        self._job_id = job_id
        self._lock = threading.Lock()
        self._sizes: dict[str, int] | None = None

    def holds(self, file: StagedFile) -> bool:
        """Tell whether a file is there, whole."""
        with self._lock:
            if self._sizes is None:
                self._sizes = {info.key: info.size for info in self._store.list(pieces_prefix(self._job_id))}
            size = self._sizes.get(file.key)
        return size == file.bytes or (size is None and self._store.sha256(file.key) == file.sha256)
