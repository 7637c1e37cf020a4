"""The list of the job server's options is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc
from builders.engines import engine, free_port, java, running

from callbeam.pipelines.engines import DESCRIBED_ELSEWHERE
from callbeam.pipelines.options import beam_parser

if TYPE_CHECKING:
    from pathlib import Path

READY_S = 60


@pytest.mark.xdist_group("engines")
def test_every_option_that_it_describes_is_known(tmp_path: Path) -> None:
    port = free_port()
    command = [java(), "-Xmx256m", "-jar", str(engine("job-server-1.19-2.62.0/job-server.jar"))]
    command += ["--job-host", "127.0.0.1", "--job-port", str(port), "--artifact-port", "0", "--expansion-port", "0"]
    with (
        (tmp_path / "log").open("wb") as log,
        running(command, log, log),
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        grpc.channel_ready_future(channel).result(timeout=READY_S)
        request = beam_job_api_pb2.DescribePipelineOptionsRequest()
        described = beam_job_api_pb2_grpc.JobServiceStub(channel).DescribePipelineOptions(request).options
    known = set(beam_parser().known_options)
    wanted = {f"--{one.name}" for one in described if one.group.rpartition(".")[2] not in DESCRIBED_ELSEWHERE}
    assert len(wanted) > 60
    assert wanted <= known, sorted(wanted - known)
