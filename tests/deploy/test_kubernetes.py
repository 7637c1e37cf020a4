"""The files for Kubernetes: by its schemas and those of the Flink operator, and true to the image and the command."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from builders.dockerfile import read_dockerfile
from builders.engines import HOME

from callbeam.pipelines import backfill
from callbeam.pipelines.command_line import StrictParser, parse
from callbeam.pipelines.engines import memory_need
from callbeam.pipelines.exits import EXIT_LOSS, EXIT_USAGE
from callbeam.pipelines.options import beam_parser, check_beam_words

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
KUBERNETES = ("1.31", "1.33")
"""Versions whose schemas are asked."""

POOL_PORT = 50_000


def documents() -> list[dict[str, Any]]:
    files = sorted((ROOT / "deploy/kubernetes").glob("*.yaml"))
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


def only(kind: str) -> dict[str, Any]:
    (found,) = [document for document in documents() if document["kind"] == kind]
    return copy.deepcopy(found)


def pods() -> dict[str, dict[str, Any]]:
    """Return what pods are made of: the task manager's by the operator, and the job's."""
    return {
        "task manager": only("FlinkDeployment")["spec"]["taskManager"]["podTemplate"],
        "job": only("Job")["spec"]["template"],
    }


def container(pod: str, name: str) -> dict[str, Any]:
    (found,) = [one for one in pods()[pod]["spec"]["containers"] if one["name"] == name]
    return found


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_takes_them(version: str) -> None:
    validate = pytest.importorskip("kubernetes_validate").validate
    resources = [document for document in documents() if document["kind"] != "FlinkDeployment"]
    resources.append(pods()["task manager"])
    assert [one["kind"] for one in resources] == ["Job", "ServiceAccount", "Role", "RoleBinding", "Pod"]
    for resource in resources:
        validate(resource, version, strict=True)  # strict: nor does it have what no schema knows


def takes(deployment: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    home, node = HOME / "flink-schema-1.0.1", shutil.which("node")
    if node is None or not (home / "node_modules").is_dir():
        pytest.skip("the schema of FlinkDeployment is absent: tests/deploy/get_flink_schema.sh gets it, with npm")
    script = Path(__file__).with_name("flink_deployment.mjs")
    return subprocess.run(
        [node, str(script), str(home)], input=json.dumps(deployment), capture_output=True, text=True, check=False
    )


def test_the_operator_takes_the_cluster() -> None:
    run = takes(only("FlinkDeployment"))
    assert (run.returncode, run.stdout) == (0, "valid\n"), run.stderr
    wrong = only("FlinkDeployment")
    wrong["spec"]["flinkVersion"] = "v9_9"
    refused = takes(wrong)
    assert refused.returncode == 1
    assert "flinkVersion" in refused.stderr


def fields(value: Any) -> Iterator[str]:
    """Yield the names of fields; those of a configuration are not the schema's."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            if name != "flinkConfiguration":
                yield from fields(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner)


def test_the_operator_knows_every_field_of_the_cluster() -> None:
    takes(only("FlinkDeployment"))  # skips where the schema is absent
    folder = HOME / "flink-schema-1.0.1/node_modules/@kubernetes-models/flink/flink.apache.org/v1beta1"
    known = set(re.findall(r'"(\w+)"\??:', (folder / "FlinkDeployment.d.ts").read_text()))
    assert set(fields(only("FlinkDeployment")["spec"])) - known == set()


def test_the_worker_is_the_image_with_a_command_that_it_has() -> None:
    worker, job = container("task manager", "callbeam-worker"), container("job", "backfill")
    assert worker["image"] == job["image"]
    scripts = re.findall(r'"(callbeam[\w-]*) = ', (ROOT / "setup.py").read_text())
    assert worker["args"][0] in scripts
    assert job["args"][0] in scripts
    assert "command" not in worker  # the image's entry point hands commands on
    assert "command" not in job
    (user,) = read_dockerfile(ROOT / "deploy/Dockerfile")[-1].of("USER")
    assert user.rest.isdigit()  # by a name Kubernetes could not tell that it is not root
    assert worker["securityContext"]["runAsNonRoot"]
    assert job["securityContext"]["runAsNonRoot"]


def test_the_backfill_finds_the_cluster_and_its_workers() -> None:
    command, verb, *words = container("job", "backfill")["args"]
    assert (command, verb) == ("callbeam", "backfill")
    parser = StrictParser()
    backfill.add_arguments(parser)
    beam = beam_parser()
    options, rest = parse(parser, words, others=beam.known_options)
    engine = check_beam_words(beam, rest)
    assert options.output.startswith("s3://")
    cluster = only("FlinkDeployment")
    assert engine.flink_master == f"{cluster['metadata']['name']}-rest:8081"  # the service that Flink makes
    assert cluster["spec"]["flinkVersion"] == f"v{engine.flink_version.replace('.', '_')}"
    assert cluster["spec"]["image"].startswith(f"flink:{engine.flink_version}.")
    assert (engine.environment_type, engine.environment_config) == ("EXTERNAL", f"localhost:{POOL_PORT}")
    probe = container("task manager", "callbeam-worker")["readinessProbe"]["exec"]["command"]
    assert str(POOL_PORT) in probe[-1]
    configuration = cluster["spec"]["flinkConfiguration"]
    assert configuration["taskmanager.numberOfTaskSlots"] == "1"
    assert engine.parallelism <= int(configuration["slotmanager.number-of-slots.max"])


def test_pieces_fit_into_the_workers_memory() -> None:
    limit = container("task manager", "callbeam-worker")["resources"]["limits"]["memory"]
    assert limit == "2Gi"
    need = memory_need(check_beam_words(beam_parser(), ["--runner=FlinkRunner"]), on_dataflow=False, local_workers=None)
    assert need.megabytes() < 2147


def test_everybody_is_the_account_that_aws_knows() -> None:
    account = only("ServiceAccount")
    assert re.fullmatch(
        r"arn:aws:iam::\d{12}:role/[\w-]+", account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    )
    name = account["metadata"]["name"]
    assert only("FlinkDeployment")["spec"]["serviceAccount"] == name
    assert only("Job")["spec"]["template"]["spec"]["serviceAccountName"] == name
    assert [one["name"] for one in only("RoleBinding")["subjects"]] == [name]
    assert only("RoleBinding")["roleRef"]["name"] == only("Role")["metadata"]["name"]


def test_only_what_a_retry_may_mend_is_retried() -> None:
    (rule,) = only("Job")["spec"]["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob"
    assert rule["onExitCodes"] == {"containerName": "backfill", "operator": "In", "values": [EXIT_USAGE, EXIT_LOSS]}


def test_no_key_is_in_any_file() -> None:
    text = "".join(path.read_text() for path in (ROOT / "deploy").rglob("*") if path.is_file())
    assert not re.search(r"AKIA[0-9A-Z]{16}|AWS_SECRET_ACCESS_KEY|aws_secret_access_key\s*=", text)
