"""The whole command onto a real S3 server, as its users run it: read back by their readers, raced, and locked out."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import duckdb
import polars
import pyarrow.dataset
import pyarrow.fs
import pytest
from builders.demo import load_demo
from builders.engines import ROOT

from callbeam.emulator import Emulator
from callbeam.storage import StorageConfig
from callbeam.tables import open_output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builders.s3_server import S3Server

DEMO_CALLS = 2
PATIENCE_S = 200

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def kvs() -> Iterator[Emulator]:
    with Emulator() as emulator:
        load_demo(emulator, DEMO_CALLS)
        yield emulator


def start(kvs: Emulator, output: str, *words: str) -> subprocess.Popen[str]:
    """Start a backfill of the demo's day with the environment as it is."""
    command = [sys.executable, "-m", "callbeam.pipelines.cli", "backfill", "--streams", "*", "--output", output]
    command += ["--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z", "--aws-region", "us-east-1"]
    command += ["--kvs-endpoint-url", kvs.endpoint_url, *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def complaints(err: str) -> list[str]:
    """Return what was told beside the progress."""
    return [line for line in err.splitlines() if not line.startswith("2026-03-02T00:00:00Z to ")]


def test_the_demo_is_read_back_by_its_readers(kvs: Emulator, server: S3Server, place: str) -> None:
    run = start(kvs, place, "--fragments-per-second", "0")
    out, err = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0, err
    assert complaints(err) == []
    assert f"{DEMO_CALLS} calls" in out
    below = place.removeprefix("s3://")

    tables = open_output(StorageConfig(place))
    wanted = sorted(tables.read("calls", ["call_id"])["call_id"].to_pylist())
    utterances = tables.read("utterances", ["call_id"]).num_rows
    assert len(wanted) == DEMO_CALLS

    keys = {name.removeprefix("AWS_").lower(): value for name, value in server.environment().items()}
    lake = pyarrow.fs.S3FileSystem(
        access_key=keys["access_key_id"],
        secret_key=keys["secret_access_key"],
        endpoint_override=server.url,
        region=keys["default_region"],
    )
    calls = pyarrow.dataset.dataset(f"{below}/calls", filesystem=lake, format="parquet", partitioning="hive")
    assert sorted(calls.to_table()["call_id"].to_pylist()) == wanted
    assert set(map(str, calls.to_table()["dt"].to_pylist())) == {"2026-03-02"}

    options = {name: value for name, value in server.environment().items() if name != "AWS_ENDPOINT_URL_S3"}
    options |= {"aws_endpoint_url": server.url, "aws_allow_http": "true"}
    frame = polars.scan_parquet(f"{place}/utterances/**/*.parquet", storage_options=options, hive_partitioning=True)
    assert frame.filter(polars.col("call_id") == wanted[0]).collect().height > 0
    assert frame.collect().height == utterances

    spoken = pyarrow.dataset.dataset(f"{below}/utterances", filesystem=lake, format="parquet", partitioning="hive")
    query = "SELECT call_id, count(*) FROM calls JOIN spoken USING (call_id) GROUP BY call_id ORDER BY call_id"
    rows = duckdb.connect().register("calls", calls).register("spoken", spoken).execute(query).fetchall()
    assert [call_id for call_id, _ in rows] == wanted
    assert sum(count for _, count in rows) == utterances


def test_two_submissions_of_a_job_at_the_same_time(kvs: Emulator, place: str, server: S3Server) -> None:
    runs = [start(kvs, place, "--fragments-per-second", "0") for _ in range(2)]
    told = [(run.communicate(timeout=PATIENCE_S)[1], run.returncode) for run in runs]
    assert {code for _, code in told} <= {0, 1}
    assert 0 in {code for _, code in told}, told
    for err, code in told:
        if code == 1:
            (line,) = complaints(err)
            assert "is being published by submission" in line or "run the job again" in line
    again = start(kvs, place, "--fragments-per-second", "0")
    _, err = again.communicate(timeout=PATIENCE_S)
    assert again.returncode == 0, err
    output = open_output(StorageConfig(place))
    (manifest,) = output.manifests
    found = server.client().list_objects_v2(Bucket="lake", Prefix=place.removeprefix("s3://lake/") + "/")["Contents"]
    published = {item["Key"].split("/", 1)[1] for item in found}
    keys = {entry.key for entry in manifest.files}
    assert published == keys | {f"_jobs/{manifest.job_id}/{name}.json" for name in ("manifest", "run")}


def test_permission_withdrawn_while_a_job_runs(
    kvs: Emulator, server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.client().create_bucket(Bucket="withdrawn")
    server.add_user("AKIDWITHDRAWN", "a-secret")
    reading = ("s3:GetObject", "s3:ListBucket")
    server.allow("AKIDWITHDRAWN", "withdrawn", *reading, "s3:PutObject", "s3:DeleteObject")
    for name, value in server.environment("AKIDWITHDRAWN", "a-secret").items():
        monkeypatch.setenv(name, value)
    kvs.requests.clear()
    run = start(kvs, "s3://withdrawn/calls", "--workers", "2", "--fragments-per-second", "100")
    try:
        begun = threading.Event()
        while not any(request.api.startswith("GetMedia") for request in kvs.requests):
            assert run.poll() is None, run.communicate()
            begun.wait(0.05)
        server.allow("AKIDWITHDRAWN", "withdrawn", *reading)
        _, err = run.communicate(timeout=PATIENCE_S)
    finally:
        run.kill()
    assert run.returncode == 1
    (line,) = complaints(err)
    assert line.startswith("callbeam backfill: error: job 20260302T000000Z-")
    assert " cannot be written: access is denied: allow s3:PutObject, s3:GetObject" in line
    # Nothing is half published, and the same command completes the job once it may.
    left = [item["Key"] for item in server.client().list_objects_v2(Bucket="withdrawn").get("Contents", ())]
    assert not [key for key in left if not key.startswith("calls/_jobs/") or key.endswith("manifest.json")]
    server.allow("AKIDWITHDRAWN", "withdrawn", *reading, "s3:PutObject", "s3:DeleteObject")
    again = start(kvs, "s3://withdrawn/calls", "--fragments-per-second", "0")
    _, err = again.communicate(timeout=PATIENCE_S)
    assert again.returncode == 0, err
