"""The lake that a version leaves to the next ones: a call in every table, heavy ones cut to some rows.

At a release, from ``tests/``, with the package on the path::

    python -m builders.released_lake schemas/lake-0.1.0
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import boto3

from builders.made_transcripts import write_sources
from builders.stores import aws_server
from callbeam import open_tables
from callbeam.callmaker import load_truth
from callbeam.emulator import Emulator
from callbeam.kvs import Job, Stream
from callbeam.pipelines import backfill, enrich
from callbeam.schemas import TABLES
from callbeam.storage import StorageConfig, open_store
from callbeam.tables import (
    Manifest,
    PublishConfig,
    StagedFile,
    TableFile,
    load_manifests,
    publish,
    shard_in,
    stage_table,
)

HEAVY_ROWS = 20
"""Of each table that is written on request."""


def write_lake(output: Path) -> None:
    """Backfill and enrich the demo's first call, and cut what would take megabytes."""
    os.environ.update(AWS_ACCESS_KEY_ID="example", AWS_SECRET_ACCESS_KEY="example")
    os.environ["CALLBEAM_SUBJECT_SECRET"] = "a secret of at least thirty-two characters"
    # On S3, for places are kept with their whole path, and a release has none of the machine that made it.
    with Emulator() as emulator, aws_server() as s3, tempfile.TemporaryDirectory() as folder:
        truth = emulator.load_demo(1)
        said = Path(folder)
        write_sources([load_truth(path) for path in sorted(truth.glob("*.json"))], said)
        upload(s3, truth.parent / "records", "records")
        words = ["--calls", "s3://records", "--s3-endpoint-url", s3, "--output", str(output), "--aws-region"]
        words += ["us-east-1", "--kvs-endpoint-url", emulator.endpoint_url, "--fragments-per-second", "0", "--frames"]
        assert backfill.main([*words, "--audio-policy", "raw"]) == 0
        write_labels(output, said / "labels.csv")
        upload(s3, said, "said")
        words = [str(output), "--source", "s3://said", "--s3-endpoint-url", s3, "--text-policy", "raw"]
        assert enrich.main(words) == 0
    for manifest in load_manifests(open_store(StorageConfig(str(output)))):
        cut(output, manifest)
    for path in output.glob("_jobs/*/run.json"):
        path.unlink()  # the wall clock's


def upload(endpoint_url: str, folder: Path, bucket: str) -> None:
    """Put a folder's files into a bucket of their own."""
    s3 = boto3.client("s3", endpoint_url=endpoint_url, region_name="us-east-1")
    s3.create_bucket(Bucket=bucket)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        s3.upload_file(str(path), bucket, path.relative_to(folder).as_posix())


def write_labels(output: Path, path: Path) -> None:
    """Have two people judge units, who agree on nine of ten."""
    units = open_tables(output).read("sentiment_inputs", ["call_id", "unit_id", "unit_type"]).to_pylist()
    lines = ["call_id,name,value,annotator,unit_id"]
    for at, unit in enumerate([unit for unit in units if unit["unit_type"] == "utterance"][:20]):
        value = "POSITIVE" if at % 2 else "NEGATIVE"
        for who, said in (("ann", value), ("bob", "NEUTRAL" if at < 2 else value)):
            lines.append(f"{unit['call_id']},sentiment,{said},{who},{unit['unit_id']}")
    path.write_text("\n".join(lines))


def cut(output: Path, manifest: Manifest) -> None:
    """Publish a job again with some rows of its heavy tables."""
    store = open_store(StorageConfig(str(output)))
    streams = tuple(Stream(arn, 0, 0) for arn in manifest.streams)
    of = manifest.account, manifest.region, manifest.start_ms, manifest.end_ms
    job = Job(manifest.job_id, manifest.sources, streams, *of, as_of_ms=manifest.end_ms)
    files = []
    for entry in manifest.files:
        table = TABLES[entry.table]
        if not table.on_request:
            files.append(StagedFile(entry.key, entry.table, shard_in(entry.key), entry.rows, entry.bytes, entry.sha256))
        elif shard_in(entry.key) == 0:
            rows = TableFile(store, entry.key).read(table.schema).slice(0, HEAVY_ROWS)
            if table.name == "clips":
                rows = rows.slice(0, 1)
            files.append(stage_table(store, job, "cut", table, 0, rows))
    config = PublishConfig(attempt="cut", options_sha256=manifest.options_sha256, versions=manifest.versions)
    publish(store, job, files, manifest.outcome, config)


if __name__ == "__main__":
    write_lake(Path(sys.argv[1]))
