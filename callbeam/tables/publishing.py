"""Publishing: staged files become a job's files in the tables, and the manifest lands last.

Every step may be done again: what a file holds is asked of the file itself. So a run that was killed anywhere in here
is completed by running it again, and at any time each file of a table is either the old one or the new one, whole.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callbeam.errors import JobError
from callbeam.schemas import TABLES
from callbeam.storage import StorageError, UnreachableError
from callbeam.tables.guards import refuse_loss
from callbeam.tables.manifest import FileEntry, Manifest, Outcome, load_manifest, manifest_of
from callbeam.tables.object_names import claim_key, final_key, final_prefix, job_prefix, manifest_key
from callbeam.tables.tombstones import Tombstones, load_tombstones

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore
    from callbeam.tables.staging import StagedFile

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
    """

    attempt: str
    options_sha256: str
    versions: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    take_over: bool = False
    allow_fewer: bool = False
    erased: Tombstones = field(default_factory=Tombstones)


@dataclass(frozen=True, slots=True)
class _Move:
    """A staged file and what it becomes."""

    source: StagedFile
    target: FileEntry


def publish(
    store: ObjectStore, job: Job, staged: Iterable[StagedFile], outcome: Outcome, config: PublishConfig
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
    moves = _moves(job, staged)
    manifest = manifest_of(
        job,
        outcome=outcome,
        files=[move.target for move in moves],
        options_sha256=config.options_sha256,
        versions=config.versions,
    )
    to_copy = _begin(store, job, moves, outcome, config)
    with _released_if_refused(store, job, config.attempt):
        with ThreadPoolExecutor(COPIERS) as pool:
            list(pool.map(lambda move: store.copy(move.source.key, move.target.key), to_copy))
        _check_claim(store, job, config.attempt)
        store.delete(_others(store, job, manifest))
        _check_claim(store, job, config.attempt)
        store.put(manifest_key(job.job_id), manifest.to_json())
        _clear(store, job, config.attempt)
    return manifest


@contextmanager
def _released_if_refused(store: ObjectStore, job: Job, attempt: str) -> Iterator[None]:
    """Give the claim up where storage refuses a step: nobody publishes any more, so the same command may complete it.

    Storage that does not answer would not take that either.
    """
    try:
        yield
    except UnreachableError:
        raise
    except StorageError:
        with suppress(StorageError):
            if _holder(store, job) == attempt:
                store.delete([claim_key(job.job_id)])
        raise


def _moves(job: Job, staged: Iterable[StagedFile]) -> list[_Move]:
    """Give each file its name: a shard's by its number, a piece's by its rank among its table's pieces."""
    files = sorted(set(staged), key=lambda file: file.key)
    ranks: dict[str, int] = {}
    moves: dict[str, _Move] = {}
    for file in files:
        shard = file.shard
        if shard is None:
            shard = ranks.get(file.table, 0)
            ranks[file.table] = shard + 1
        target = final_key(file.table, job, shard)
        if target in moves:
            raise JobError(f"{file.key} and {moves[target].source.key} would both become {target}")
        moves[target] = _Move(file, FileEntry(target, file.table, file.rows, file.bytes, file.sha256))
    return list(moves.values())


def _begin(
    store: ObjectStore, job: Job, moves: Sequence[_Move], outcome: Outcome, config: PublishConfig
) -> list[_Move]:
    """Claim the publication and find what is to be copied; nothing is changed if either fails."""
    claimed = store.put(claim_key(job.job_id), _claim(config.attempt), if_absent=True)
    holder = config.attempt if claimed else _holder(store, job)
    if holder != config.attempt and not config.take_over:
        raise _claimed(job, holder)
    try:
        _refuse_erased(store, job, config)
        refuse_loss(load_manifest(store, job.job_id), outcome.decoded, allow_fewer=config.allow_fewer)
        to_copy = _differing(store, job, moves)
        _check_staging(store, job, to_copy)
    except JobError:
        if claimed:
            store.delete([claim_key(job.job_id)])
        raise
    if holder != config.attempt:
        store.put(claim_key(job.job_id), _claim(config.attempt))
    return to_copy


def _refuse_erased(store: ObjectStore, job: Job, config: PublishConfig) -> None:
    """Refuse what was made before somebody was erased: their rows may be in it."""
    if load_tombstones(store).names - config.erased.names:
        raise JobError(f"somebody was erased while job {job.job_id} ran, and it may hold their rows: run it again")


def refuse_claimed(store: ObjectStore, job: Job, *, take_over: bool = False) -> None:
    """Refuse a job that another submission has begun to publish: better before it is read than after.

    Raises
    ------
    JobError
        If there is a claim, unless it is to be taken over.
    """
    if not take_over and store.get(claim_key(job.job_id)) is not None:
        raise _claimed(job, _holder(store, job))


def _claimed(job: Job, holder: str | None) -> JobError:
    return JobError(
        f"job {job.job_id} is being published by submission {holder or 'unknown'}, or was when that one stopped: "
        "wait for it, or if it runs no longer, complete the job with --take-over"
    )


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
    sizes = {info.key: info.size for info in store.list(job_prefix(job.job_id))}
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
    _check_claim(store, job, attempt)
    store.delete([claim_key(job.job_id)])


def _claim(attempt: str) -> bytes:
    return json.dumps({"attempt": attempt}).encode() + b"\n"


def _holder(store: ObjectStore, job: Job) -> str | None:
    """Return the attempt that holds the claim; None if nobody or somebody illegible does."""
    content = store.get(claim_key(job.job_id))
    try:
        return str(json.loads(content)["attempt"]) if content is not None else None
    except (ValueError, KeyError, TypeError):
        return None


def _check_claim(store: ObjectStore, job: Job, attempt: str) -> None:
    """Stop where another submission has taken over: what follows would undo its work."""
    holder = _holder(store, job)
    if holder != attempt:
        raise JobError(f"submission {holder or 'unknown'} has taken job {job.job_id} over; this one has stopped")
