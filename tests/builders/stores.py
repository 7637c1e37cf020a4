"""A folder, an S3 server on this machine, and a proxy before it that misbehaves on request."""

from __future__ import annotations

import http.client
import itertools
import logging
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import numpy as np
import pyarrow as pa
import pytest
from moto.server import ThreadedMotoServer

from builders.jobs import make_job, make_stream
from callbeam.kvs import Job
from callbeam.schemas import TABLES
from callbeam.storage import ObjectStore, StorageConfig, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DAY_MS = 1_772_323_200_000
"""2026-03-01T00:00:00Z."""

BUCKETS = itertools.count()


@contextmanager
def aws_server() -> Iterator[str]:
    """Run S3 and STS on this machine; yield their URL."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    with aws_server() as url:
        yield url


@pytest.fixture(scope="session")
def owner(s3_endpoint: str) -> Any:
    """Give a client of the bucket's owner; making one takes a tenth of a second."""
    keys = {"aws_access_key_id": "owner", "aws_secret_access_key": "secret"}
    return boto3.client("s3", endpoint_url=s3_endpoint, region_name="us-east-1", **keys)


@pytest.fixture
def bucket(owner: Any) -> str:
    name = f"lake-{next(BUCKETS)}"
    owner.create_bucket(Bucket=name)
    return name


@pytest.fixture(params=["local", "s3"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> StorageConfig:
    if request.param == "local":
        return StorageConfig(str(tmp_path / "lake"))
    bucket = request.getfixturevalue("bucket")
    return StorageConfig(f"s3://{bucket}/some/prefix/", endpoint_url=request.getfixturevalue("s3_endpoint"))


@pytest.fixture
def store(config: StorageConfig) -> ObjectStore:
    return open_store(config)


@pytest.fixture
def job() -> Job:
    return make_day_job("0123456789abcdef")


def make_day_job(
    job_id: str, *, start_ms: int = DAY_MS, end_ms: int = DAY_MS + 86_400_000, stream: str = "calls-1"
) -> Job:
    """Make a job over a stream's first of March."""
    streams, sources = [make_stream(stream)], (f"{stream}*",)
    return make_job(start_ms, end_ms, job_id=job_id, sources=sources, streams=streams, as_of_ms=end_ms + 1)


def make_seconds(count: int) -> pa.Table:
    """Draw rows of table ``seconds``, with unknowns."""
    rng = np.random.default_rng(5)
    table = TABLES["seconds"]
    columns: dict[str, Any] = {
        "job_id": ["0123456789abcdef" * 2] * count,
        "call_id": [f"0f1e2d3c-0000-4000-8000-{number // 100:012d}" for number in range(count)],
        "channel_id": [f"{number // 50:032x}" for number in range(count)],
        "participant_role": [("CUSTOMER", "AGENT", None)[number // 50 % 3] for number in range(count)],
        "start_ts": pa.array(1_772_323_200_000 + 1000 * np.arange(count)).cast(pa.timestamp("ms", tz="UTC")),
        "begin_offset_ms": 1000 * np.arange(count),
        "covered_ms": [1000] * count,
        "speech_ms": 10 * rng.integers(0, 101, count),
    }
    for column in table.columns[len(columns) :]:
        columns[column.name] = pa.array(rng.normal(-40, 9, count).astype(np.float32), mask=rng.random(count) < 0.1)
    return pa.table(columns)


@dataclass
class FaultyProxy:
    """Passes requests on; each fault is offered each request, and is used up once it has answered one.

    A fault takes (method, path, forward) and returns a status and a body, None to close the connection without an
    answer, or NotImplemented where the request is none of its business. ``forward`` sends the request on.
    """

    upstream: str
    faults: list[Callable[..., object]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    rewrite: Callable[[str], str] = field(default=lambda path: path)
    url: str = ""

    def answer(self, method: str, path: str, forward: Callable[[], object]) -> object:
        self.requests.append((method, path))
        for fault in list(self.faults):
            answer = fault(method, path, forward)
            if answer is not NotImplemented:
                self.faults.remove(fault)
                return answer
        return forward()


@contextmanager
def faulty_proxy(endpoint: str) -> Iterator[FaultyProxy]:
    """Run a proxy before an endpoint."""
    state = FaultyProxy(endpoint)
    upstream = urlsplit(endpoint).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))

            def forward() -> tuple[int, bytes, list[tuple[str, str]]]:
                connection = http.client.HTTPConnection(upstream)
                headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
                connection.request(self.command, state.rewrite(self.path), body, headers)
                response = connection.getresponse()
                answer = response.status, response.read(), response.getheaders()
                connection.close()
                return answer

            state.headers.append({name.lower(): value for name, value in self.headers.items()})
            answer = state.answer(self.command, self.path, forward)
            self.close_connection = True
            if not isinstance(answer, tuple):
                return
            status, content, *rest = answer
            self.send_response(status)
            for name, value in rest[0] if rest else ():
                if name.lower() not in {"content-length", "connection", "transfer-encoding"} or self.command == "HEAD":
                    self.send_header(name, value)
            if self.command != "HEAD":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any  # noqa: N815 - http.server's names

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def proxy(s3_endpoint: str) -> Iterator[FaultyProxy]:
    with faulty_proxy(s3_endpoint) as running:
        yield running
