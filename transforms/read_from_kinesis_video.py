"""ReadFromKinesisVideo: PlanReads and ReadFragments in one, for any Beam pipeline."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

import apache_beam as beam

from callbeam.calls import Piece
from callbeam.errors import UsageError
from callbeam.kvs import KvsClient, KvsConfig, plan_jobs
from callbeam.transforms.plan_reads import PlanReads
from callbeam.transforms.read_fragments import ReadFragments


class ReadFromKinesisVideo(beam.PTransform):
    """Read the calls of retained streams.

    Parameters
    ----------
    streams : sequence of str
        Stream names, ARNs, or ``prefix*``.
    start, end : datetime.datetime
        Range of server time, half-open, with a zone, within one UTC day. Calls that begin in it are read to their end.
    kvs : KvsConfig, optional
        How to reach KVS: the SDK's own way by default.

    Returns
    -------
    apache_beam.PCollection of Piece
        Legs of calls, longer ones in pieces of 30 minutes. ``callbeam.decoding.decode.decode_piece`` turns one into
        samples. Compose PlanReads and ReadFragments where the ledger of fragments that became no piece is wanted, too.

    Raises
    ------
    UsageError
        If a stream does not exist, the range is empty or not over, or KVS cannot be reached.

    Examples
    --------
    >>> from datetime import timezone
    >>> from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    >>> from callbeam import Emulator
    >>> start, end = (datetime(2026, 3, day, tzinfo=timezone.utc) for day in (1, 2))
    >>> with Emulator() as kvs, beam.Pipeline(runner=FnApiRunner()) as pipeline:
    ...     arn = kvs.load("calls-1", "capture.mkv")
    ...     config = KvsConfig(endpoint_url=kvs.endpoint_url, region="us-east-1")  # AWS itself needs none
    ...     pieces = pipeline | ReadFromKinesisVideo(streams=["calls-*"], start=start, end=end, kvs=config)
    ...     _ = pieces | beam.Map(lambda piece: print(piece.leg.identity.call_id, len(piece.fragments)))
    c-1 2
    """

    def __init__(self, *, streams: Sequence[str], start: datetime, end: datetime, kvs: KvsConfig | None = None) -> None:
        super().__init__()
        self._kvs = kvs or KvsConfig()
        if start.tzinfo is None or end.tzinfo is None:
            raise UsageError("start and end need a zone, such as datetime.timezone.utc")
        jobs = plan_jobs(
            KvsClient(self._kvs),
            streams,
            round(start.timestamp() * 1000),
            round(end.timestamp() * 1000),
            now_ms=round(time.time() * 1000),
        )
        if len(jobs) != 1:
            raise UsageError(f"{start} to {end} spans {len(jobs)} UTC days; read one day at a time")
        self._job = jobs[0]

    def expand(self, pbegin: beam.pvalue.PBegin) -> beam.PCollection[Piece]:
        """Plan, then read."""
        lanes = pbegin | "PlanReads" >> PlanReads(self._job, kvs=self._kvs)
        read = lanes | "ReadFragments" >> ReadFragments(self._job, kvs=self._kvs)
        return read.pieces
