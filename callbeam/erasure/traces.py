"""Which files tell of the erased: those that manifests name, and those that none does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.schemas import TABLES
from callbeam.tables import (
    TableFile,
    is_final,
    job_in,
    load_compactions,
    load_manifests,
    names_in,
    naming_columns,
    release,
    schema_of,
    take,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from callbeam.storage import ObjectStore
    from callbeam.tables import Manifest, Tombstones


def file_tells(
    store: ObjectStore, table: str, key: str, erased: Tombstones, job_ids: Collection[str] | None = None
) -> bool:
    """Tell whether a file's rows, of all jobs or of some, tell of the erased."""
    schema = schema_of(table, naming_columns(TABLES[table].schema))
    return names_in(TableFile(store, key).read(schema, job_ids=job_ids), erased)


def month_tells(store: ObjectStore, manifest: Manifest, month: Manifest, erased: Tombstones) -> bool:
    """Tell whether a job's rows in files of its month tell of the erased, or may in files that month had before.

    Whether these rows count does not matter: a job may have been broken off while it left its month.
    """
    if manifest.job_id in month.leaving:
        return True
    if manifest.job_id not in month.jobs:
        return False
    return any(file_tells(store, entry.table, entry.key, erased, [manifest.job_id]) for entry in month.files)


def loose_files(store: ObjectStore, manifests: Sequence[Manifest], erased: Tombstones) -> list[str]:
    """Return files of the tables that tell of the erased and that no manifest names.

    A publication that is under way or was broken off has not named them yet, or not deleted them yet.
    """
    known = (*manifests, *load_compactions(store, manifests))
    named = {entry.key for manifest in known for entry in manifest.files}
    found = []
    for name in TABLES:
        keys = (info.key for info in store.list(f"{name}/"))
        loose = (key for key in keys if key not in named and is_final(key))
        found += [key for key in loose if file_tells(store, name, key, erased)]
    return found


def remove_loose(store: ObjectStore, erased: Tombstones, attempt: str) -> int:
    """Remove files that no publication of a job that is published has removed: whoever wrote them can do so again."""
    loose = loose_files(store, load_manifests(store), erased)
    for job_id in sorted({job_in(key) for key in loose}):
        take(store, job_id, attempt)  # who is still at it stops
        store.delete([key for key in loose if job_in(key) == job_id])
        release(store, job_id)
    return len(loose)
