"""What other runners know: their options, and what a cluster tells of a job."""

from __future__ import annotations

import base64
import json

import apache_beam as beam
import grpc
import pytest
from apache_beam.options.pipeline_options import PortableOptions
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

from callbeam.errors import UsageError
from callbeam.pipelines import backfill
from callbeam.pipelines.command_line import parse
from callbeam.pipelines.engines import ClusterJob, check_cluster
from callbeam.pipelines.engines.flink_figures import FlinkFigures, counters_in
from callbeam.pipelines.engines.flink_notices import java_cause, waits_for
from callbeam.pipelines.exits import root_cause
from callbeam.pipelines.local_run import ProgressLine, run_pipeline
from callbeam.pipelines.options import beam_parser, check_beam_words

FLINK = ["--runner=FlinkRunner", "--flink_master=localhost:8081"]


@pytest.mark.parametrize(
    "words",
    [["--object_reuse"], ["--object_reuse=false"], ["--number_of_execution_retries=3"],
     ["--execution_retry_delay", "9"], ["--execution_mode_for_batch=BATCH_FORCED"], ["--checkpointing_interval=3000"],
     ["--max_bundle_size=1"], ["--savepoint_path=s3://a/b"], ["--jdk_add_open_modules=a", "--jdk_add_open_modules=b"]],
)  # fmt: skip
def test_options_of_the_job_server_pass(words: list[str]) -> None:
    check_beam_words(beam_parser(), [*FLINK, *words])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [(["--runner=FlinkRunner", "--object_reuse=maybe"], "neither true nor false"),
     (["--runner=FlinkRunner", "--max_bundle_size=many"], "max_bundle_size"),
     (["--object_reuse"], "--object_reuse is an option of Flink's job server: it goes with --runner=FlinkRunner"),
     (["--runner=PrismRunner", "--savepoint_path=x"], "it goes with --runner=FlinkRunner")],
)  # fmt: skip
def test_bad_ones_do_not(words: list[str], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        check_beam_words(beam_parser(), words)


def test_a_misspelt_one_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"--objekt_reuse; did you mean --object_reuse\?"):
        parse(beam_parser(), ["--objekt_reuse"], others=beam_parser().known_options)


def region(words: list[str]) -> tuple[str | None, list[str]]:
    """Return our region, and what Beam gets."""
    from callbeam.pipelines.command_line import StrictParser
    from callbeam.pipelines.engines import is_dataflow

    parser = StrictParser()
    backfill.add_arguments(parser, region_is_taken=is_dataflow(words))
    options, rest = parse(parser, ["--output", "o", *words], others=beam_parser().known_options)
    return options.region, rest


def test_a_region_is_of_aws_unless_dataflow_runs_the_job() -> None:
    assert region(["--region", "eu-west-1"]) == ("eu-west-1", [])
    assert region(["--aws-region=eu-west-1", *FLINK]) == ("eu-west-1", FLINK)
    words = ["--runner=DataflowRunner", "--region=europe-west4", "--aws-region=eu-west-1"]
    assert region(words) == ("eu-west-1", words[:2])


def accumulators(*counters: tuple[str, str, int]) -> dict:
    """Make an answer as Flink gives it of Beam's counters: namespace, name and value of each."""
    attempted = [
        {"urn": "beam:metric:user:sum_int64:v1", "type": "beam:metrics:sum_int64:v1",
         "payload": base64.b64encode(bytes([value])).decode(),
         "labels": {"NAMESPACE": namespace, "NAME": name, "PTRANSFORM": f"step-{at}"}}
        for at, (namespace, name, value) in enumerate(counters)
    ]  # fmt: skip
    attempted.append({"urn": "beam:metric:ptransform_execution_time:total_msecs:v1", "labels": {"PTRANSFORM": "step"}})
    value = json.dumps({"metrics": {"attempted": attempted}})
    return {
        "user-task-accumulators": [{"name": "other", "value": "7"}, {"name": "__metricscontainers", "value": value}]
    }


def test_counters_add_up_over_steps() -> None:
    answer = accumulators(
        ("callbeam", "legs", 3), ("callbeam", "legs", 4), ("callbeam", "audio_ms", 100), ("x", "legs", 9)
    )
    assert counters_in(answer, "callbeam") == {"legs": 7, "audio_ms": 100}
    assert counters_in({"user-task-accumulators": []}, "callbeam") == {}


def test_a_cluster_that_is_not_there_tells_nothing() -> None:
    assert FlinkFigures(ClusterJob("http://127.0.0.1:1", "callbeam-x"), "callbeam")() is None


def test_a_call_of_the_job_server_that_fails_names_its_cause() -> None:
    request = beam_job_api_pb2.DescribePipelineOptionsRequest()
    with grpc.insecure_channel("127.0.0.1:1") as channel, pytest.raises(grpc.RpcError) as failed:
        beam_job_api_pb2_grpc.JobServiceStub(channel).DescribePipelineOptions(request, timeout=20)
    told = root_cause(failed.value)
    assert told.startswith("the runner's job server answered UNAVAILABLE: ")
    assert "refused" in told


def test_a_cluster_that_is_not_there_is_refused_before_any_work() -> None:
    words = ["--runner=FlinkRunner", "--flink_master=127.0.0.1:1"]
    with pytest.raises(UsageError, match=r"--flink_master 127.0.0.1:1: no Flink cluster answers there \(.*refused"):
        check_cluster(check_beam_words(beam_parser(), words))
    for others in (["--runner=PrismRunner", words[1]], [words[0], "--flink_master=[local]"], []):
        check_cluster(check_beam_words(beam_parser(), others))


@pytest.mark.parametrize(
    ("trace", "cause"),
    [(("a.Outer$Exception: x.UncheckedException: y.IllegalStateException: died\n\tat a.b\n"
      "Caused by: y.IllegalStateException: died\n\tat c.d"), "died"),
     (("io.grpc.StatusRuntimeException: UNAVAILABLE: io exception\n\tat a.b\n"
      "Caused by: x.AbstractChannel$AnnotatedConnectException: Connection refused: localhost/127.0.0.1:50000\n"
      "Caused by: java.net.ConnectException: Connection refused\n\tat c.d"),
      "Connection refused: localhost/127.0.0.1:50000"),
     ("java.lang.NullPointerException\n\tat a.b", "java.lang.NullPointerException"),
     ("lost\nfor good", "lost"),
     ("", "no cause is given")],
)  # fmt: skip
def test_a_fault_is_told_by_its_deepest_cause(trace: str, cause: str) -> None:
    assert java_cause(trace) == cause


@pytest.mark.parametrize(
    ("state", "tasks", "worked", "waiting"),
    [("RUNNING", {"SCHEDULED": 4}, False, "Flink has no slot for 4 tasks"),
     ("RUNNING", {"SCHEDULED": 2, "RUNNING": 2}, False, "no Python worker has told anything yet"),
     ("RUNNING", {"RUNNING": 4}, True, None),
     ("RESTARTING", {"CANCELED": 4}, True, "Flink is about to start the job anew")],
)  # fmt: skip
def test_what_a_job_waits_for(state: str, tasks: dict[str, int], worked: bool, waiting: str | None) -> None:
    told = waits_for({"state": state, "vertices": [{"tasks": tasks}]}, "--environment_type=PROCESS", worked=worked)
    assert told == waiting if waiting is None else str(told).startswith(waiting)


def test_a_job_may_take_longer_than_beam_waits_by_itself() -> None:
    waits: list[int] = []

    def build(pipeline: beam.Pipeline) -> None:
        waits.append(pipeline.options.view_as(PortableOptions).job_server_timeout)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        run_pipeline(build, ["--runner=PrismRunner"], job_name="job", progress=ProgressLine("a day", "Prism"))
    assert waits[0] > 86_400
