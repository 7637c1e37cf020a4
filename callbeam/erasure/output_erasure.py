"""Removes people's rows from every file of every job of an output.

First comes the tombstone, so that nothing writes them any more; then each job is rewritten and published as it was
first. A file that holds nothing of them is left as it is. What was begun and not ended is ended by the next run: what
is to be removed is told by the tombstones alone, and looked for in every file that is there, named by a manifest or
not.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from callbeam.erasure.job_rewriting import JobRewriting
from callbeam.erasure.traces import file_tells, loose_files, month_tells, remove_loose
from callbeam.errors import UsageError
from callbeam.kvs import Job, Stream
from callbeam.schemas import TABLES
from callbeam.tables import (
    JOBS,
    Output,
    Publication,
    PublishConfig,
    Tombstones,
    add_tombstone,
    as_staged,
    claimed_jobs,
    compaction_of,
    holder,
    job_in,
    kept_catalog,
    load_manifest,
    load_manifests,
    load_tombstones,
    publish,
    publish_together,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from callbeam.storage import ObjectStore
    from callbeam.tables import Manifest

PAGES = "_report/"
"""Where ``callbeam report`` writes by default."""

ATTEMPT: Final = "erasure-"
"""What attempts of an erasure are called: the next one ends what they hold."""

READERS = 8
"""Files looked at, at a time."""


@dataclass(slots=True)
class Erasure:
    """What was removed.

    Attributes
    ----------
    calls : int
        Calls that tables knew and know no more.
    rows : Counter of str
        Rows removed, by table.
    files, jobs : int
        Files rewritten or removed, and the jobs that they are of.
    kept : int
        Objects of unfinished jobs, and pages, that were removed as well.
    """

    calls: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    files: int = 0
    jobs: int = 0
    kept: int = 0


def forget(
    store: ObjectStore, *, call_ids: Collection[str], subject_keys: Collection[str], attempt: str, asked: str
) -> Erasure:
    """Erase calls, and all calls of subjects.

    Parameters
    ----------
    store : ObjectStore
    call_ids : collection of str
        Names of calls: ``call_id``, or any that records know them by.
    subject_keys : collection of str
        Pseudonyms of customers, as ``sentiment_inputs.subject_key`` has them.
    attempt : str
        Names this run.
    asked : str
        When it was asked for, for the audit.

    Returns
    -------
    Erasure

    Raises
    ------
    UsageError
        If no table and no tombstone knows one of the names.
    JobError, StorageError
        As ``callbeam.tables.publish``; the same again goes on where it stopped.
    """
    manifests = load_manifests(store)
    names = _resolved(Output(store, manifests, ""), load_tombstones(store), call_ids, subject_keys)
    facts, catalog = {"asked": asked}, kept_catalog(store)
    for name in sorted(names):
        add_tombstone(store, name, {**facts, "complete": False})
    erased = load_tombstones(store)
    result = Erasure(kept=_remove_unfinished(store))
    attempt = f"{ATTEMPT}{attempt}"
    begun = {job_in(key) for key in loose_files(store, manifests, erased)}
    begun |= {job_id for job_id in claimed_jobs(store) if (holder(store, job_id) or "").startswith(ATTEMPT)}
    config = PublishConfig(
        attempt=attempt,
        options_sha256="",
        take_over=True,
        allow_fewer=True,
        erased=erased,
        from_own_files=True,
        iceberg=catalog,
    )
    for month_id, members in _by_month(manifests):
        month = load_manifest(store, month_id)
        left = (_without(store, one, month, begun, config, result) for one in members)
        concerned = (one for one in left if one is not None)
        if month is None:
            for one in concerned:
                publish(store, one.job, one.staged, one.outcome, one.config)
        # what lies in files of the month leaves them together, for each leaving writes these anew
        elif together := list(concerned):
            publish_together(store, together)
    result.kept += remove_loose(store, erased, attempt)
    audit = {"calls": result.calls, "rows": dict(sorted(result.rows.items())), "files": result.files}
    for name in sorted(names):
        add_tombstone(store, name, {**facts, **audit, "jobs": result.jobs, "complete": True})
    return result


def _resolved(output: Output, erased: Tombstones, call_ids: Collection[str], subject_keys: Collection[str]) -> set[str]:
    """Return all names of what is to be erased: those given, and those of the calls that they mean."""
    columns = ["call_id", "contact_id", "chime_call_id", "aliases"]
    names, known = {*call_ids, *subject_keys}, set()
    calls = output.read("calls", columns).to_pylist()
    of_subjects = pc.is_in(
        (units := output.read("sentiment_inputs", ["call_id", "subject_key"]))["subject_key"],
        pa.array(sorted(subject_keys), pa.string()),
    )
    theirs = units.filter(pc.fill_null(of_subjects, False))
    wanted = {*call_ids, *theirs["call_id"].to_pylist()}
    known |= set(theirs["subject_key"].to_pylist())
    for call in calls:
        own = {call["call_id"], call["contact_id"], call["chime_call_id"], *(call["aliases"] or ())} - {None}
        if own & wanted:
            names |= own
            known |= own
    known |= {name for name in names if erased.hold(name)}
    known |= set(output.read("segments", ["call_id"])["call_id"].to_pylist()) & names
    if unknown := sorted(names - known):
        raise UsageError(
            f"no table knows {unknown[0]!r}: nothing was erased; --call-id takes names of calls, --subject-key what "
            "sentiment_inputs.subject_key has"
        )
    return names


def _remove_unfinished(store: ObjectStore) -> int:
    """Remove what jobs have staged or kept, and pages: nobody can tell whose it is, and all of it can be made anew."""
    keys = [info.key for info in store.list(JOBS) if info.key.count("/") > 2]
    keys += [info.key for info in store.list(PAGES)]
    store.delete(keys)
    return len(keys)


def _by_month(manifests: Iterable[Manifest]) -> list[tuple[str, list[Manifest]]]:
    """Return jobs by the compaction of their month."""
    months: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        months.setdefault(compaction_of(manifest.start_ms).job_id, []).append(manifest)
    return sorted(months.items())


def _without(
    store: ObjectStore,
    manifest: Manifest,
    month: Manifest | None,
    begun: Collection[str],
    config: PublishConfig,
    result: Erasure,
) -> Publication | None:
    """Stage a job without the erased, if there is anything of them in it, or that was begun and not ended; else None.

    What lies in files of its month, beside rows of other jobs, becomes files of its own again: publishing takes it out
    of those.
    """
    erased = config.erased
    with ThreadPoolExecutor(READERS) as pool:
        concerned = list(pool.map(lambda entry: file_tells(store, entry.table, entry.key, erased), manifest.files))
    tells = any(concerned) or (month is not None and month_tells(store, manifest, month, erased))
    if manifest.job_id not in begun and not tells:
        return None
    joined = month if manifest.compacted else None
    job = _job_of(manifest, erased)
    rewriting = JobRewriting(store, job, config.attempt, erased)
    files = [
        rewriting.file(entry) if is_concerned else as_staged(entry)
        for entry, is_concerned in zip(manifest.files, concerned, strict=True)
        if entry.table != "jobs"
    ]
    if joined is not None:
        files += [file for name in TABLES if name != "jobs" for file in rewriting.joined(manifest, joined, name)]
    outcome = rewriting.outcome(manifest.outcome)
    files += rewriting.jobs(manifest, joined, outcome)
    config = replace(config, options_sha256=manifest.options_sha256, versions=manifest.versions)
    result.calls += rewriting.calls
    result.rows.update(rewriting.rows)
    result.files += sum(concerned) + rewriting.joined_files
    result.jobs += 1
    return Publication(job, [file for file in files if file is not None], outcome, config)


def _job_of(manifest: Manifest, erased: Tombstones) -> Job:
    return Job(
        manifest.job_id,
        tuple(erased.masked(source) for source in manifest.sources),
        tuple(Stream(arn, 0, 0) for arn in manifest.streams),
        manifest.account,
        manifest.region,
        manifest.start_ms,
        manifest.end_ms,
        as_of_ms=manifest.end_ms,
    )
