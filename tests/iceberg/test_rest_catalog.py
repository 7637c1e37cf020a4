"""What a REST catalog does otherwise than others: it goes away in the middle, and a gateway loses its answers."""

from __future__ import annotations

import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from builders.iceberg_lake import (
    CATALOG,
    DAYS,
    LAKE,
    NAMES,
    again,
    assert_nothing_else_is_there,
    by_catalog,
    by_manifest,
    table,
)
from builders.made_lake import spread
from builders.rest_catalog import RestCatalog
from pyiceberg.utils.config import Config

from callbeam.storage import ObjectStore, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APPENDS = ["append", "append"]

pytestmark = pytest.mark.parametrize("catalog", ["rest"], indirect=True)


class Gateway(ThreadingHTTPServer):
    """Stands before a catalog; so many commits reach it whose answers do not come back."""

    daemon_threads = True

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), PassedOn)
        self.target = url
        self.lost: list[int] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class PassedOn(BaseHTTPRequestHandler):
    server: Gateway

    def _pass_on(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name in ("Accept", "Content-Type")}
        asked = Request(self.server.target + self.path, content or None, headers, method=self.command)
        try:
            with urlopen(asked) as answer:
                status, said = answer.status, answer.read()
        except HTTPError as error:
            status, said = error.code, error.read()
        if b'"add-snapshot"' in content and self.server.lost:
            status, said = self.server.lost.pop(), b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_HEAD = do_POST = do_DELETE = _pass_on  # noqa: N815  (the names that http.server looks for)

    def log_request(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway(catalog: Path, rest_server: RestCatalog, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with Gateway(rest_server.url) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        monkeypatch.setenv("PYICEBERG_CATALOG__LAKE__URI", running.url)
        monkeypatch.setattr("pyiceberg.catalog._ENV_CONFIG", Config())
        yield running
        running.shutdown()


@pytest.mark.parametrize("status", [409, 429, 500, 502, 503, 504])
def test_a_commit_whose_answer_is_lost_is_not_committed_twice(
    gateway: Gateway, store: ObjectStore, folder: Path, status: int
) -> None:
    before = by_catalog()
    gateway.lost = [status]
    again(store, DAYS[2])
    assert gateway.lost == []
    assert len(by_catalog()["events"]) == len(before["events"]) - 1
    gateway.lost = [status] * len(NAMES)
    spread(LAKE, store, [date(2026, 4, 1)], tables=NAMES, iceberg=CATALOG)
    assert gateway.lost == []
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)
    assert [one.summary.operation.value for one in table("events").snapshots()] == [*APPENDS, "overwrite", "append"]


def test_a_catalog_that_is_killed_is_told_and_the_same_again_completes_it(
    store: ObjectStore, folder: Path, rest_server: RestCatalog
) -> None:
    rest_server.kill()
    try:
        with pytest.raises(StorageError, match=r"cannot be opened .*: run the same again"):
            again(store, DAYS[1])
    finally:
        rest_server.start()
    again(store, DAYS[1], attempt="next")
    assert by_catalog() == by_manifest(store)
    assert_nothing_else_is_there(folder)
