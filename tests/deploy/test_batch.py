"""AWS Batch: the definition by AWS's own model of it, and the array's script, run for real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from builders.demo import load_demo
from builders.dockerfile import read_dockerfile

from callbeam.emulator import Emulator
from callbeam.pipelines import backfill
from callbeam.pipelines.command_line import StrictParser
from callbeam.pipelines.engines import memory_need
from callbeam.pipelines.options import beam_parser, check_beam_words

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/batch"
DEFINITION = json.loads((FOLDER / "job-definition.json").read_text())
CONTAINER = DEFINITION["containerProperties"]


def unknown(value: Any, shape: Any, path: str = "") -> list[str]:
    """Return members that AWS's model does not have: its validator passes them."""
    if shape.type_name == "structure":
        known = {name: shape.members.get(name) for name in value}
        return [
            found
            for name, member in known.items()
            for found in ([f"{path}/{name}"] if member is None else unknown(value[name], member, f"{path}/{name}"))
        ]
    return [found for one in value for found in unknown(one, shape.member, path)] if shape.type_name == "list" else []


def test_the_definition_is_one_that_aws_takes() -> None:
    model = botocore.session.get_session().get_service_model("batch").operation_model("RegisterJobDefinition")
    assert ParamValidator().validate(DEFINITION, model.input_shape).generate_report() == ""
    assert unknown(DEFINITION, model.input_shape) == []


def test_workers_are_as_many_as_cores_and_fit_into_the_memory() -> None:
    sizes = {one["type"]: int(one["value"]) for one in CONTAINER["resourceRequirements"]}
    command = CONTAINER["command"]
    workers = int(command[command.index("--workers") + 1])
    assert workers == sizes["VCPU"]
    need = memory_need(check_beam_words(beam_parser(), []), on_dataflow=False, local_workers=workers)
    assert need.megabytes() < sizes["MEMORY"]


def test_the_command_is_one_of_the_image_with_options_that_exist() -> None:
    script, *words = CONTAINER["command"]
    copied = [step.rest.split()[-1] for step in read_dockerfile(ROOT / "deploy/Dockerfile")[-1].of("COPY")]
    assert f"/usr/local/bin/{script}" in copied
    parameters = [word.removeprefix("Ref::") for word in words if word.startswith("Ref::")]
    assert set(parameters) == set(DEFINITION["parameters"])
    parser = StrictParser()
    backfill.add_arguments(parser)
    assert {word for word in words if word.startswith("--")} <= set(parser.known_options)


def test_only_what_a_retry_may_mend_is_retried() -> None:
    strategy = DEFINITION["retryStrategy"]
    assert strategy["attempts"] == 3
    assert [(one["onExitCode"], one["action"]) for one in strategy["evaluateOnExit"]] == [("2", "EXIT"), ("3", "EXIT")]


@pytest.fixture(scope="module")
def kvs() -> Iterator[Emulator]:
    with Emulator() as emulator:
        load_demo(emulator, 2)
        yield emulator


def run_day(index: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"AWS_ACCESS_KEY_ID": "example", "AWS_SECRET_ACCESS_KEY": "example"}
    environment |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_BATCH_JOB_ARRAY_INDEX": index}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    environment["PYTHONPATH"] = str(ROOT)
    command = [str(FOLDER / "day.sh"), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=200)


@pytest.mark.timeout(600)
def test_each_job_of_an_array_runs_its_day(kvs: Emulator, tmp_path: Path) -> None:
    # The demo's calls are of 2026-03-02: the second day of this array.
    words = ["2026-03-01", "--streams", "*", "--output", str(tmp_path / "out"), "--kvs-endpoint-url", kvs.endpoint_url]
    runs = [run_day(index, *words) for index in "01"]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr + runs[1].stderr
    assert "no fragments in this range" in runs[0].stdout
    assert ": 2 calls, " in runs[1].stdout
    jobs = sorted(path.parent.name[:16] for path in (tmp_path / "out").glob("_jobs/*/manifest.json"))
    assert jobs == ["20260301T000000Z", "20260302T000000Z"]


@pytest.mark.parametrize(
    ("index", "words", "message"),
    [
        ("0", ["March", "--streams", "*"], "March is no day such as 2026-03-01"),
        ("4", ["2026-03-32", "--streams", "*"], "2026-03-32 is no day such as 2026-03-01"),
        ("4", [], "the first day is missing, such as 2026-03-01"),
        ("x", ["2026-03-01", "--streams", "*"], "AWS_BATCH_JOB_ARRAY_INDEX is x, no index of an array job"),
        ("08", ["2026-03-01", "--streams", "*"], "AWS_BATCH_JOB_ARRAY_INDEX is 08, no index of an array job"),
    ],
)
def test_what_is_no_day_is_not_worth_a_retry(index: str, words: list[str], message: str) -> None:
    run = run_day(index, *words)
    assert (run.returncode, run.stderr) == (2, f"day.sh: error: {message}\n")
