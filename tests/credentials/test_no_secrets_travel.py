"""No key, secret or token is in what is submitted to a runner, in whatever way the submitter has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import apache_beam as beam
import cloudpickle
import pytest
from builders.credential_services import EXTERNAL_ID, LOGIN_TOKEN, POD_TOKEN, SECRET, TOKEN

from callbeam.calls import PlannedJob
from callbeam.emulator import Emulator
from callbeam.kvs import KvsClient, plan_jobs
from callbeam.pipelines import backfill
from callbeam.pipelines.command_line import StrictParser
from callbeam.pipelines.engines import memory_need
from callbeam.pipelines.job_pipeline import build
from callbeam.pipelines.options import beam_parser
from callbeam.storage import check_writable, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

START_MS, END_MS = 1_772_409_600_000, 1_772_496_000_000
HIDDEN = (SECRET, TOKEN, POD_TOKEN, LOGIN_TOKEN, "ASIA", "the-clusters-word")
PARTNER = "arn:aws:iam::210987654321:role/partner"


@pytest.fixture(scope="module")
def kvs() -> Iterator[Emulator]:
    with Emulator() as emulator:
        emulator.add_stream("calls-1")
        yield emulator


class Pickled(beam.pipeline.PipelineVisitor):
    """Everything that a pipeline would send, as plain pickles: Beam's own are compressed."""

    def __init__(self) -> None:
        self.content = b""

    def enter_composite_transform(self, node: Any) -> None:
        self.visit_transform(node)

    def visit_transform(self, node: Any) -> None:
        parts = (node.transform, getattr(node.transform, "fn", None), getattr(node.transform, "args", None))
        for part in parts:
            if part is not None and not isinstance(part, beam.PTransform):
                self.content += cloudpickle.dumps(part)
        if node.transform is not None:
            self.content += repr(vars(node.transform)).encode()


def test_nothing_of_them_is_in_the_job(access_key: str, kvs: Emulator, bucket: str, s3_endpoint: str) -> None:
    words = ["--streams", "*", "--start", "2026-03-02T00:00:00Z", "--end", "2026-03-03T00:00:00Z", "--frames"]
    words += ["--kvs-endpoint-url", kvs.endpoint_url, "--region", "us-east-1", "--output", f"s3://{bucket}/calls"]
    words += ["--s3-endpoint-url", s3_endpoint, "--audio-policy", "raw", "--recordings", f"s3://{bucket}/recordings"]
    for service in ("kvs", "s3"):
        words += [f"--{service}-role-arn", PARTNER, f"--{service}-role-external-id", EXTERNAL_ID]
    parser = StrictParser()
    backfill.add_arguments(parser)
    memory = memory_need(beam_parser().parse_args([]), on_dataflow=False, local_workers=1)
    config = backfill._config(parser.parse_args(words), memory)
    # Credentials have been found and used by the time that a job is submitted.
    check_writable(open_store(config.storage))
    (job,) = plan_jobs(KvsClient(config.kvs), ["*"], START_MS, END_MS, END_MS + 10**9)
    pipeline = beam.Pipeline()
    build(pipeline, PlannedJob(job, ()), [], config)
    pickled = Pickled()
    pipeline.visit(pickled)
    sent = pickled.content + pipeline.to_runner_api().SerializeToString()
    sent += str(pipeline.options.get_all_options()).encode()
    for there in (kvs.endpoint_url, s3_endpoint, bucket, PARTNER, EXTERNAL_ID, job.job_id):
        assert there.encode() in pickled.content, there
    for hidden in HIDDEN:
        assert hidden.encode() not in sent, hidden
