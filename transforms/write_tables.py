"""WriteTables: rows of all calls become whole Parquet files, each written once, in the job's staging."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import apache_beam as beam

from callbeam.assembly import CallTables, pack, unpack_all
from callbeam.calls import RecordedLeg
from callbeam.kvs import Job, Lane
from callbeam.schemas import TABLES
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import StagedFile, Tombstones, shard_count, shard_of, stage_table, without_erased
from callbeam.transforms.memory import give_back

Shard = tuple[str, int]

Packed = tuple[str, str, bytes]
"""A batch of a call, packed: the table's name, the call's key, and the rows."""


class PackRows(beam.DoFn):
    """Pack a call's batches in the step that made them: as they are, they would be pickled, each with its schema.

    What decides the number of shards comes from elsewhere, and a runner holds all calls until it is there.
    """

    def process(self, call: CallTables) -> Iterator[Packed]:
        """Emit a call's batches."""
        for name, batches in call.batches.items():
            for batch in batches:
                yield name, call.call_key, pack(batch)


class ToShards(beam.DoFn):
    """Send each batch to its table's shard: a call's rows of a table lie in one file."""

    def process(self, packed: Packed, planned_bytes: int) -> Iterator[tuple[Shard, bytes]]:
        """Emit a batch by (table, shard)."""
        name, call_key, rows = packed
        yield (name, shard_of(call_key, shard_count(name, planned_bytes))), rows


class WriteShard(beam.DoFn):
    """Write one shard of one table."""

    def __init__(self, job: Job, *, storage: StorageConfig, attempt: str, erased: Tombstones) -> None:
        self._job = job
        self._storage = storage
        self._attempt = attempt
        self._erased = erased

    def setup(self) -> None:
        """Open the store where the work is."""
        self._store = open_store(self._storage)

    def start_bundle(self) -> None:
        """Begin small: what the steps before took is free by now."""
        give_back()

    def process(self, element: tuple[Shard, Iterable[bytes]]) -> Iterator[StagedFile]:
        """Emit the file that was written."""
        (name, shard), batches = element
        rows = without_erased(unpack_all(batches, TABLES[name].schema), self._erased)
        yield stage_table(self._store, self._job, self._attempt, TABLES[name], shard, rows)
        del rows
        give_back()


class WriteTables(beam.PTransform):
    """Write the tables of all calls into staging.

    Parameters
    ----------
    job : Job
    lanes : apache_beam.PCollection of Lane or RecordedLeg
        The plan: its bytes decide how many shards a table gets, so that every run of the job cuts alike.
    storage : StorageConfig
    attempt : str
        Names this submission's staging.
    erased : Tombstones, optional
        Whose names are kept out of the rows of others.
    """

    def __init__(
        self,
        job: Job,
        lanes: beam.PCollection[Lane | RecordedLeg],
        *,
        storage: StorageConfig,
        attempt: str,
        erased: Tombstones | None = None,
    ) -> None:
        super().__init__()
        self._job = job
        self._lanes = lanes
        self._storage = storage
        self._attempt = attempt
        self._erased = erased or Tombstones()

    def expand(self, calls: beam.PCollection[CallTables]) -> beam.PCollection[StagedFile]:
        """Emit the staged files, those of heavy tables included that hold rows of calls kept."""
        planned_bytes = self._lanes | "LaneBytes" >> beam.Map(lambda lane: lane.bytes) | beam.CombineGlobally(sum)
        shards = (
            calls
            | "PackRows" >> beam.ParDo(PackRows())
            | "ToShards" >> beam.ParDo(ToShards(), planned_bytes=beam.pvalue.AsSingleton(planned_bytes))
            | "ByShard" >> beam.GroupByKey()
            | "WriteShard"
            >> beam.ParDo(WriteShard(self._job, storage=self._storage, attempt=self._attempt, erased=self._erased))
        )
        heavy = calls | "HeavyFiles" >> beam.FlatMap(lambda call: call.files)
        return (shards, heavy) | "Files" >> beam.Flatten()
