"""WriteTables: rows of all calls become whole Parquet files, each written once, in the job's staging."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue

from callbeam.assembly import CallTables, pack_rows, unpack_all, unpack_rows
from callbeam.calls import RecordedLeg
from callbeam.kvs import Job, Lane
from callbeam.schemas import TABLES
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import StagedFile, Tombstones, shard_count, shard_of, stage_table, without_erased
from callbeam.transforms.memory import give_back

BATCHES_AT_ONCE, JOINED_BYTES = 64, 1 << 20
"""So many batches of a table are packed as one, or fewer where these are that many bytes already."""

Shard = tuple[str, int]

Packed = tuple[str, list[tuple[str, int]], bytes]
"""Rows of a table, packed: its name, whose they are in their order (a call's key, and how many), and the rows."""


Key = TypeVar("Key")
Rows = TypeVar("Rows")
Joined = TypeVar("Joined")


class _Gathered(Generic[Key, Rows, Joined]):
    """Rows of a bundle by key, held until they are worth packing as one, or the bundle ends."""

    def __init__(self, join: Callable[[Key, list[Rows]], Joined]) -> None:
        self._join = join
        self._held: defaultdict[Key, list[Rows]] = defaultdict(list)
        self._bytes: Counter[Key] = Counter()

    def add(self, key: Key, some: Iterable[Rows], nbytes: int) -> Iterator[Joined]:
        """Hold some rows, and yield all that are held of their key when they are enough."""
        self._held[key].extend(some)
        self._bytes[key] += nbytes
        if len(self._held[key]) >= BATCHES_AT_ONCE or self._bytes[key] > JOINED_BYTES:
            yield self._taken(key)

    def rest(self) -> Iterator[WindowedValue]:
        """Yield what is still held, as a bundle's end has to."""
        for key in list(self._held):
            yield WindowedValue(self._taken(key), MIN_TIMESTAMP, [GlobalWindow()])

    def _taken(self, key: Key) -> Joined:
        del self._bytes[key]
        return self._join(key, self._held.pop(key))


class PackRows(beam.DoFn):
    """Pack calls' batches in the step that made them, those of many calls as one.

    As they are, they would be pickled, each with its schema. What decides the number of shards comes from elsewhere,
    and a runner holds all calls until it is there: packed one by one, a short call's rows take several times as much.
    """

    def start_bundle(self) -> None:
        """Begin with nothing held."""
        self._gathered = _Gathered(_packed)

    def process(self, call: CallTables) -> Iterator[Packed]:
        """Emit what has gathered of a table when it is enough."""
        for name, batches in call.batches.items():
            some = ((call.call_key, batch) for batch in batches)
            yield from self._gathered.add(name, some, sum(batch.nbytes for batch in batches))

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Emit the rest."""
        return self._gathered.rest()


def _packed(name: str, held: list[tuple[str, pa.RecordBatch]]) -> Packed:
    return name, [(call_key, batch.num_rows) for call_key, batch in held], pack_rows([batch for _, batch in held])


class ToShards(beam.DoFn):
    """Send each call's rows to their table's shard: a call's rows of a table lie in one file."""

    def process(self, packed: Packed, planned_bytes: int) -> Iterator[tuple[Shard, bytes]]:
        """Emit rows by (table, shard)."""
        name, calls, rows = packed
        count = shard_count(name, planned_bytes)
        shards = [shard_of(call_key, count) for call_key, _ in calls]
        if len(set(shards)) == 1:
            yield (name, shards[0]), rows
            return
        owners = np.repeat(shards, [number for _, number in calls])
        batch = unpack_rows(rows, TABLES[name].schema)
        for shard in sorted(set(shards)):
            yield (name, shard), pack_rows([batch.filter(pa.array(owners == shard))])


@beam.typehints.with_output_types(tuple[Shard, bytes])
class JoinRows(beam.DoFn):
    """Pack what goes to a shard as one: of few rows, most is what each column takes, and a runner holds all of them."""

    def start_bundle(self) -> None:
        """Begin with nothing held."""
        self._gathered = _Gathered(_repacked)

    def process(self, element: tuple[Shard, bytes]) -> Iterator[tuple[Shard, bytes]]:
        """Emit what has gathered of a shard when it is enough."""
        shard, rows = element
        return self._gathered.add(shard, [rows], len(rows))

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Emit the rest."""
        return self._gathered.rest()


def _repacked(shard: Shard, held: list[bytes]) -> tuple[Shard, bytes]:
    if len(held) == 1:
        return shard, held[0]
    return shard, pack_rows([unpack_rows(rows, TABLES[shard[0]].schema) for rows in held])


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
            | "JoinRows" >> beam.ParDo(JoinRows())
            | "ByShard" >> beam.GroupByKey()
            | "WriteShard"
            >> beam.ParDo(WriteShard(self._job, storage=self._storage, attempt=self._attempt, erased=self._erased))
        )
        heavy = calls | "HeavyFiles" >> beam.FlatMap(lambda call: call.files)
        return (shards, heavy) | "Files" >> beam.Flatten()
