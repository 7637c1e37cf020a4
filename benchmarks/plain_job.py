"""The work of a job by the plain functions, without Beam: the peer of ``bench_job.py``."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

import pyarrow as pa

from callbeam.assembly.calls import assemble_call
from callbeam.assembly.channels import channel_part
from callbeam.assembly.ledger import keyed_ledger
from callbeam.assembly.packing import pack, unpack
from callbeam.assembly.parts import CHANNELS, LEGS, SECONDS, WINDOWS, Keyed
from callbeam.assembly.windows import ChannelKey, Pane, panes_of, window_row
from callbeam.audio.analysis import analyse_channel
from callbeam.audio.decode import DecodedPiece, decode_piece
from callbeam.calls.follow import read_lane
from callbeam.calls.pieces import LedgerRow, LegEnd, Piece
from callbeam.kvs.client import KvsClient
from callbeam.kvs.config import KvsConfig
from callbeam.kvs.planning import plan_jobs, plan_lanes
from callbeam.pipelines.options import instant
from callbeam.schemas import TABLES
from callbeam.storage.objects import StorageConfig, open_store
from callbeam.storage.staging import stage_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.kvs.units import Job, Lane

WINDOW_MS, HOP_MS = 30_000, 5_000

Parts = dict[str, list[Keyed]]


def read_parts(url: str, start: str, end: str) -> tuple[Job, Parts]:
    """Read, decode, analyse and window the calls of all streams; return the parts of each call."""
    client = KvsClient(KvsConfig(region="us-east-1", endpoint_url=url, fragments_per_second=0))
    (job,) = plan_jobs(client, ["*"], instant(start), instant(end), round(time.time() * 1000))
    parts: Parts = defaultdict(list)
    for lane in plan_lanes(client, job):
        for keyed in _parts_of(lane, job, client):
            parts[keyed.call_key].append(keyed)
    for call_id, keyed in list(_windows(parts)):
        parts[call_id].append(keyed)
    return job, parts


def _parts_of(lane: Lane, job: Job, client: KvsClient) -> Iterator[Keyed]:
    rows: list[LedgerRow] = []
    for event in read_lane(lane, job, client.source(lane.stream)):
        if isinstance(event, LedgerRow):
            rows.append(event)
        elif isinstance(event, LegEnd):
            yield Keyed(event.leg.identity.call_id, LEGS, event)
        elif isinstance(event, Piece):
            decoded = decode_piece(event)
            rows.extend(decoded.ledger)
            yield from _analysed(decoded)
    yield from keyed_ledger(job.job_id, rows)


def _analysed(decoded: DecodedPiece) -> Iterator[Keyed]:
    for channel in decoded.channels:
        call_id = channel.leg.identity.call_id
        analysis = analyse_channel(channel)
        yield Keyed(call_id, CHANNELS, channel_part(channel, decoded.clock, decoded.index, analysis))
        yield Keyed(call_id, SECONDS, pack(analysis.seconds))


def _windows(parts: Parts) -> Iterator[tuple[str, Keyed]]:
    panes: dict[tuple[ChannelKey, int], list[Pane]] = defaultdict(list)
    for some in parts.values():
        for keyed in some:
            for channel, pane in panes_of(unpack(keyed.value), HOP_MS) if keyed.kind == SECONDS else ():
                last = pane.start_ms // HOP_MS
                for window in range(last - WINDOW_MS // HOP_MS + 1, last + 1):
                    panes[channel, window * HOP_MS].append(pane)
    for (channel, start_ms), some_panes in panes.items():
        row = window_row(channel, start_ms, WINDOW_MS, sorted(some_panes))
        yield channel.call_id, Keyed(channel.call_id, WINDOWS, row)


def write_tables(job: Job, parts: Parts, output: str) -> None:
    """Assemble the calls and write each table into one file."""
    tables: dict[str, list[pa.RecordBatch]] = defaultdict(list)
    for call_key, some in parts.items():
        for name, batches in assemble_call(call_key, some, job).batches.items():
            tables[name].extend(batches)
    store = open_store(StorageConfig(output))
    for name, batches in tables.items():
        rows = pa.Table.from_batches(batches, schema=TABLES[name].schema)
        stage_table(store, job, "plain", TABLES[name], 0, rows)
