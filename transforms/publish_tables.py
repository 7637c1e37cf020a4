"""PublishTables: staged files become the job's files in the tables, and the manifest lands last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apache_beam as beam

from callbeam.assembly.calls import CallTables
from callbeam.assembly.tally import Tally, add_tallies, job_batch, tally_of
from callbeam.kvs.units import Job
from callbeam.schemas import TABLES
from callbeam.storage.manifest import Manifest, Outcome
from callbeam.storage.objects import StorageConfig, open_store
from callbeam.storage.publish import PublishConfig, publish
from callbeam.storage.staging import StagedFile, stage_table


class Publish(beam.DoFn):
    """Publish a job: one element, one worker."""

    def __init__(self, job: Job, *, storage: StorageConfig, config: PublishConfig) -> None:
        self._job = job
        self._storage = storage
        self._config = config

    def process(self, _: bytes, files: Sequence[StagedFile], tallies: Sequence[Tally]) -> Iterator[Manifest]:
        """Write table ``jobs``, then move everything into the tables; emit the manifest."""
        store = open_store(self._storage)
        tally = add_tallies(tallies)
        row = job_batch(
            self._job,
            tally,
            options_sha256=self._config.options_sha256,
            versions=self._config.versions,
            models=self._config.models,
        )
        jobs = stage_table(store, self._job, self._config.attempt, TABLES["jobs"], 0, row)
        outcome = Outcome(
            by_status=dict(sorted(tally.by_status.items())),
            call_count=tally.call_count,
            open_calls=tuple(sorted(tally.open_calls)),
        )
        yield publish(store, self._job, [*files, jobs], outcome, self._config)


class PublishTables(beam.PTransform):
    """Publish what WriteTables has staged.

    It starts from an Impulse, not from the files: a job without calls publishes an empty manifest.

    Parameters
    ----------
    job : Job
    files : apache_beam.PCollection of StagedFile
    calls : apache_beam.PCollection of CallTables
        For the counts.
    storage : StorageConfig
    config : PublishConfig
    """

    def __init__(
        self,
        job: Job,
        files: beam.PCollection[StagedFile],
        calls: beam.PCollection[CallTables],
        *,
        storage: StorageConfig,
        config: PublishConfig,
    ) -> None:
        super().__init__()
        self._publish = Publish(job, storage=storage, config=config)
        self._files = files
        self._calls = calls

    def expand(self, pbegin: beam.pvalue.PBegin) -> beam.PCollection[Manifest]:
        """Emit the manifest."""
        tallies = self._calls | "Count" >> beam.Map(tally_of)
        return (
            pbegin
            | "Once" >> beam.Impulse()
            | "Publish"
            >> beam.ParDo(self._publish, files=beam.pvalue.AsList(self._files), tallies=beam.pvalue.AsList(tallies))
        )
