"""The work of a job by the plain functions, without Beam: the peer of ``bench_job.py``."""

from __future__ import annotations

import time
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from callbeam.analysis import AnalysisConfig, analyse_piece
from callbeam.assembly import Keyed, assemble_call, call_parts, complete, keyed_ledger, parts_of_analysis
from callbeam.calls import LedgerRow, LegEnd, Piece, read_lane
from callbeam.decoding import DecodedPiece, decode_piece
from callbeam.kvs import KvsClient, KvsConfig, plan_jobs, plan_lanes
from callbeam.pipelines.command_line import instant
from callbeam.schemas import TABLES
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import stage_table
from callbeam.voice import SileroDetector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from callbeam.analysis import PieceAnalysis
    from callbeam.kvs import Job, Lane

    Analyse = Callable[..., PieceAnalysis]

FRAMES = "frames"

Parts = dict[str, list[Keyed]]


def read_parts(url: str, start: str, end: str, config: AnalysisConfig | None = None) -> tuple[Job, Parts]:
    """Read, decode and analyse the calls of all streams; return the parts of each call."""
    client = KvsClient(KvsConfig(region="us-east-1", endpoint_url=url, fragments_per_second=0))
    (job,) = plan_jobs(client, ["*"], instant(start), instant(end), round(time.time() * 1000))
    analyse = partial(analyse_piece, config=config or AnalysisConfig(), detector=SileroDetector())
    parts: Parts = defaultdict(list)
    for lane in plan_lanes(client, job):
        for keyed in _parts_of(lane, job, client, analyse):
            parts[keyed.call_key].append(keyed)
    return job, parts


def _parts_of(lane: Lane, job: Job, client: KvsClient, analyse: Analyse) -> Iterator[Keyed]:
    rows: list[LedgerRow] = []
    for event in read_lane(lane, job, client.source(lane.stream)):
        if isinstance(event, LedgerRow):
            rows.append(event)
        elif isinstance(event, LegEnd):
            yield Keyed(event.leg.identity.call_id, call_parts.LEGS, event)
        elif isinstance(event, Piece):
            decoded = decode_piece(event)
            rows.extend(decoded.ledger)
            yield from _analysed(decoded, job, analyse)
    yield from keyed_ledger(job.job_id, rows)


def _analysed(decoded: DecodedPiece, job: Job, analyse: Analyse) -> Iterator[Keyed]:
    call_id = decoded.leg.identity.call_id
    analysis = analyse(decoded.channels)
    yield from parts_of_analysis(call_id, analysis, decoded.clock, decoded.index, whole=True)
    for analysed in analysis.channels:
        if analysed.rows.frames is not None:
            yield Keyed(call_id, FRAMES, complete(TABLES[FRAMES], analysed.rows.frames, job.job_id))


def tables_of(job: Job, parts: Parts) -> dict[str, pa.Table]:
    """Assemble the calls."""
    tables: dict[str, list[pa.RecordBatch]] = defaultdict(list)
    for call_key, some in parts.items():
        for name, batches in assemble_call(call_key, some, job).batches.items():
            tables[name].extend(batches)
        tables[FRAMES].extend(keyed.value for keyed in some if keyed.kind == FRAMES)
    return {
        name: pa.Table.from_batches(batches, schema=TABLES[name].schema) for name, batches in tables.items() if batches
    }


def write_tables(job: Job, parts: Parts, output: str) -> None:
    """Assemble the calls and write each table into one file."""
    store = open_store(StorageConfig(output))
    for name, rows in tables_of(job, parts).items():
        stage_table(store, job, "plain", TABLES[name], 0, rows)
