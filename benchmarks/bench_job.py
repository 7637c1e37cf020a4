"""The whole job over the emulator and a local folder: speed per core, what Beam adds, peak memory.

The peer is the same work by the plain functions, without Beam, in a process of its own: it reads, decodes, analyses,
windows, assembles and writes the same rows. Run it with ``python benchmarks/bench_job.py``; it takes some minutes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from emulated import DAY, measure, put_calls, serve


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=12, help="two-party calls (default %(default)s)")
    parser.add_argument("--minutes", type=int, default=20, help="length of each (default %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each side, in turn (default %(default)s)")
    parser.add_argument("--plain", nargs=2, metavar=("URL", "OUTPUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        run_plain(*options.plain)
        return
    with tempfile.TemporaryDirectory(prefix="callbeam-bench-") as folder:
        compare(Path(folder), options.calls, options.minutes, options.repeats)


def compare(folder: Path, calls: int, minutes: int, repeats: int) -> None:
    """Time the job and its peer in turn, and print a table."""
    put_calls(folder / "kvs", calls, minutes)
    seconds = calls * minutes * 60
    beam, plain = [], []
    with serve(folder / "kvs") as url:
        for repeat in range(repeats):
            words = ["--streams", "*", "--start", DAY[0], "--end", DAY[1], "--fragments-per-second", "0"]
            words += ["--kvs-endpoint-url", url, "--region", "us-east-1", "--output", str(folder / f"beam-{repeat}")]
            beam.append(measure([sys.executable, "-m", "callbeam.pipelines.cli", "backfill", *words]))
            plain.append(measure([sys.executable, __file__, "--plain", url, str(folder / f"plain-{repeat}")]))
    print(f"{calls} two-party calls of {minutes} min, {seconds / 3600:.2f} h; median of {repeats} runs in turn")
    print("| | CPU s | wall s | times real time per core (CPU) | peak RSS MB |\n|---|---|---|---|---|")
    for name, runs in (("backfill (FnApiRunner)", beam), ("plain functions", plain)):
        cpu, wall, rss = (statistics.median(run[i] for run in runs) for i in range(3))
        print(f"| {name} | {cpu:.1f} | {wall:.1f} | {seconds / cpu:.0f} | {rss / 1e6:.0f} |")
    ratio = statistics.median(one[0] / other[0] for one, other in zip(beam, plain, strict=True))
    print(f"\nBeam adds {ratio - 1:.0%} CPU to the plain functions (start of both processes included)")


def run_plain(url: str, output: str) -> None:
    """Do the job's work with the plain functions alone."""
    # Imported here, so that the process that measures stays small.
    # ruff: noqa: PLC0415
    import pyarrow as pa
    from threadpoolctl import threadpool_limits

    from callbeam.assembly.calls import assemble_call
    from callbeam.assembly.channels import channel_part
    from callbeam.assembly.ledger import keyed_ledger
    from callbeam.assembly.parts import CHANNELS, LEGS, SECONDS, WINDOWS, Keyed
    from callbeam.assembly.windows import ChannelKey, Pane, panes_of, window_row
    from callbeam.audio.analysis import analyse_channel
    from callbeam.audio.decode import decode_piece
    from callbeam.calls.follow import read_lane
    from callbeam.calls.pieces import LedgerRow, LegEnd, Piece
    from callbeam.kvs.client import KvsClient
    from callbeam.kvs.config import KvsConfig
    from callbeam.kvs.planning import plan_jobs, plan_lanes
    from callbeam.pipelines.options import instant
    from callbeam.schemas import TABLES
    from callbeam.storage.objects import StorageConfig, open_store
    from callbeam.storage.staging import stage_table

    client = KvsClient(KvsConfig(region="us-east-1", endpoint_url=url, fragments_per_second=0))
    (job,) = plan_jobs(client, ["*"], instant(DAY[0]), instant(DAY[1]), round(time.time() * 1000))
    parts: dict[str, list[Keyed]] = defaultdict(list)
    panes: dict[tuple[ChannelKey, int], list[Pane]] = defaultdict(list)
    with threadpool_limits(1):
        for lane in plan_lanes(client, job):
            rows = []
            for event in read_lane(lane, job, client.source(lane.stream)):
                if isinstance(event, LedgerRow):
                    rows.append(event)
                elif isinstance(event, LegEnd):
                    parts[event.leg.identity.call_id].append(Keyed(event.leg.identity.call_id, LEGS, event))
                elif isinstance(event, Piece):
                    decoded = decode_piece(event)
                    rows.extend(decoded.ledger)
                    for channel in decoded.channels:
                        call_id = channel.leg.identity.call_id
                        analysis = analyse_channel(channel)
                        part = channel_part(channel, decoded.clock, decoded.index, analysis)
                        parts[call_id].append(Keyed(call_id, CHANNELS, part))
                        parts[call_id].append(Keyed(call_id, SECONDS, analysis.seconds))
                        for key, pane in panes_of(analysis.seconds, 5000):
                            for window in range(pane.start_ms // 5000 - 5, pane.start_ms // 5000 + 1):
                                panes[key, window * 5000].append(pane)
            for keyed in keyed_ledger(job.job_id, rows):
                parts[keyed.call_key].append(keyed)
        for (key, start_ms), some in panes.items():
            row = window_row(key, start_ms, 30_000, sorted(some))
            parts[key.call_id].append(Keyed(key.call_id, WINDOWS, row))
        tables: dict[str, list[pa.RecordBatch]] = defaultdict(list)
        for call_key, some in parts.items():
            for name, batches in assemble_call(call_key, some, job).batches.items():
                tables[name].extend(batches)
    store = open_store(StorageConfig(output))
    for name, batches in tables.items():
        rows = pa.Table.from_batches(batches, schema=TABLES[name].schema)
        stage_table(store, job, "plain", TABLES[name], 0, rows)


if __name__ == "__main__":
    main()
