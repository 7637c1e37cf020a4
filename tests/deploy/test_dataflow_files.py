"""What Dataflow is given beside the job: AWS credentials by Google's identity, and a Flex Template."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
import threading
from configparser import ConfigParser
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from builders.dockerfile import read_dockerfile
from builders.stores import aws_server

from callbeam.pipelines import backfill
from callbeam.pipelines.command_line import StrictParser, parse
from callbeam.pipelines.engines import check_dataflow
from callbeam.pipelines.options import beam_parser, check_beam_words

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "deploy/dataflow"
SCRIPT = FOLDER / "aws_credentials.py"
TOKEN = "header.claims.signature"


class Metadata(BaseHTTPRequestHandler):
    """A machine's metadata server, as Google documents it; it fails as often as it is told."""

    asked: list[tuple[str | None, dict[str, list[str]]]]
    failures: list[int]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.asked.append((self.headers.get("Metadata-Flavor"), parse_qs(parts.query)))
        code = self.failures.pop() if self.failures else 200
        known = parts.path == "/computeMetadata/v1/instance/service-accounts/default/identity"
        self.send_response(code if known else 404)
        self.end_headers()
        self.wfile.write(TOKEN.encode() if code == 200 else b"try later")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def metadata_server() -> Iterator[type[Metadata]]:
    handler = type("Handler", (Metadata,), {"asked": [], "failures": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.host = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield handler
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def metadata() -> Iterator[Any]:
    with metadata_server() as handler:
        yield handler


@pytest.fixture(scope="module")
def sts() -> Iterator[str]:
    with aws_server() as url:
        yield url


def credentials(metadata: str, sts: str) -> subprocess.CompletedProcess[str]:
    words = ["--role-arn", "arn:aws:iam::123456789012:role/callbeam", "--audience", "callbeam", "--region", "us-east-1"]
    environment = {"PATH": os.environ["PATH"], "GCE_METADATA_HOST": metadata, "AWS_ENDPOINT_URL_STS": sts}
    command = [sys.executable, "-I", str(SCRIPT), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=90)


def test_an_identity_is_exchanged_for_credentials(metadata: Any, sts: str) -> None:
    run = credentials(metadata.host, sts)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert set(found) == {"Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert found["Version"] == 1
    assert all(found.values())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", found["Expiration"])
    assert metadata.asked == [("Google", {"audience": ["callbeam"], "format": ["full"]})]


def test_a_server_that_is_not_ready_is_asked_again(metadata: Any, sts: str) -> None:
    metadata.failures[:] = [503, 503]
    assert credentials(metadata.host, sts).returncode == 0
    assert len(metadata.asked) == 3


def test_what_failed_is_named(metadata: Any, sts: str) -> None:
    nobody = credentials("127.0.0.1:1", sts)
    assert nobody.returncode == 1
    assert "no answer from the metadata server or the Security Token Service" in nobody.stderr
    metadata.failures[:] = [403]
    refused = credentials(metadata.host, sts)
    assert refused.returncode == 1
    assert "identity answered 403: try later" in refused.stderr
    assert "Traceback" not in nobody.stderr + refused.stderr
    assert TOKEN not in nobody.stderr + refused.stderr


def test_the_sdk_takes_them_by_the_configuration(
    metadata: Any, sts: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ConfigParser()
    given.read(FOLDER / "aws-config")
    process = given["default"]["credential_process"]
    assert process.startswith("python /opt/callbeam/aws_credentials.py ")
    given["default"]["credential_process"] = process.replace(
        "python /opt/callbeam/aws_credentials.py", f"{sys.executable} {SCRIPT}"
    )
    with (tmp_path / "config").open("w") as file:
        given.write(file)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("GCE_METADATA_HOST", metadata.host)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts)
    session = boto3.session.Session()
    role = session.client("sts").get_caller_identity()["Arn"]
    assert ":assumed-role/callbeam/callbeam" in role
    assert session.region_name == "eu-central-1"


def test_the_trust_policy_binds_role_account_and_audience() -> None:
    (statement,) = json.loads((FOLDER / "trust-policy.json").read_text())["Statement"]
    audience = re.search(r"--audience (\S+)", (FOLDER / "aws-config").read_text())
    assert audience is not None
    conditions = statement["Condition"]["StringEquals"]
    assert conditions["accounts.google.com:oaud"] == audience[1]
    assert conditions["accounts.google.com:aud"] == conditions["accounts.google.com:sub"]


METADATA = json.loads((FOLDER / "metadata.json").read_text())
EXAMPLES = {
    "streams": "my-connect-*,arn:aws:kinesisvideo:eu-central-1:111122223333:stream/calls-1/1700000000000",
    "start": "2026-03-01T00:00:00Z",
    "end": "2026-03-02T00:00:00+01:00",
    "calls": "s3://my-records/2026/03/01",
    "output": "s3://my-lake/calls",
    "aws_region": "eu-central-1",
    "options": "--frames --max-loss 0.01",
    "sdk_container_image": "europe-docker.pkg.dev/calls/lake/callbeam-dataflow:0.1.0",
}
BAD = {
    "streams": "calls 1", "start": "yesterday", "end": "2026-03-02", "calls": "gs://my-records", "output": "gs://my-lake",
    "aws_region": "europe-west4", "options": "frames", "sdk_container_image": "callbeam",
}  # fmt: skip


@pytest.mark.parametrize("parameter", METADATA["parameters"], ids=lambda one: one["name"])
def test_each_parameter_is_told_from_what_it_is_not(parameter: dict[str, Any]) -> None:
    assert set(parameter) <= {"name", "label", "helpText", "isOptional", "regexes", "paramType"}
    assert all(parameter[name] for name in ("name", "label", "helpText"))
    name = parameter["name"]
    assert all(re.fullmatch(one, EXAMPLES[name]) for one in parameter["regexes"])
    assert not any(re.fullmatch(one, BAD[name]) for one in parameter["regexes"])


def test_every_parameter_is_an_option_of_the_command() -> None:
    launch = runpy.run_path(str(FOLDER / "launch.py"))
    by_itself = {name: value for name, value in EXAMPLES.items() if name != "calls"}
    launcher = ["--runner=DataflowRunner", "--project=calls", "--region=europe-west4", "--job_name=day"]
    launcher += ["--temp_location=gs://staging/tmp", "--template_location=gs://staging/job", "--num_workers=3"]
    command, *words = launch["command_line"]([*launcher, *(f"--{name}={value}" for name, value in by_itself.items())])
    assert command == "backfill"
    parser = StrictParser()
    backfill.add_arguments(parser, region_is_taken=True)
    beam = beam_parser()
    options, rest = parse(parser, words, others=beam.known_options)
    assert options.streams == EXAMPLES["streams"].split(",")
    assert (options.output, options.region, options.frames) == (EXAMPLES["output"], "eu-central-1", True)
    engine = check_beam_words(beam, rest)
    assert engine.sdk_container_image == EXAMPLES["sdk_container_image"]
    assert engine.region == "europe-west4"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("importlib.util.find_spec", lambda _: object())
        check_dataflow(check_beam_words(beam, [*rest, "--no_auth"]), output=options.output)
    records, _ = parse(parser, launch["command_line"](["--calls=" + EXAMPLES["calls"], "--output=s3://a/b"])[1:])
    assert records.calls == EXAMPLES["calls"]


def test_the_image_holds_what_it_names() -> None:
    (last,) = read_dockerfile(FOLDER / "Dockerfile")[-1:]
    copied = " ".join(step.rest for step in last.of("COPY"))
    for step in last.of("ENV"):
        name, _, path = step.rest.partition("=")
        assert name in {"AWS_CONFIG_FILE", "FLEX_TEMPLATE_PYTHON_PY_FILE"}
        assert f"deploy/dataflow/{Path(path).name}" in copied
        assert path.startswith("/opt/callbeam/")
    assert [step.rest for step in last.of("ENTRYPOINT")] == ['["/opt/apache/beam/boot"]']
