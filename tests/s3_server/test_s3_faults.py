"""Lines that are slow, break or go dead, and a server that asks for fewer requests: nothing is lost, all is told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders.stores import faulty_proxy
from builders.tcp_proxy import tcp_proxy

from callbeam.storage import ObjectStore, StorageConfig, StorageError, open_store, s3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builders.s3_server import S3Server
    from builders.stores import FaultyProxy
    from builders.tcp_proxy import TcpProxy

CONTENT = np.random.default_rng(3).bytes(1_000_000)

SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"


@pytest.fixture
def line(server: S3Server) -> Iterator[TcpProxy]:
    with tcp_proxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def over_line(line: TcpProxy, place: str) -> ObjectStore:
    return open_store(StorageConfig(place, endpoint_url=line.url))


def test_a_slow_line_takes_its_time(line: TcpProxy, over_line: ObjectStore) -> None:
    line.pause_s = 0.02
    begin = time.monotonic()
    over_line.put("a", CONTENT)
    assert over_line.get("a") == CONTENT
    assert time.monotonic() - begin > 2.0


@pytest.mark.parametrize("if_absent", [False, True])
def test_a_line_that_breaks_in_the_middle_of_writing(
    line: TcpProxy, over_line: ObjectStore, lake: ObjectStore, *, if_absent: bool
) -> None:
    line.cut_after, line.cuts = 400_000, 3
    assert over_line.put("a", CONTENT, if_absent=if_absent)
    assert line.cuts == 0
    assert lake.get("a") == CONTENT
    assert [info.key for info in lake.list("")] == ["a"]


def test_a_line_that_breaks_in_the_middle_of_reading(line: TcpProxy, over_line: ObjectStore, lake: ObjectStore) -> None:
    lake.put("a", CONTENT)
    line.cut_after, line.cuts = 400_000, 3
    assert over_line.get("a") == CONTENT
    assert line.cuts == 0


def test_a_line_that_goes_dead_is_told_and_given_up(
    line: TcpProxy, place: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(s3, "READ_TIMEOUT_S", 2.5)
    store = open_store(StorageConfig(place, endpoint_url=line.url), patience_s=6.0)
    line.dead = True
    with pytest.raises(StorageError, match=r"cannot be written, given up after 6 s: the service does not answer"):
        store.put("a", b"1")
    assert "a is not written yet, tried for" in caplog.text
    assert "Read timeout" in caplog.text


@pytest.fixture
def throttled(server: S3Server) -> Iterator[FaultyProxy]:
    with faulty_proxy(server.url) as proxy:
        yield proxy


def test_a_server_that_asks_for_fewer_requests(
    throttled: FaultyProxy, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store(StorageConfig(place, endpoint_url=throttled.url))
    throttled.faults = [lambda method, path, forward: (503, SLOW_DOWN)] * 5
    store.put("a", CONTENT)
    assert "a is not written yet" in caplog.text
    assert "S3 asks for fewer requests: take fewer workers if this goes on" in caplog.text
    throttled.faults = [lambda method, path, forward: (503, SLOW_DOWN)] * 2
    assert store.get("a") == CONTENT
    throttled.faults = [lambda method, path, forward: (503, SLOW_DOWN)] * 2
    store.copy("a", "b")
    throttled.faults = [lambda method, path, forward: (503, SLOW_DOWN)] * 2
    assert [info.key for info in store.list("")] == ["a", "b"]
    throttled.faults = [lambda method, path, forward: (503, SLOW_DOWN)] * 2
    store.delete(["a", "b"])
    assert list(store.list("")) == []
