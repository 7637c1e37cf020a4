"""A job whose job server is gone is followed on the cluster, and given up where that does not have it or is away."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

from callbeam.pipelines.engines import ClusterJob, flink_submission, run_on_flink

NAME = "callbeam-day"


class _Overview(BaseHTTPRequestHandler):
    """A cluster's REST interface: it tells of its jobs one answer after the other, and stays with the last."""

    def do_GET(self) -> None:
        answers: list[list[str] | None] = self.server.states
        states = answers.pop(0) if len(answers) > 1 else answers[0]
        jobs = [{"jid": "7", "name": NAME, "state": state, "start-time": 1} for state in states or ()]
        self.send_response(200 if states is not None else 503)
        self.end_headers()
        self.wfile.write(json.dumps({"jobs": jobs}).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def follow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Run a job whose job server is lost, on a cluster that tells of the job's state what it is given."""
    monkeypatch.setattr(flink_submission, "ASKED_EVERY_S", 0.01)
    monkeypatch.setattr(flink_submission, "PATIENCE_S", 0.3)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Overview) as server:
        threading.Thread(target=server.serve_forever).start()

        def run(*states: list[str] | None) -> None:
            server.states = [[], *states]
            job = ClusterJob(f"http://127.0.0.1:{server.server_port}", NAME)
            run_on_flink(SimpleNamespace(run=lambda: SimpleNamespace(wait_until_finish=_lost)), job)

        yield run
        server.shutdown()


def _lost() -> None:
    """Fail as a call of a job server that is gone does."""
    with grpc.insecure_channel("127.0.0.1:1") as channel:
        stub = beam_job_api_pb2_grpc.JobServiceStub(channel)
        stub.DescribePipelineOptions(beam_job_api_pb2.DescribePipelineOptionsRequest(), timeout=20)


@pytest.mark.parametrize("before", [[], [["RUNNING"]] * 3], ids=["never", "any more"])
@pytest.mark.timeout(30)
def test_a_job_that_the_cluster_does_not_have_is_given_up(follow: Callable[..., None], before: list[list[str]]) -> None:
    with pytest.raises(RuntimeError, match=r"^the cluster at http://\S+ does not have the job .*run .* again"):
        follow(*before, [])


def test_a_job_that_comes_late_is_followed_to_its_end(follow: Callable[..., None]) -> None:
    follow([], [], None, ["CREATED"], ["RUNNING"], None, [], ["RUNNING"], ["FINISHED"])


@pytest.mark.parametrize("states", [[[]], [None], [["RUNNING"], ["FINISHED"]], [[], ["RUNNING"], ["FINISHED"]]])
def test_a_job_is_said_to_go_on_once_the_cluster_says_so(
    follow: Callable[..., None], capsys: pytest.CaptureFixture[str], states: list[list[str] | None]
) -> None:
    with suppress(RuntimeError):
        follow(*states)
    lost, *more = capsys.readouterr().err.splitlines()
    assert lost.endswith("; the cluster is asked what becomes of the job")
    assert "goes on" not in lost
    told = [line for line in more if line.startswith("callbeam: the job goes on: the cluster at http://127.0.0.1:")]
    assert told == more
    assert len(told) == (["RUNNING"] in states)


def test_a_cluster_that_is_away_for_long_is_given_up(follow: Callable[..., None]) -> None:
    with pytest.raises(RuntimeError, match=r"^the cluster at http://\S+ did not answer for .* the job may go on there"):
        follow(["RUNNING"], None)


def test_a_job_that_fails_is_told(follow: Callable[..., None]) -> None:
    with pytest.raises(RuntimeError, match=r"^Flink's job 7 ended as FAILED: no cause is given"):
        follow(["RUNNING"], ["FAILED"])
