"""A real S3 server: what is stored, who wins a race, and a server that goes and comes back."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from builders.s3_server import S3Server

from callbeam.storage import StorageConfig, StorageError, check_writable, open_store, resolve_config

if TYPE_CHECKING:
    from pathlib import Path

    from callbeam.storage import ObjectStore

WRITERS = 8
ROUNDS = 5
MORE_THAN_A_PAGE = 1_100


def test_objects_are_put_copied_listed_and_deleted(lake: ObjectStore) -> None:
    content = bytes(range(256)) * 4096
    assert lake.put("calls/dt=2026-03-01/a.parquet", content)
    lake.copy("calls/dt=2026-03-01/a.parquet", "b")
    assert lake.get("b") == content
    assert lake.sha256("b") == hashlib.sha256(content).hexdigest()
    file = lake.open("b")
    assert file is not None
    file.seek(300_000)
    assert file.read(10) == content[300_000:300_010]
    assert [(info.key, info.size) for info in lake.list("")] == [
        ("b", len(content)),
        ("calls/dt=2026-03-01/a.parquet", len(content)),
    ]
    lake.delete(["b", "none"])
    assert lake.get("b") is lake.open("b") is lake.sha256("b") is None
    with pytest.raises(StorageError, match="is not there to be copied"):
        lake.copy("b", "c")


def test_more_keys_than_a_page_are_listed_and_deleted(lake: ObjectStore) -> None:
    keys = [f"a/{number:04d}" for number in range(MORE_THAN_A_PAGE)]
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda key: lake.put(key, b"x"), keys))
    assert [info.key for info in lake.list("a/")] == keys
    lake.delete(keys)
    assert list(lake.list("")) == []


@pytest.mark.parametrize("prefix", ["with spaces/and+plus", "bücher/日本", "a=b/c&d", "per%20cent", "slash/", "a//b"])
def test_prefixes_of_all_kinds(prefix: str) -> None:
    config = resolve_config(StorageConfig(f"s3://lake/{prefix}"))
    store = open_store(config)
    check_writable(store)
    store.put("calls/dt=2026-03-01/a", b"1")
    store.copy("calls/dt=2026-03-01/a", "calls/dt=2026-03-02/a")
    assert [info.key for info in store.list("calls/")] == ["calls/dt=2026-03-01/a", "calls/dt=2026-03-02/a"]
    store.delete(["calls/dt=2026-03-01/a", "calls/dt=2026-03-02/a"])


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


def test_a_server_that_was_killed_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with S3Server(tmp_path) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
        server.client().create_bucket(Bucket="lake")
        lake = open_store(StorageConfig("s3://lake"))
        lake.put("before", b"1")
        server.kill()
        comeback = threading.Timer(6.0, server.start)
        comeback.start()
        begin = time.monotonic()
        lake.put("after", b"2")
        assert time.monotonic() - begin > 5.0
        comeback.join()
        assert [info.key for info in lake.list("")] == ["after", "before"]
        assert lake.get("before") == b"1"
    assert "s3://lake/after is not written yet, tried for 17" in caplog.text


def test_a_bucket_in_another_region_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with S3Server(tmp_path, region="eu-central-1") as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
        server.client().create_bucket(Bucket="lake")
        for region in ("us-east-1", "ap-southeast-2"):
            monkeypatch.setenv("AWS_DEFAULT_REGION", region)
            store = open_store(StorageConfig("s3://lake"))
            check_writable(store)
            store.put("a", b"1")
            assert store.get("a") == b"1"
