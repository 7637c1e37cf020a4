"""PublishTables: staged files become the job's files in the tables, and the manifest lands last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apache_beam as beam

from callbeam.assembly import CallTables, Tally, publish_job, tally_of
from callbeam.kvs import Job
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import Manifest, PublishConfig, StagedFile


class Publish(beam.DoFn):
    """Publish a job: one element, one worker."""

    def __init__(self, job: Job, *, storage: StorageConfig, config: PublishConfig) -> None:
        self._job = job
        self._storage = storage
        self._config = config

    def process(self, _: bytes, files: Sequence[StagedFile], tallies: Sequence[Tally]) -> Iterator[Manifest]:
        """Publish what is staged; emit the manifest."""
        yield publish_job(open_store(self._storage), self._job, files, tallies, self._config)


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
