"""A real S3 server: what is stored, who wins a race, who is let in, and a server that goes and comes back."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from builders.s3_server import S3Server

from callbeam.storage import StorageConfig, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.storage import ObjectStore

WRITERS = 8
ROUNDS = 5


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as running:
        running.client().create_bucket(Bucket="lake")
        yield running


@pytest.fixture
def lake(server: S3Server, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ObjectStore:
    """Open a prefix of the test's own, as the bucket's owner."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return open_store(StorageConfig(f"s3://lake/{request.node.name}"))


def test_one_of_eight_writers_wins(lake: ObjectStore) -> None:
    for turn in range(ROUNDS):
        barrier = threading.Barrier(WRITERS)

        def claim(number: int, key: str = f"claim-{turn}", barrier: threading.Barrier = barrier) -> bool:
            barrier.wait()
            return lake.put(key, str(number).encode(), if_absent=True)

        with ThreadPoolExecutor(WRITERS) as pool:
            won = list(pool.map(claim, range(WRITERS)))
        assert sum(won) == 1
        assert lake.get(f"claim-{turn}") == str(won.index(True)).encode()


def test_a_server_that_was_killed_is_waited_for(server: S3Server, lake: ObjectStore) -> None:
    lake.put("before", b"1")
    server.kill()
    comeback = threading.Timer(3.0, server.start)
    comeback.start()
    begin = time.monotonic()
    lake.put("after", b"2")
    assert time.monotonic() - begin > 2.5
    comeback.join()
    assert [info.key for info in lake.list("")] == ["after", "before"]
    assert lake.get("before") == b"1"
