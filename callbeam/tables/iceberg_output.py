"""The Iceberg catalog that an output keeps to, and what jobs have published, committed to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from callbeam.errors import UsageError
from callbeam.iceberg import check_catalog, commit_files
from callbeam.schemas import TABLES
from callbeam.storage import StorageError
from callbeam.tables.compacted import compaction_of
from callbeam.tables.manifest import load_manifest, load_manifests
from callbeam.tables.object_names import JOBS, job_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.storage import ObjectStore
    from callbeam.tables.manifest import Manifest

MARK: Final = f"{JOBS}iceberg.json"
"""Beside the jobs: whoever publishes there has to commit there, too."""


def kept_catalog(store: ObjectStore, asked: str | None = None) -> str:
    """Return the catalog to which jobs of an output are to be committed; empty if there is none.

    Parameters
    ----------
    store : ObjectStore
    asked : str, optional
        ``<catalog>`` or ``<catalog>.<namespace>``. The first time, all that is published is committed, and the
        output keeps to that catalog from then on.

    Raises
    ------
    UsageError
        If it cannot be written to from here, or the output keeps to another one.
    StorageError
        If it does not take a commit.
    """
    kept = _kept(store)
    if asked and kept and asked != kept:
        raise UsageError(
            f"{store.describe()} keeps to Iceberg catalog {kept}: leave --iceberg {asked} out, or choose another output"
        )
    catalog = asked or kept
    if catalog:
        check_catalog(catalog)
    if asked and not kept:
        jobs = load_manifests(store)
        months = {compaction_of(manifest.start_ms).job_id for manifest in jobs}
        joined = (load_manifest(store, job_id) for job_id in sorted(months))
        commit_jobs(store, asked, [*jobs, *(one for one in joined if one is not None)])
        store.put(MARK, json.dumps({"catalog": asked}).encode() + b"\n")
    return catalog


def _kept(store: ObjectStore) -> str:
    content = store.get(MARK)
    try:
        return str(json.loads(content)["catalog"]) if content is not None else ""
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{store.describe(MARK)} does not name an Iceberg catalog as it should") from error


def commit_jobs(store: ObjectStore, catalog: str, manifests: Iterable[Manifest]) -> None:
    """Commit what jobs have published, as their manifests say: one snapshot for each table that changes."""
    manifests = list(manifests)
    job_ids = {manifest.job_id for manifest in manifests}
    places: dict[str, list[str]] = {name: [] for name in TABLES}
    for manifest in manifests:
        for entry in manifest.files:
            if entry.rows:  # a file without rows lies in no partition
                places[entry.table].append(store.describe(entry.key))
    months = {job_id[:6] for job_id in job_ids}
    commit_files(catalog, places, months=months, is_theirs=lambda place: job_in(place) in job_ids)
