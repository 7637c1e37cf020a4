"""One commit a table: a job's new files in place of its earlier ones, and no snapshot left that knows those."""

from __future__ import annotations

import json
import logging
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from callbeam.iceberg.catalog_name import namespace_of, open_catalog
from callbeam.iceberg.iceberg_tables import MONTH_CHARACTERS, PARTITION, open_table
from callbeam.iceberg.left_metadata import LEFT, left_metadata, tidied
from callbeam.schemas import TABLES
from callbeam.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from pyiceberg.manifest import ManifestEntry, ManifestFile
    from pyiceberg.table import Table as IcebergTable

LOGGER = logging.getLogger(__name__)

READERS: Final = 16
"""Files whose ends are read at a time."""

ATTEMPTS: Final = 12
"""Commits tried before a table is given up: another writer's commit in between costs one."""

LONGEST_WAIT_S: Final = 4.0


@dataclass(frozen=True, slots=True)
class Published:
    """Files that jobs have published.

    Attributes
    ----------
    tables : mapping of str to collection of str
        Where the jobs' files of each table are by now; empty where they have none.
    months : frozenset of str
        The months of the jobs, ``202603``: files of others are not looked at.
    is_theirs : callable
        Whether a file, by its place, is one of these jobs'.
    """

    tables: Mapping[str, Collection[str]]
    months: frozenset[str]
    is_theirs: Callable[[str], bool]


def commit_files(catalog: str, output: str, published: Published, everything: Callable[[], Published]) -> None:
    """Commit what jobs have published: one snapshot for each table of which something has changed.

    Files that are registered are not read but for their ends, and none is copied. Snapshots that know a file which is
    replaced are expired in the same commit, for that file is about to be deleted.

    Parameters
    ----------
    catalog : str
        ``<catalog>`` or ``<catalog>.<namespace>``.
    output : str
        Where all of that lies.
    published : Published
        By the jobs that are committed.
    everything : callable
        Finds what all jobs have published by now: a table without a snapshot gets that, for it is new, or lost.

    Raises
    ------
    StorageError
        If the catalog cannot be opened or reached from here, or refuses a commit; the same again completes it.
    """
    namespace = namespace_of(catalog)

    def commit(name: str) -> None:
        table = open_table(opened, namespace, TABLES[name], output)
        # Looked for once the table is open: what another writer commits from then on makes this commit fail.
        _commit_table(table, published if table.current_snapshot() else everything())

    try:
        opened = open_catalog(catalog)
        names = {identifier[-1] for identifier in opened.list_tables(namespace)}
        if any(published.tables[name] and name not in names for name in TABLES):
            names |= {name for name, wanted in everything().tables.items() if wanted}
        for name in TABLES:
            if name in names:
                _patiently(partial(commit, name))
    except Exception as error:
        raise StorageError(
            f"the job is published, but Iceberg catalog {catalog} did not take it ({error}): run the same again"
        ) from error


def _patiently(commit: Callable[[], None]) -> None:
    """Commit; once more where that may pass."""
    for attempt in range(ATTEMPTS):
        try:
            commit()
        except Exception as error:
            if not _may_pass(error) or attempt == ATTEMPTS - 1:
                raise
        else:
            return
        time.sleep(random.uniform(0.5, 1.0) * min(LONGEST_WAIT_S, 0.1 * 2**attempt))  # noqa: S311  (jitter)


def _may_pass(error: Exception) -> bool:
    """Tell whether another attempt may do better: somebody else has committed meanwhile, or a server has its troubles.

    A commit whose answer was lost may stand; another attempt looks at what is there first.
    """
    from pyiceberg import exceptions  # noqa: PLC0415

    passing = (
        exceptions.CommitFailedException,
        exceptions.CommitStateUnknownException,
        exceptions.ServerError,
        exceptions.ServiceUnavailableError,
        exceptions.TooManyRequestsError,
        exceptions.ValidationException,
    )
    return isinstance(error, passing)


def _commit_table(table: IcebergTable, published: Published) -> None:
    from pyiceberg.io import load_file_io  # noqa: PLC0415
    from pyiceberg.io.pyarrow import parquet_file_to_data_file  # noqa: PLC0415

    from callbeam.iceberg.expiry import Expiry  # noqa: PLC0415  (with it comes pyiceberg)

    wanted = set(published.tables[table.name()[-1]])
    there = {entry.data_file.file_path: entry for entry in _entries(table, published.months)}
    gone = [entry for path, entry in there.items() if published.is_theirs(path) and path not in wanted]
    added = sorted(wanted - there.keys())
    if not gone and not added:
        return
    expired = _knowing(table, gone)
    left = tidied(table, expired)
    # Credentials that a REST catalog hands out with a table are for its metadata: the output's files may lie elsewhere.
    files = load_file_io(table.catalog.properties, added[0] if added else None)
    with table.transaction() as transaction:
        update = transaction.update_snapshot()
        with update.overwrite() if gone else update.merge_append() as snapshot:
            for entry in gone:
                snapshot.delete_data_file(entry.data_file)
            with ThreadPoolExecutor(READERS) as pool:
                metadata = transaction.table_metadata
                for data_file in pool.map(lambda path: parquet_file_to_data_file(files, metadata, path), added):
                    snapshot.append_data_file(data_file)
        if expired:
            Expiry(transaction).by_ids(expired).commit()
        if left != left_metadata(table):
            transaction.set_properties({LEFT: json.dumps(left)})


def _knowing(table: IcebergTable, gone: Collection[ManifestEntry]) -> list[int]:
    """Return the snapshots that know one of these files: all since the first of them was added."""
    if not gone:
        return []
    since = min(entry.sequence_number or 0 for entry in gone)
    kept = {ref.snapshot_id: name for name, ref in table.refs().items() if name != "main"}
    knowing = [one.snapshot_id for one in table.snapshots() if (one.sequence_number or 0) >= since]
    for snapshot_id in knowing:
        if snapshot_id in kept:
            LOGGER.warning("%s: %s names a snapshot whose files are replaced", table.name(), kept[snapshot_id])
    return [snapshot_id for snapshot_id in knowing if snapshot_id not in kept]


def _entries(table: IcebergTable, months: frozenset[str]) -> Iterator[ManifestEntry]:
    """Return what the current snapshot knows of files of some months."""
    snapshot = table.current_snapshot()
    for manifest in snapshot.manifests(table.io) if snapshot is not None else ():
        if _may_hold(table, manifest, months):
            yield from manifest.fetch_manifest_entry(table.io, discard_deleted=True)


def _may_hold(table: IcebergTable, manifest: ManifestFile, months: frozenset[str]) -> bool:
    """Tell whether a manifest may know files of some months, by the least and greatest of its partitions."""
    fields = table.specs()[manifest.partition_spec_id].fields
    summaries: Any = manifest.partitions
    if len(fields) != 1 or fields[0].name != PARTITION or not summaries:
        return True
    least, greatest = summaries[0].lower_bound, summaries[0].upper_bound
    if least is None or greatest is None:
        return True
    return any(least.decode() <= month[:MONTH_CHARACTERS] <= greatest.decode() for month in months)
