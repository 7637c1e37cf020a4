"""PlanReads: streams and a time range, or call records, become lanes of units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions, FlinkRunnerOptions

from callbeam.kvs import (
    STREAMS_TOGETHER,
    Job,
    KvsConfig,
    Lane,
    in_reading_order,
    listing_parts,
    plan_lanes,
    shared_client,
    shares_of,
)
from callbeam.transforms.progress import report


@beam.typehints.with_input_types(Job)
@beam.typehints.with_output_types(tuple[Lane, ...])
class ListStreams(beam.DoFn):
    """List the streams of a job or of a part of one, metadata only, and emit its lanes together, in reading order.

    Parameters
    ----------
    kvs : KvsConfig
    """

    def __init__(self, *, kvs: KvsConfig) -> None:
        self._kvs = kvs

    def process(self, job: Job) -> Iterator[tuple[Lane, ...]]:
        """Emit the lanes of one job or part."""
        lanes = plan_lanes(shared_client(self._kvs), job)
        report(planned_bytes=sum(lane.bytes for lane in lanes), planned_lanes=len(lanes))
        yield tuple(lanes)


class Gather(beam.PTransform):
    """Bring the lanes of all parts to one place, once all are there."""

    def expand(self, parts: beam.PCollection[tuple[Lane, ...]]) -> beam.PCollection[Iterable[tuple[Lane, ...]]]:
        """Group everything under one key."""
        keyed = beam.Map(lambda part: (0, part)).with_output_types(tuple[int, tuple[Lane, ...]])
        return parts | keyed | beam.GroupByKey() | beam.Values()


@beam.typehints.with_output_types(tuple[Lane, ...])
class ShareLanes(beam.DoFn):
    """Put lanes of all parts of a job in order, and share them out.

    Parameters
    ----------
    job : Job
    slots : int or None
        Into how many shares of about as many bytes the lanes go; None for each lane alone.
    """

    def __init__(self, job: Job, *, slots: int | None = None) -> None:
        self._as_of_ms = job.as_of_ms
        self._slots = slots

    def process(self, parts: Iterable[tuple[Lane, ...]]) -> Iterator[tuple[Lane, ...]]:
        """Emit shares: what expires first, then the largest."""
        lanes = in_reading_order(chain.from_iterable(parts), self._as_of_ms)
        yield from [(lane,) for lane in lanes] if self._slots is None else shares_of(lanes, self._slots)


class SpreadShares(beam.PTransform):
    """Spread shares of lanes over the workers, and take them apart there.

    Runners spread elements, not restrictions: without a shuffle here one worker would read every stream.
    """

    def expand(self, shares: beam.PCollection[tuple[Lane, ...]]) -> beam.PCollection[Lane]:
        """Shuffle, and emit lanes."""
        return shares | beam.Reshuffle() | beam.FlatMap(iter).with_output_types(Lane)


class PlanReads(beam.PTransform):
    """Plan a job: from nothing to a PCollection of lanes, spread over the workers.

    Most runners hand out lanes as workers come to be free. Flink deals them out at once, one after the other to each of
    its ``--parallelism`` slots, and so does the local runner to its worker processes: there is one share of lanes for
    each of these.

    A job of many streams is listed in parts, by many workers; their lanes meet, and are shared out by one.

    Parameters
    ----------
    job : Job
        Streams, range of server time, and the instant at which calls are judged open.
    kvs : KvsConfig
        How to reach KVS.
    """

    def __init__(self, job: Job, *, kvs: KvsConfig) -> None:
        super().__init__()
        self._job = job
        self._kvs = kvs

    def expand(self, pbegin: beam.pvalue.PBegin) -> beam.PCollection[Lane]:
        """Create the job, list its streams, spread the lanes."""
        options = pbegin.pipeline.options
        parallelism = options.view_as(FlinkRunnerOptions).parallelism
        workers = options.view_as(DirectOptions).direct_num_workers
        slots = parallelism if parallelism > 0 else workers if workers > 1 else None
        parts = listing_parts(self._job, STREAMS_TOGETHER)
        listed = pbegin | "Job" >> beam.Create(parts) | "ListStreams" >> beam.ParDo(ListStreams(kvs=self._kvs))
        # a job that one worker lists has its lanes together, without a shuffle
        gathered = listed | "Gather" >> (beam.Map(lambda part: (part,)) if len(parts) == 1 else Gather())
        return gathered | "ShareLanes" >> beam.ParDo(ShareLanes(self._job, slots=slots)) | "Spread" >> SpreadShares()
