"""The Iceberg catalog that an output keeps to, and what jobs have published, committed to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from callbeam.errors import JobError, UsageError
from callbeam.iceberg import Published, check_catalog, commit_files
from callbeam.schemas import TABLES
from callbeam.storage import StorageError
from callbeam.tables.claims import claimed_jobs
from callbeam.tables.compacted import load_compactions
from callbeam.tables.manifest import load_manifests
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
        ``<catalog>`` or ``<catalog>.<namespace>``. The first time, the output keeps to that catalog from then on, and
        all that is published is committed.

    Raises
    ------
    UsageError
        If it cannot be written to from here, or the output keeps to another one.
    StorageError
        If it does not take a commit.
    """
    kept, is_complete = _mark(store)
    if asked and kept and asked != kept:
        raise UsageError(
            f"{store.describe()} keeps to Iceberg catalog {kept}: leave --iceberg {asked} out, or choose another output"
        )
    catalog = asked or kept
    if catalog:
        check_catalog(catalog, store.describe())
        if not is_complete:
            _commit_all(store, catalog)
    return catalog


def refuse_other_catalog(store: ObjectStore, job_id: str, catalog: str) -> None:
    """Refuse to publish what would not be committed where the output keeps to.

    Raises
    ------
    JobError
        If the output has come to keep to a catalog since the job was submitted.
    """
    kept, _ = _mark(store)
    if kept not in {"", catalog}:
        raise JobError(
            f"{store.describe()} keeps to Iceberg catalog {kept} since job {job_id} was submitted, and what it gives "
            "would be missing there: run it again"
        )


def _commit_all(store: ObjectStore, catalog: str) -> None:
    """Commit all that is published to a catalog that the output keeps to from now on.

    Jobs look for the mark once they have claimed their publication. So whoever has not seen it holds a claim by now: it
    may publish without committing, and the next command commits all once more.
    """
    _put_mark(store, catalog, is_complete=False)
    unaware = claimed_jobs(store)
    commit_jobs(store, catalog, _all_manifests(store))
    if not unaware:
        _put_mark(store, catalog, is_complete=True)


def _put_mark(store: ObjectStore, catalog: str, *, is_complete: bool) -> None:
    store.put(MARK, json.dumps({"catalog": catalog, "complete": is_complete}).encode() + b"\n")


def _mark(store: ObjectStore) -> tuple[str, bool]:
    """Return the catalog that an output keeps to, and whether all that was published before is committed there."""
    content = store.get(MARK)
    try:
        mark = json.loads(content) if content is not None else {"catalog": "", "complete": False}
        return str(mark["catalog"]), bool(mark["complete"])
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{store.describe(MARK)} does not name an Iceberg catalog as it should") from error


def commit_jobs(store: ObjectStore, catalog: str, manifests: Iterable[Manifest]) -> None:
    """Commit what jobs have published, as their manifests say: one snapshot for each table that changes."""
    manifests = list(manifests)

    def everything() -> Published:
        known = {manifest.job_id: manifest for manifest in (*_all_manifests(store), *manifests)}
        return _published(store, known.values())

    commit_files(catalog, store.describe(), _published(store, manifests), everything)


def _all_manifests(store: ObjectStore) -> list[Manifest]:
    """Return the manifests of all jobs, and of the months that were joined."""
    jobs = load_manifests(store)
    return [*jobs, *load_compactions(store, jobs)]


def _published(store: ObjectStore, manifests: Iterable[Manifest]) -> Published:
    places: dict[str, list[str]] = {name: [] for name in TABLES}
    job_ids = set()
    for manifest in manifests:
        job_ids.add(manifest.job_id)
        for entry in manifest.files:
            if entry.rows:  # a file without rows lies in no partition
                places[entry.table].append(store.describe(entry.key))
    months = frozenset(job_id[:6] for job_id in job_ids)
    return Published(places, months, lambda place: job_in(place) in job_ids)
