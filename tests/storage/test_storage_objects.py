"""What every store does, held to the folder and to S3 alike."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from callbeam.errors import UsageError
from callbeam.storage import ObjectStore, StorageConfig, StorageError, check_writable, open_store, resolve_config
from callbeam.storage.interface import MissingObjectError, ObjectInfo

if TYPE_CHECKING:
    from pathlib import Path


def test_an_object_is_written_read_replaced_and_deleted(store: ObjectStore) -> None:
    assert store.get("calls/a") is None
    assert store.put("calls/a", b"one")
    assert store.get("calls/a") == b"one"
    assert store.put("calls/a", memoryview(b"another"))
    assert store.get("calls/a") == b"another"
    assert store.sha256("calls/a") == hashlib.sha256(b"another").hexdigest()
    store.delete(["calls/a", "calls/never"])
    assert store.get("calls/a") is None
    assert store.sha256("calls/a") is None
    store.delete([])


def test_an_empty_object_is_one(store: ObjectStore) -> None:
    store.put("empty", b"")
    assert store.get("empty") == b""
    assert list(store.list("")) == [ObjectInfo("empty", 0)]


def test_if_absent_leaves_what_is_there(store: ObjectStore) -> None:
    assert store.put("_jobs/1/publishing", b"mine", if_absent=True)
    assert not store.put("_jobs/1/publishing", b"yours", if_absent=True)
    assert not store.put("_jobs/1/publishing", b"mine", if_absent=True)
    assert store.get("_jobs/1/publishing") == b"mine"


def test_a_copy_replaces_and_outlives_its_source(store: ObjectStore) -> None:
    store.put("staged/a", b"new")
    store.put("calls/a", b"old and longer")
    for _ in range(2):
        store.copy("staged/a", "calls/a")
        assert store.get("calls/a") == b"new"
    store.put("staged/a", b"later")
    store.delete(["staged/a"])
    assert store.get("calls/a") == b"new"
    assert store.sha256("calls/a") == hashlib.sha256(b"new").hexdigest()


def test_a_copy_of_nothing_says_so(store: ObjectStore) -> None:
    with pytest.raises(MissingObjectError, match="staged/none is not there"):
        store.copy("staged/none", "calls/a")
    assert store.get("calls/a") is None


def test_a_listing_is_by_prefix_and_sorted(store: ObjectStore) -> None:
    keys = ["a/b-1", "a/b/2", "a/b0", "a/é", "a b/x", "ab", "c"]
    for key in keys:
        store.put(key, key.encode())
    assert [info.key for info in store.list("")] == sorted(keys)
    assert [info.key for info in store.list("a/b")] == ["a/b-1", "a/b/2", "a/b0"]
    assert [info.key for info in store.list("a/b/")] == ["a/b/2"]
    assert list(store.list("nothing/here")) == []
    assert all(info.size == len(info.key.encode()) for info in store.list(""))


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../a", "a/../../b", "a//b", "a/", ".hidden", "a\\b", "a\0"])
def test_no_key_leaves_the_output(store: ObjectStore, key: str) -> None:
    with pytest.raises(StorageError, match="is not a key"):
        store.put(key, b"")
    assert list(store.list("")) == []


def test_a_large_object_comes_back_the_same(store: ObjectStore) -> None:
    content = bytes(range(256)) * 4 * 4096 * 10
    store.put("large", memoryview(content))
    store.copy("large", "copy")
    assert store.get("copy") == content


def test_a_writable_store_is_left_as_it_was(store: ObjectStore) -> None:
    check_writable(store)
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    ("output", "resolved"),
    [
        ("s3://lake", "s3://lake"),
        ("s3://lake/", "s3://lake"),
        ("s3://lake/a//b/", "s3://lake/a/b"),
        ("/srv/lake/", "/srv/lake"),
    ],
)
def test_outputs_are_spelled_one_way(output: str, resolved: str) -> None:
    assert resolve_config(StorageConfig(output)).output == resolved
    assert resolve_config(resolve_config(StorageConfig(output))).output == resolved


def test_a_relative_output_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve_config(StorageConfig("out")).output == str(tmp_path / "out")


@pytest.mark.parametrize("output", ["", "gs://lake/x", "s3://", "s3:///x", "s3://lake/../other", "http://lake"])
def test_other_outputs_are_refused(output: str) -> None:
    with pytest.raises(UsageError, match="s3://bucket/prefix"):
        open_store(StorageConfig(output))


def test_a_bucket_that_does_not_exist_is_one_line(s3_endpoint: str) -> None:
    with pytest.raises(UsageError, match=r"^s3://none-such/_jobs/\S+ cannot be written: the bucket does not [^\n]+$"):
        check_writable(open_store(StorageConfig("s3://none-such", endpoint_url=s3_endpoint)))


def test_a_name_that_is_no_buckets_is_one_line(s3_endpoint: str) -> None:
    with pytest.raises(UsageError, match=r"not a bucket's name[^\n]+$"):
        check_writable(open_store(StorageConfig("s3://No_bucket!", endpoint_url=s3_endpoint)))


def test_no_credentials_is_one_line(monkeypatch: pytest.MonkeyPatch, s3_endpoint: str) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UsageError, match=r"^no AWS credentials found[^\n]+$"):
        open_store(StorageConfig("s3://lake", endpoint_url=s3_endpoint))


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(UsageError, match=r"file/lake/_jobs/\S+ cannot be written: Not a directory; [^\n]+$"):
        check_writable(open_store(StorageConfig(str(tmp_path / "file" / "lake"))))
