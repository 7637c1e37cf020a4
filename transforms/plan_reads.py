"""PlanReads: streams and a time range, or call records, become lanes of units."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam

from callbeam.kvs import Job, KvsClient, KvsConfig, Lane, plan_lanes
from callbeam.transforms.progress import report


@beam.typehints.with_input_types(Job)
@beam.typehints.with_output_types(Lane)
class ListStreams(beam.DoFn):
    """List every stream of a job, metadata only, and emit its lanes: what expires first, then the largest."""

    def __init__(self, *, kvs: KvsConfig) -> None:
        self._kvs = kvs

    def process(self, job: Job) -> Iterator[Lane]:
        """Emit the lanes of one job."""
        lanes = plan_lanes(KvsClient(self._kvs), job)
        report(planned_bytes=sum(lane.bytes for lane in lanes), planned_lanes=len(lanes))
        yield from lanes


class PlanReads(beam.PTransform):
    """Plan a job: from nothing to a PCollection of lanes, spread over the workers.

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
        return (
            pbegin
            | "Job" >> beam.Create([self._job])
            | "ListStreams" >> beam.ParDo(ListStreams(kvs=self._kvs))
            # Runners spread elements, not restrictions: without a shuffle here one worker would read every stream.
            | "Spread" >> beam.Reshuffle()
        )
