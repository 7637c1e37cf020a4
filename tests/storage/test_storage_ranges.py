"""Objects that are read by ranges, from a folder and from S3 alike."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from callbeam.storage import ObjectStore, StorageError
from callbeam.storage.local import LocalStore
from callbeam.storage.s3 import S3Store
from callbeam.storage.s3_file import TAIL_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from builders.stores import FaultyProxy

CONTENT = np.random.default_rng(3).bytes(5 * TAIL_BYTES + 17)


def test_any_range_is_the_objects(store: ObjectStore) -> None:
    store.put("a/b", CONTENT)
    file = store.open("a/b")
    assert file is not None
    size = len(CONTENT)
    assert file.seek(0, os.SEEK_END) == file.tell() == size
    for begin, count in ((0, 10), (size - 5, 5), (size - 5, 50), (size - TAIL_BYTES - 3, 9), (7, size), (size, 1)):
        assert file.seek(begin) == begin
        assert file.read(count) == CONTENT[begin : begin + count]
        assert file.tell() == min(begin + count, size)
    file.seek(-20, os.SEEK_CUR)
    assert file.read() == CONTENT[-20:]
    assert file.read() == file.read(4) == b""


def test_there_may_be_no_object_and_an_empty_one(store: ObjectStore) -> None:
    store.put("a/b", b"")
    assert store.open("a") is store.open("a/c") is store.open("a/b/c") is None
    file = store.open("a/b")
    assert file is not None
    assert file.read() == b""


def test_a_file_that_is_replaced_is_read_as_it_was(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("a", CONTENT)
    file = store.open("a")
    assert file is not None
    store.put("a", CONTENT[::-1])
    assert file.read(100) == CONTENT[:100]


def test_an_object_in_s3_that_is_replaced_or_goes_is_refused(bucket: str, s3_endpoint: str) -> None:
    store = S3Store(bucket, endpoint_url=s3_endpoint)
    for change in (lambda: store.put("a", CONTENT[::-1]), lambda: store.delete(["a"])):
        store.put("a", CONTENT)
        file = store.open("a")
        assert file is not None
        change()
        with pytest.raises(StorageError, match="replaced while it was read"):
            file.read(100)


def test_only_what_is_read_is_fetched_and_again_after_a_failure(bucket: str, proxy: FaultyProxy) -> None:
    store = S3Store(bucket, endpoint_url=proxy.url)
    store.put("a", CONTENT)
    proxy.requests.clear()
    proxy.faults = [_answer(503)]
    file = store.open("a")
    assert file is not None
    file.seek(-TAIL_BYTES, os.SEEK_END)
    assert file.read() == CONTENT[-TAIL_BYTES:]
    assert len(proxy.requests) == 2
    proxy.faults = [_answer(None)]
    file.seek(1)
    assert file.read(99) == CONTENT[1:100]
    assert len(proxy.requests) == 4


def test_a_server_that_knows_no_ranges_gives_the_whole(bucket: str, proxy: FaultyProxy) -> None:
    store = S3Store(bucket, endpoint_url=proxy.url)
    store.put("a", CONTENT)
    proxy.faults = [_answer(200, CONTENT)]
    file = store.open("a")
    assert file is not None
    assert file.read() == CONTENT


def _answer(status: int | None, body: bytes = b"") -> Callable[..., Any]:
    answer = None if status is None else (status, body, [("ETag", '"1"')])
    return lambda method, path, forward: answer if method == "GET" else NotImplemented
