"""Jobs are submitted to a stand-in for Dataflow, which runs the very graph that it was given."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from builders.demo import load_demo
from builders.google_cloud import JOB, GoogleCloud, google_cloud, service_account
from builders.stores import aws_server

from callbeam.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip(
    "google.cloud.dataflow", reason="apache-beam[gcp] is not installed: tests/dataflow/run.sh runs these with it"
)
pytestmark = [pytest.mark.xdist_group("dataflow"), pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
CALLS = 3
IMAGE = "europe-docker.pkg.dev/calls/lake/callbeam:1"
SECRETS = ("AKIAIOSFODNN7EXAMPLE", "a-secret-key")
PATIENCE_S = 200


@dataclass(frozen=True)
class Launched:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Lake:
    """Streams to read, a bucket to write to, and a cloud between them."""

    cloud: GoogleCloud
    words: list[str]
    environment: dict[str, str]
    s3: Any
    bucket: str

    def command(self, prefix: str, *words: str) -> list[str]:
        command = [sys.executable, "-m", "callbeam.pipelines.cli", "backfill", *self.words]
        return [*command, "--output", f"s3://{self.bucket}/{prefix}", *words]

    def backfill(self, prefix: str, *words: str) -> Launched:
        command = self.command(prefix, *words)
        run = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        return Launched(run.returncode, run.stdout, run.stderr)

    def dataflow(self) -> list[str]:
        cloud = [f"--dataflow_endpoint={self.cloud.url}", "--project=calls", "--region=europe-west4"]
        cloud += ["--temp_location=gs://lake-staging/callbeam", f"--sdk_container_image={IMAGE}"]
        return ["--runner=DataflowRunner", *cloud]

    def on_dataflow(self, prefix: str, *words: str) -> Launched:
        return self.backfill(prefix, *self.dataflow(), *words)

    def published(self, prefix: str) -> dict[str, str]:
        """Return the objects below a prefix with their digests, without what tells of one run."""
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"{prefix}/").get("Contents", [])
        return {one["Key"].removeprefix(prefix): one["ETag"] for one in found if one["Key"].endswith(".parquet")}

    def manifests(self, prefix: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=f"{prefix}/_jobs/").get("Contents", [])
        return [one["Key"] for one in found if one["Key"].endswith("/manifest.json")]


@contextmanager
def lake(folder: Path, *, runs_jobs: bool) -> Iterator[Lake]:
    with ExitStack() as stack:
        emulator = stack.enter_context(Emulator())
        load_demo(emulator, CALLS)
        s3_url = stack.enter_context(aws_server())
        cloud = stack.enter_context(google_cloud(runs_jobs=runs_jobs))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name in [name for name in os.environ if name.startswith(("AWS_", "GOOGLE_", "CLOUDSDK_"))]:
            patch.delenv(name)
        patch.setenv("AWS_ACCESS_KEY_ID", SECRETS[0])
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRETS[1])
        environment = dict(os.environ) | {"PYTHONPATH": str(ROOT), "STORAGE_EMULATOR_HOST": cloud.url}
        environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(service_account(folder, cloud.url))
        s3 = boto3.client("s3", endpoint_url=s3_url, region_name="us-east-1")
        s3.create_bucket(Bucket="lake")
        words = ["--streams", "*", "--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z"]
        words += ["--kvs-endpoint-url", emulator.endpoint_url, "--aws-region", "us-east-1"]
        words += ["--s3-endpoint-url", s3_url]
        yield Lake(cloud, words, environment, s3, "lake")


@dataclass(frozen=True)
class Detached:
    """A launch that nobody waited for."""

    launched: Launched
    lake: Lake


@pytest.fixture(scope="module")
def detached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Detached]:
    with lake(tmp_path_factory.mktemp("detached"), runs_jobs=False) as made:
        yield Detached(made.on_dataflow("alone", "--no_wait_until_finish"), made)


def test_a_launch_that_detaches_says_how_to_find_the_job(detached: Detached) -> None:
    launched = detached.launched
    assert launched.code == 0, launched.err
    page = f"https://console.cloud.google.com/dataflow/jobs/europe-west4/{JOB}?project=calls"
    first, second = launched.out.splitlines()
    assert first.endswith(f": Dataflow job {JOB}, {page}")
    assert first.startswith("job 20260302T000000Z-")
    job_id = first.split()[1].rstrip(":")
    assert second == f"  it has published once s3://lake/alone/_jobs/{job_id}/manifest.json is there"
    assert detached.lake.cloud.job["name"] == f"callbeam-{job_id.lower()}"


def test_the_job_is_told_its_image_and_threads_and_no_secret(detached: Detached) -> None:
    cloud = detached.lake.cloud
    (pool,) = cloud.job["environment"]["workerPools"]
    assert [one["containerImage"] for one in pool["sdkHarnessContainerImages"]] == [IMAGE]
    assert pool["numThreadsPerWorker"] == 2
    assert cloud.job["type"] == 1  # JOB_TYPE_BATCH
    assert "use_runner_v2" in cloud.job["environment"]["experiments"]
    everything = [str(cloud.job).encode(), *cloud.objects.values()]
    assert len(everything) >= 2
    assert not [secret for secret in SECRETS if any(secret.encode() in one for one in everything)]


def test_nothing_stands_between_reading_and_analysing(detached: Detached) -> None:
    from apache_beam.portability.api import beam_runner_api_pb2

    components = detached.lake.cloud.graph().components
    leaves = {one.unique_name: one for one in components.transforms.values() if not one.subtransforms}
    steps = ("PlanReads", "ReadFragments", "DecodeTracks", "AnalyseChannels", "WindowFeatures", "AssembleCalls")
    for step in (*steps, "WriteTables", "PublishTables"):
        assert any(name.startswith(step) for name in leaves), step
    way = ["ReadFragments/ReadLane/ReadLane", "DecodeTracks/DecodePiece/DecodePiece",
           "AnalyseChannels/AnalysePiece/AnalysePiece"]  # fmt: skip
    found = [next(one for name, one in leaves.items() if name.startswith(step.rpartition("/")[0])) for step in way]
    payloads = [beam_runner_api_pb2.ParDoPayload.FromString(one.spec.payload) for one in found]
    for one, payload in zip(found, payloads, strict=True):
        assert one.spec.urn == "beam:transform:pardo:v1"
        assert not [*payload.side_inputs, *payload.state_specs, *payload.timer_family_specs]
    assert len({one.environment_id for one in found}) == 1
    for one, following in pairwise(found):
        assert set(following.inputs.values()) <= set(one.outputs.values())  # directly, through no other step


def test_the_source_tells_its_bytes(detached: Detached) -> None:
    from apache_beam.internal import pickler
    from apache_beam.portability.api import beam_runner_api_pb2
    from apache_beam.runners.common import DoFnSignature

    from callbeam.kvs import Lane

    components = detached.lake.cloud.graph().components
    payloads = [
        beam_runner_api_pb2.ParDoPayload.FromString(one.spec.payload)
        for one in components.transforms.values()
        if one.spec.urn == "beam:transform:pardo:v1"
    ]
    (reading,) = [one for one in payloads if one.restriction_coder_id]
    function = pickler.loads(reading.do_fn.payload)[0]
    provider = DoFnSignature(function).get_restriction_provider()
    assert components.coders[reading.restriction_coder_id].spec.urn
    lane = Lane.__new__(Lane)
    from callbeam.transforms.read_fragments import UnitRange

    assert provider.restriction_size(lane, UnitRange(0, 2, (300, 400))) == 700
    assert provider.create_tracker(UnitRange(0, 2, (300, 400))).current_progress().remaining_work == 700


def test_the_graph_alone_publishes(detached: Detached) -> None:
    made = detached.lake
    assert made.manifests("alone") == []
    made.cloud.run()
    assert len(made.manifests("alone")) == 1
    local = made.backfill("local")
    assert local.code == 0, local.err
    assert f"{CALLS} calls" in local.out
    assert len(made.published("local")) >= 10
    assert made.published("alone") == made.published("local")


def test_a_template_is_one_job_and_is_not_submitted(detached: Detached) -> None:
    made, place = detached.lake, "gs://lake-staging/templates/day.json"
    made.cloud.job = {}
    launched = made.on_dataflow("template", f"--template_location={place}")
    assert launched.code == 0, launched.err
    assert f"a template at {place}: the job that is launched from it publishes by itself" in launched.out
    assert b'"workerPools"' in made.cloud.objects[place]
    assert made.cloud.job == {}
    month = made.on_dataflow("template", f"--template_location={place}", "--end", "2026-03-05T00:00:00Z")
    assert month.code == 2
    assert "a template is one job" in month.err


def test_what_happens_to_transcripts_is_told_before_anything_is_submitted(detached: Detached, tmp_path: Path) -> None:
    made = detached.lake
    (tmp_path / "labels.csv").write_text("call_id,name,value\n")
    said = ["--transcripts", str(tmp_path), "--text-policy", "raw"]
    for prefix, how in (
        ("made", "--template_location=gs://lake-staging/templates/said.json"),
        ("left", "--no_wait_until_finish"),
    ):
        launched = made.on_dataflow(prefix, how, *said)
        assert launched.code == 0, launched.err
        first, second, *_ = launched.out.splitlines()
        assert first.startswith(f"--transcripts {tmp_path} is not read by this command")
        assert first.endswith(f": callbeam enrich s3://lake/{prefix} --source {tmp_path} --text-policy raw")
        assert second.startswith("job 20260302T000000Z-")
        assert str(tmp_path) not in "".join(launched.out.splitlines()[1:])
    late = made.on_dataflow("late", "--no_wait_until_finish", "--transcripts", str(tmp_path / "nowhere"))
    assert late.code == 2
    assert "--transcripts" in late.err


@pytest.fixture
def working(tmp_path: Path) -> Iterator[Lake]:
    with lake(tmp_path, runs_jobs=True) as made:
        yield made


def test_whoever_waits_sees_how_far_the_job_is(working: Lake) -> None:
    working.cloud.metrics_first = True
    launched = working.on_dataflow("waited")
    assert launched.code == 0, launched.err
    assert f"Dataflow job {JOB}, https://" in launched.err
    assert "7 legs, 1.50 h" in launched.err
    assert "25% read" in launched.err
    assert f"{CALLS} calls" in launched.out
    assert "0.00 h in" not in launched.out


def test_a_job_that_fails_names_its_cause(working: Lake) -> None:
    working.cloud.failure = (
        'Error processing instruction. Original traceback is\nTraceback (most recent call last):\n  File "a.py"\n'
        "callbeam.storage.interface.StorageError: s3://lake is read-only [while running 'WriteTables/Write-ptransform']"
        "\n\npassed through:\n==>\n    dist_proc/dax/workflow/worker/fnapi_service.cc:979"
    )
    launched = working.on_dataflow("failed")
    assert launched.code == 1
    assert launched.err.splitlines()[-1].endswith("failed: s3://lake is read-only"), launched.err
    assert working.manifests("failed") == []


def test_whoever_stops_waiting_is_told_that_the_job_goes_on(working: Lake) -> None:
    working.cloud.metrics_first = True  # nobody waits so long
    command = working.command("left", *working.dataflow())
    with subprocess.Popen(command, cwd=ROOT, env=working.environment, stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stderr is not None
        assert any(f"Dataflow job {JOB}" in line for line in waiting.stderr)
        waiting.send_signal(signal.SIGINT)
        told = waiting.stderr.read()
    assert waiting.returncode == 1
    assert f"interrupted. The job goes on, and publishes by itself: Dataflow job {JOB}, https://" in told


def test_whoever_stops_before_the_service_has_answered_is_told_where_to_look(working: Lake) -> None:
    working.cloud.metrics_first, working.cloud.answers = True, False
    command = working.command("unanswered", *working.dataflow(), "--job_name=calls-of-may")
    with subprocess.Popen(command, cwd=ROOT, env=working.environment, stderr=subprocess.PIPE, text=True) as submitting:
        assert submitting.stderr is not None
        assert working.cloud.submitted.wait(PATIENCE_S)
        submitting.send_signal(signal.SIGINT)
        told = submitting.stderr.read()
    assert submitting.returncode == 1
    assert "interrupted. If the job was submitted it goes on, and publishes by itself: https://" in told
    assert told.endswith("/dataflow/jobs?project=calls has it as calls-of-may\n")


def test_google_takes_the_templates_metadata() -> None:
    from google.cloud.dataflow_v1beta3.types import TemplateMetadata

    text = (ROOT / "deploy/dataflow/metadata.json").read_text()
    metadata = TemplateMetadata.from_json(text)
    assert [one.name for one in metadata.parameters if not one.is_optional] == ["output", "sdk_container_image"]
