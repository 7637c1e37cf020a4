"""Publishing: staged files become a job's files in the tables, and the manifest lands last.

Every step may be done again: what a file holds is asked of the file itself. So a run that was killed anywhere in here
is completed by running it again, and at any time each file of a table is either the old one or the new one, whole.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from callbeam.errors import JobError
from callbeam.schemas import TABLES
from callbeam.storage import StorageError
from callbeam.tables.claims import check_claim, claim, claimed, holder, release, released_if_refused, take
from callbeam.tables.compacted import compaction_of, stage_without
from callbeam.tables.guards import refuse_loss
from callbeam.tables.iceberg_output import commit_jobs, refuse_other_catalog
from callbeam.tables.manifest import COMPACTION, FileEntry, Manifest, Outcome, load_manifest, manifest_of
from callbeam.tables.object_names import final_key, final_prefix, job_prefix, manifest_key
from callbeam.tables.tombstones import Tombstones, load_tombstones

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore
    from callbeam.tables.staging import StagedFile

TURN_S = 180.0
"""How long a job waits for another one of its month, which takes its rows out of the same files."""

COPIERS = 8
"""Files compared and copied at a time: a server copies them, and heavy tables have a file for each piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishConfig:
    """How a submission publishes; fixed when it is submitted.

    Attributes
    ----------
    attempt : str
        Names the submission; a runner's own retries share it.
    options_sha256 : str
        Hash of the options that change rows.
    versions : mapping of str to str
        callbeam and the libraries that results rest on.
    models : mapping of str to str
        SHA-256 of the model files that results rest on, by name.
    take_over : bool
        Whether to go on where another submission stopped while it published.
    allow_fewer : bool
        Whether to replace rows by those of a run that decoded less.
    erased : Tombstones
        Who had been erased when it was submitted: of them it writes nothing.
    from_own_files : bool
        Whether what is published was made from the job's own files: these then stay until the manifest has landed.
    iceberg : str
        The Iceberg catalog to which it is committed, by name alone; empty for none.
    """

    attempt: str
    options_sha256: str
    versions: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    take_over: bool = False
    allow_fewer: bool = False
    erased: Tombstones = field(default_factory=Tombstones)
    from_own_files: bool = False
    iceberg: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """All that ``publish`` takes of a job."""

    job: Job
    staged: Sequence[StagedFile]
    outcome: Outcome
    config: PublishConfig


@dataclass(frozen=True, slots=True)
class _Move:
    """A staged file and what it becomes."""

    source: StagedFile
    target: FileEntry


@dataclass(frozen=True, slots=True)
class _Begun:
    """A publication that is claimed: what it will say, and which files are not there yet."""

    manifest: Manifest
    to_copy: Sequence[_Move]


def publish(
    store: ObjectStore,
    job: Job,
    staged: Iterable[StagedFile],
    outcome: Outcome,
    config: PublishConfig,
    *,
    jobs: Iterable[str] = (),
    together: Sequence[Manifest] = (),
) -> Manifest:
    """Make the staged files the job's files in the tables.

    Parameters
    ----------
    store : ObjectStore
    job : Job
    staged : iterable of StagedFile
        All of the job's files, in any order; none for a job without calls. A file given twice counts once.
    outcome : Outcome
    config : PublishConfig
    jobs : iterable of str
        Of a compaction, whose rows its files hold.
    together : sequence of Manifest
        What other jobs have or will have published: where there is an Iceberg catalog, in the same snapshots.

    Returns
    -------
    Manifest
        As it was written.

    Raises
    ------
    JobError
        If another submission is publishing the job or has taken it over, if this one's staging is gone, or if it
        decoded less than what is in the tables. The tables are then as they were, or the claim stays in place.
    StorageError
        If storage refused a step; running again completes the job. UnreachableError if there was no answer: the claim
        stays then.
    """
    begun = _begin(store, job, staged, outcome, config, jobs=jobs)
    with released_if_refused(store, job.job_id, config.attempt):
        _land(store, job, begun, config, together)
        _clear(store, job, config.attempt)
    return begun.manifest


def publish_together(store: ObjectStore, publications: Iterable[Publication]) -> None:
    """Publish jobs of one month as ``publish`` does each, but write the files of the month without them just once.

    Parameters
    ----------
    store : ObjectStore
    publications : iterable of Publication
        Of one attempt; at least one.

    Raises
    ------
    JobError, StorageError
        As ``publish``. The same again completes what was begun.
    """
    landing: list[tuple[Publication, Manifest, list[str]]] = []
    with ExitStack() as claims:
        for one in publications:
            begun = _begin(store, one.job, one.staged, one.outcome, one.config, jobs=())
            claims.enter_context(released_if_refused(store, one.job.job_id, one.config.attempt))
            landing.append((one, begun.manifest, _bring(store, one.job, begun, one.config)))
        _leave_month(store, [manifest for _, manifest, _ in landing], landing[0][0].config)
        for one, manifest, others in landing:
            _settle(store, one.job, [manifest], others, one.config)
            _clear(store, one.job, one.config.attempt)


def _land(
    store: ObjectStore, job: Job, begun: _Begun, config: PublishConfig, together: Sequence[Manifest] = ()
) -> None:
    """Bring the files, then the manifest, then everything that follows from it."""
    others = _bring(store, job, begun, config)
    _leave_month(store, [begun.manifest], config)
    _settle(store, job, [begun.manifest, *together], others, config)


def _bring(store: ObjectStore, job: Job, begun: _Begun, config: PublishConfig) -> list[str]:
    """Bring the files, then the manifest; return the job's files that it does not name, which may still be there."""
    manifest = begun.manifest
    with ThreadPoolExecutor(COPIERS) as pool:
        list(pool.map(lambda move: store.copy(move.source.key, move.target.key), begun.to_copy))
    check_claim(store, job.job_id, config.attempt)
    others = _others(store, job, manifest)
    if not _is_fresh(job, config):
        store.delete(others)
        check_claim(store, job.job_id, config.attempt)
    store.put(manifest_key(job.job_id), manifest.to_json())
    return others


def _settle(
    store: ObjectStore, job: Job, manifests: Sequence[Manifest], others: Sequence[str], config: PublishConfig
) -> None:
    """Commit manifests to the catalog, if there is one; then what they replace can go."""
    if config.iceberg:
        commit_jobs(store, config.iceberg, manifests)
    if _is_fresh(job, config):
        store.delete(others)


def _leave_month(store: ObjectStore, manifests: Sequence[Manifest], config: PublishConfig) -> None:
    """Take earlier rows of jobs of one month out of its files, if they were joined to others'.

    The jobs' manifests say by now that they do not count. The month's manifest names the jobs as leaving until that is
    done with all that follows: whoever finds one there afterwards has to do it again. Days of a month that are
    published at the same time take turns.
    """
    month, own = compaction_of(manifests[0].start_ms), {one.job_id for one in manifests}
    attempt, give_up = f"{config.attempt}-{manifests[0].job_id}", time.monotonic() + TURN_S
    joined = load_manifest(store, month.job_id)
    if joined is None or joined.job_id in own:
        return
    was_killed = (holder(store, month.job_id) or "").endswith(tuple(f"-{job_id}" for job_id in own))
    if own.isdisjoint({*joined.jobs, *joined.leaving}) and not was_killed:
        return
    while not claim(store, month.job_id, attempt) and (by := holder(store, month.job_id)) != attempt:
        if config.take_over:
            take(store, month.job_id, attempt)
        elif time.monotonic() > give_up:
            raise claimed(month.job_id, by)
        else:
            time.sleep(TURN_S / 100)
    with released_if_refused(store, month.job_id, attempt):
        joined = load_manifest(store, month.job_id) or joined  # as it is now that nobody changes it
        files = stage_without(store, month, joined, own, attempt=attempt)
        jobs, others = set(joined.jobs) - own, set(joined.leaving) - own
        config = replace(config, attempt=attempt)
        begun = _begin(store, month, files, Outcome(), config, jobs=jobs, leaving=others | own)
        _land(store, month, begun, config, together=manifests)
        check_claim(store, month.job_id, attempt)
        store.put(manifest_key(month.job_id), replace(begun.manifest, leaving=tuple(sorted(others))).to_json())
        _clear(store, month, attempt)


def _is_fresh(job: Job, config: PublishConfig) -> bool:
    """Tell whether files get names that none had before, so that what they replace is there until all is done.

    That is so where they come from the very files that they replace, and of what a catalog's snapshots know by name.
    """
    return job.sources == COMPACTION or config.from_own_files or bool(config.iceberg)


def _moves(job: Job, staged: Iterable[StagedFile], *, is_fresh: bool) -> list[_Move]:
    """Give each file its name: a shard's by its number, a piece's by its rank among its table's pieces.

    Fresh names also have a digest. What is published already, and stays, keeps its name.
    """
    files = sorted(set(staged), key=lambda file: file.key)
    ranks: dict[str, int] = {}
    moves: dict[str, _Move] = {}
    for file in files:
        shard = file.shard
        if shard is None:
            shard = ranks.get(file.table, 0)
            ranks[file.table] = shard + 1
        target = final_key(file.table, job, shard, file.sha256 if is_fresh else "")
        if file.key.startswith(final_prefix(file.table, job)):
            target = file.key
        if target in moves:
            raise JobError(f"{file.key} and {moves[target].source.key} would both become {target}")
        moves[target] = _Move(file, FileEntry(target, file.table, file.rows, file.bytes, file.sha256))
    return list(moves.values())


def _begin(
    store: ObjectStore,
    job: Job,
    staged: Iterable[StagedFile],
    outcome: Outcome,
    config: PublishConfig,
    *,
    jobs: Iterable[str],
    leaving: Iterable[str] = (),
) -> _Begun:
    """Claim the publication and find what is to be copied; nothing is changed if either fails."""
    moves = _moves(job, staged, is_fresh=_is_fresh(job, config))
    manifest = manifest_of(
        job,
        outcome=outcome,
        files=[move.target for move in moves],
        options_sha256=config.options_sha256,
        versions=config.versions,
        jobs=jobs,
        leaving=leaving,
    )
    fresh = claim(store, job.job_id, config.attempt)
    by = config.attempt if fresh else holder(store, job.job_id)
    if by != config.attempt and not config.take_over:
        raise claimed(job.job_id, by)
    try:
        _refuse_erased(store, job, config)
        refuse_other_catalog(store, job.job_id, config.iceberg)
        refuse_loss(load_manifest(store, job.job_id), outcome.decoded, allow_fewer=config.allow_fewer)
        to_copy = _differing(store, job, moves)
        _check_staging(store, job, to_copy)
    except JobError:
        if fresh:
            with suppress(StorageError):  # storage that is away would be asked again, and hide why this ended
                release(store, job.job_id)
        raise
    if by != config.attempt:
        take(store, job.job_id, config.attempt)
    return _Begun(manifest, to_copy)


def _refuse_erased(store: ObjectStore, job: Job, config: PublishConfig) -> None:
    """Refuse what was made before somebody was erased: their rows may be in it."""
    if load_tombstones(store).names - config.erased.names:
        raise JobError(f"somebody was erased while job {job.job_id} ran, and it may hold their rows: run it again")


def _differing(store: ObjectStore, job: Job, moves: Sequence[_Move]) -> list[_Move]:
    """Return the files that the tables do not hold yet, by size and then by digest."""
    tables = {move.target.table for move in moves}
    sizes = {info.key: info.size for table in sorted(tables) for info in store.list(final_prefix(table, job))}

    def differs(move: _Move) -> bool:
        target = move.target
        return sizes.get(target.key) != target.bytes or store.sha256(target.key) != target.sha256

    with ThreadPoolExecutor(COPIERS) as pool:
        return [move for move, copy in zip(moves, pool.map(differs, moves), strict=True) if copy]


def _check_staging(store: ObjectStore, job: Job, to_copy: Sequence[_Move]) -> None:
    """Refuse to begin what could not be finished."""
    places = {final_prefix(move.target.table, job) for move in to_copy} | {job_prefix(job.job_id)}
    sizes = {info.key: info.size for place in sorted(places) for info in store.list(place)}
    for move in to_copy:
        if sizes.get(move.source.key) != move.source.bytes:
            raise JobError(
                f"{store.describe(move.source.key)} is no longer what this submission staged: another submission "
                f"of job {job.job_id} has published or replaced it meanwhile; run the job again"
            )


def _others(store: ObjectStore, job: Job, manifest: Manifest) -> list[str]:
    """Return the job's files in the tables that are not in its manifest.

    A job's id fixes its range and so its partition: none of its files can lie elsewhere, save those that an earlier
    manifest names.
    """
    previous = load_manifest(store, job.job_id)
    entries = previous.files if previous else ()
    earlier = {entry.key for entry in entries if entry.key.rpartition("/")[2].startswith(f"{job.job_id}-")}
    tables = {*TABLES, *(entry.table for entry in manifest.files)}
    with ThreadPoolExecutor(COPIERS) as pool:
        listed = pool.map(lambda table: [info.key for info in store.list(final_prefix(table, job))], sorted(tables))
        found = {key for keys in listed for key in keys}
    return sorted((found | earlier) - {entry.key for entry in manifest.files})


def _clear(store: ObjectStore, job: Job, attempt: str) -> None:
    """Remove staging and pieces, dead attempts' too, then the claim: once it is gone nothing is left to do."""
    prefix = job_prefix(job.job_id)
    store.delete([info.key for info in store.list(prefix) if "/" in info.key[len(prefix) :]])
    check_claim(store, job.job_id, attempt)
    release(store, job.job_id)
