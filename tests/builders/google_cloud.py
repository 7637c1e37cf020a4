"""Enough of Google's Cloud Storage and Dataflow to submit a job to; the job then runs here, as its graph says."""

from __future__ import annotations

import base64
import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability import python_urns
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOB = "2026-03-03_00_00_00-1234567890"
COUNTERS = {"legs": 7, "audio_ms": 5_400_000, "planned_bytes": 1000, "read_bytes": 250}
PATIENCE_S = 120.0


@dataclass
class GoogleCloud:
    """What the service was given, and what it does with it.

    Attributes
    ----------
    objects : dict of str to bytes
        By ``gs://`` address.
    job : dict
        The job as it was submitted.
    failure : str or None
        Of the job: set to let it fail.
    metrics_first : bool
        Whether a job starts only after somebody has asked how far it is; else when somebody has looked at it.
    answers : bool
        Whether whoever submits a job is told that it is there.
    """

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    job: dict[str, Any] = field(default_factory=dict)
    failure: str | None = None
    metrics_first: bool = False
    answers: bool = True
    state: str = "JOB_STATE_RUNNING"
    submitted: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)
    watched: threading.Event = field(default_factory=threading.Event)

    def options(self) -> dict[str, Any]:
        """Options that travel with the job."""
        found: dict[str, Any] = self.job["environment"]["sdkPipelineOptions"]["options"]
        return found

    def graph(self) -> beam_runner_api_pb2.Pipeline:
        """Return the graph that was staged."""
        graph = beam_runner_api_pb2.Pipeline()
        graph.ParseFromString(self.objects[self.options()["pipelineUrl"]])
        return graph

    def run(self) -> None:
        """Run the graph, with workers in this process in place of containers."""
        graph = self.graph()
        for environment in graph.components.environments.values():
            environment.urn, environment.payload = python_urns.EMBEDDED_PYTHON, b""
            del environment.dependencies[:]
        FnApiRunner().run_via_runner_api(graph, PipelineOptions([])).wait_until_finish()
        self.state = "JOB_STATE_DONE"

    def work(self) -> None:
        """Do what the service does with a job while its client waits."""
        (self.asked if self.metrics_first else self.watched).wait(PATIENCE_S)
        try:
            if self.failure is None:
                self.run()
        except Exception as error:  # noqa: BLE001  (the job's failure, whatever it is)
            self.failure = str(error)
        if self.failure is not None:
            self.state = "JOB_STATE_FAILED"


class _Handler(BaseHTTPRequestHandler):
    cloud: GoogleCloud
    waits: bool

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.endswith("/metrics"):
            self.cloud.asked.set()
            counters = [_counter(name, value, kind) for name, value in COUNTERS.items() for kind in ("true", "")]
            self._answer({"metrics": counters})
        elif path.endswith("/messages"):
            texts = [self.cloud.failure] if self.cloud.failure else []
            self._answer({"jobMessages": [_message(text) for text in texts]})
        elif path.startswith("/v1b3/"):
            self._answer({**self.cloud.job, "id": JOB, "currentState": self.cloud.state})
            self.cloud.watched.set()
        elif found := re.fullmatch(r"/storage/v1/b/([^/]+)", path):
            self._answer({"kind": "storage#bucket", "name": found[1], "id": found[1]})
        else:
            self._answer({"error": {"code": 404, "message": "not found"}}, code=404)

    def do_POST(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        body = self._body()
        if path == "/token":
            self._answer({"access_token": "example", "expires_in": 3600, "token_type": "Bearer"})
        elif path.startswith("/upload/"):
            name = json.loads(body)["name"] if body else query["name"][0]
            bucket = unquote(path.split("/")[-2])
            self._answer({}, location=f"{self.cloud.url}/put?to=gs://{bucket}/{name}")
        elif path.endswith("/jobs"):
            self.cloud.job = json.loads(body)
            self.cloud.state = "JOB_STATE_RUNNING"
            if self.waits:
                threading.Thread(target=self.cloud.work, daemon=True).start()
            self.cloud.submitted.set()
            if not self.cloud.answers:
                self.rfile.read(1)  # until the client is gone
                return
            self._answer({**self.cloud.job, "id": JOB, "currentState": self.cloud.state})
        else:
            self._answer({"error": {"code": 404, "message": "not found"}}, code=404)

    def do_PUT(self) -> None:
        (to,) = parse_qs(urlsplit(self.path).query)["to"]
        self.cloud.objects[to] = self._body()
        bucket, name = to.removeprefix("gs://").split("/", 1)
        import google_crc32c

        crc32c = base64.b64encode(google_crc32c.Checksum(self.cloud.objects[to]).digest()).decode()
        self._answer({"name": name, "bucket": bucket, "generation": "1", "crc32c": crc32c})

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, what: dict[str, Any], *, code: int = 200, location: str | None = None) -> None:
        data = json.dumps(what).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if location is not None:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def _counter(name: str, value: int, tentative: str) -> dict[str, Any]:
    """Make one of the two versions in which Dataflow gives each counter: of all attempts, and of those that count."""
    context = {"step": "s1", "namespace": "callbeam", **({"tentative": tentative} if tentative else {})}
    return {"name": {"origin": "user", "name": name, "context": context}, "scalar": value}


def _message(text: str) -> dict[str, str]:
    return {
        "id": "1",
        "time": "2026-03-03T00:00:00Z",
        "messageText": text,
        "messageImportance": "JOB_MESSAGE_ERROR",
    }


@contextmanager
def google_cloud(*, runs_jobs: bool) -> Iterator[GoogleCloud]:
    """Serve on this machine.

    Parameters
    ----------
    runs_jobs : bool
        Whether a job runs when it is submitted; else when the test says so (``GoogleCloud.run``).
    """
    cloud = GoogleCloud()
    handler = type("Handler", (_Handler,), {"cloud": cloud, "waits": runs_jobs})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    cloud.url = f"http://localhost:{server.server_port}"  # by this name Beam knows a service without TLS
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def service_account(folder: Path, token_url: str) -> Path:
    """Write the file of a service account that nobody knows."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    account = {"type": "service_account", "project_id": "calls", "client_email": "a@calls.example", "client_id": "1"}
    account |= {"private_key_id": "1", "private_key": pem.decode(), "token_uri": f"{token_url}/token"}
    path = folder / "account.json"
    path.write_text(json.dumps(account))
    return path
