"""A job's end: what its calls came to becomes its row of table ``jobs``, and everything staged is published."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from callbeam.assembly.tally import add_tallies, job_batch
from callbeam.schemas import TABLES
from callbeam.tables import Outcome, publish, stage_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callbeam.assembly.tally import Tally
    from callbeam.kvs import Job
    from callbeam.storage import ObjectStore
    from callbeam.tables import Manifest, PublishConfig, StagedFile


def publish_job(
    store: ObjectStore, job: Job, files: Iterable[StagedFile], tallies: Iterable[Tally], config: PublishConfig
) -> Manifest:
    """Write table ``jobs``, then move everything into the tables.

    Parameters
    ----------
    store : ObjectStore
    job : Job
    files : iterable of StagedFile
        What is staged of the other tables; none for a job without calls.
    tallies : iterable of Tally
        Of all calls, in any order.
    config : PublishConfig

    Raises
    ------
    JobError, StorageError
        As ``callbeam.tables.publishing.publish``.
    """
    tally = add_tallies(tallies)
    # Of a job that was planned from records, the sources name each of its calls.
    job = replace(job, sources=tuple(config.erased.masked(source) for source in job.sources))
    row = job_batch(job, tally, options_sha256=config.options_sha256, versions=config.versions, models=config.models)
    jobs = stage_table(store, job, config.attempt, TABLES["jobs"], 0, row)
    outcome = Outcome(
        by_status=dict(sorted(tally.by_status.items())),
        call_count=tally.call_count,
        call_ms=tally.call_ms,
        open_calls=tuple(sorted(tally.open_calls)),
    )
    return publish(store, job, [*files, jobs], outcome, config)
