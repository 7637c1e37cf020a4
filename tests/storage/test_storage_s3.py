"""What only a network has: servers that are away, lost answers, throttling, partial refusals, pages."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from moto.server import ThreadedMotoServer

from callbeam.storage import StorageError
from callbeam.storage.s3 import S3Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from builders.stores import FaultyProxy

SLOW_DOWN = (
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)
DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


@pytest.fixture
def store(proxy: FaultyProxy, bucket: str) -> S3Store:
    return S3Store(bucket, "lake", endpoint_url=proxy.url)


def lose_answer(wanted: str) -> Callable[..., Any]:
    """Let a request do its work, and close the connection in place of an answer."""

    def fault(method: str, path: str, forward: Callable[[], object]) -> object:
        if method != wanted:
            return NotImplemented
        forward()
        return None

    return fault


def answer(wanted: str, status: int, body: bytes) -> Callable[..., Any]:
    """Answer in the server's place."""
    return lambda method, path, forward: (status, body) if method == wanted else NotImplemented


def refuse_deletion(key: str, code: str) -> Callable[..., Any]:
    """Answer DeleteObjects as S3 does where it refuses one key: status 200, the others deleted."""
    error = f"<Error><Key>{key}</Key><Code>{code}</Code><Message>no</Message></Error>"
    body = f"<?xml version='1.0'?><DeleteResult>{error}</DeleteResult>".encode()
    return lambda method, path, forward: (200, body) if "delete" in path else NotImplemented


def test_a_lost_answer_is_not_anothers_write(store: S3Store, proxy: FaultyProxy) -> None:
    proxy.faults = [lose_answer("PUT")]
    assert store.put("claim", b"mine", if_absent=True)
    assert [method for method, _ in proxy.requests] == ["PUT", "PUT", "HEAD"]
    assert store.get("claim") == b"mine"


def test_a_lost_answer_does_not_hide_anothers_write(store: S3Store, proxy: FaultyProxy) -> None:
    store.put("claim", b"hers")
    proxy.faults = [lose_answer("PUT")]
    assert not store.put("claim", b"mine", if_absent=True)
    assert store.get("claim") == b"hers"


def test_a_lost_answer_is_told_apart_by_content_where_metadata_are_not_kept(store: S3Store, proxy: FaultyProxy) -> None:
    def without_metadata(method: str, path: str, forward: Callable[[], Any]) -> object:
        if method != "HEAD":
            return NotImplemented
        status, body, headers = forward()
        return status, body, [header for header in headers if not header[0].lower().startswith("x-amz-meta")]

    proxy.faults = [lose_answer("PUT"), without_metadata]
    assert store.put("claim", b"mine", if_absent=True)
    assert [method for method, _ in proxy.requests] == ["PUT", "PUT", "HEAD", "GET"]


@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD", "POST"])
def test_lost_answers_and_throttling_are_waited_out(store: S3Store, proxy: FaultyProxy, method: str) -> None:
    store.put("a", b"1")
    proxy.faults = [lose_answer(method), answer(method, 503, SLOW_DOWN)]
    store.put("b", b"2")
    store.copy("b", "c")
    assert store.get("c") == b"2"
    assert store.sha256("a") == hashlib.sha256(b"1").hexdigest()
    store.delete(["a", "b"])
    assert [info.key for info in store.list("")] == ["c"]
    assert proxy.faults == []


def test_an_error_inside_a_copys_200_is_one(store: S3Store, proxy: FaultyProxy) -> None:
    store.put("a", b"1")
    proxy.faults = [answer("PUT", 200, SLOW_DOWN)]
    store.copy("a", "b")
    assert proxy.faults == []
    assert store.get("b") == b"1"


def test_a_server_that_is_away_is_waited_for(bucket: str) -> None:
    first = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    first.start()
    host, port = first.get_host_and_port()
    store = S3Store(bucket, endpoint_url=f"http://{host}:{port}")
    store.put("a", b"1")
    first.stop()
    second = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    begin = time.monotonic()
    comeback = threading.Timer(2.2, second.start)
    comeback.start()
    store.put("b", b"2")
    assert time.monotonic() - begin > 2.0
    assert [info.key for info in store.list("")] == ["a", "b"]
    comeback.join()
    second.stop()


def test_what_does_not_pass_is_not_waited_for(store: S3Store, proxy: FaultyProxy) -> None:
    proxy.faults = [answer("PUT", 403, DENIED)]
    with pytest.raises(StorageError, match=r"lake/a cannot be written: access is denied: allow s3:PutObject[^\n]+$"):
        store.put("a", b"1")
    assert len(proxy.requests) == 1
    for read, done in ((store.get, "read"), (store.open, "read"), (lambda key: list(store.list(key)), "listed")):
        proxy.faults = [answer("GET", 403, DENIED)]
        with pytest.raises(StorageError, match=f"cannot be {done}: access is denied: allow s3:GetObject and s3:List"):
            read("a")


def test_a_bucket_in_another_region_is_followed(store: S3Store, proxy: FaultyProxy) -> None:
    code = b"<?xml version='1.0'?><Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>"
    region = [("x-amz-bucket-region", "eu-central-1")]
    proxy.faults = [lambda method, path, forward: (301, code, region)]
    store.put("a", b"1")
    assert store.get("a") == b"1"
    assert ["us-east-1" in headers["authorization"] for headers in proxy.headers] == [True, False, False]


def test_a_key_that_is_not_deleted_is_tried_again(store: S3Store, proxy: FaultyProxy) -> None:
    store.put("a", b"1")
    proxy.faults = [refuse_deletion("lake/a", "InternalError")]
    store.delete(["a"])
    assert list(store.list("")) == []
    assert proxy.faults == []


def test_a_key_that_may_not_be_deleted_is_an_error(store: S3Store, proxy: FaultyProxy) -> None:
    proxy.faults = [refuse_deletion("lake/a", "AccessDenied")]
    with pytest.raises(StorageError, match="lake/a cannot be deleted: access is denied"):
        store.delete(["a"])


def test_more_keys_than_one_request_takes_are_deleted(store: S3Store, proxy: FaultyProxy) -> None:
    store.put("last", b"")
    store.delete([f"none/{number}" for number in range(1000)] + ["last"])
    assert list(store.list("")) == []
    assert sum("delete" in path for _, path in proxy.requests) == 2


def test_all_pages_are_listed(store: S3Store, proxy: FaultyProxy) -> None:
    proxy.rewrite = lambda path: path + "&max-keys=3" if "list-type=2" in path else path
    keys = [f"a/{number:02d}" for number in range(10)]
    for key in keys:
        store.put(key, b"x")
    proxy.requests.clear()
    assert [info.key for info in store.list("a/")] == keys
    assert len(proxy.requests) == 4


def test_a_role_is_assumed_for_the_bucket(
    proxy: FaultyProxy, bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", s3_endpoint)
    store = S3Store(bucket, endpoint_url=proxy.url, role_arn="arn:aws:iam::123456789012:role/lake-writer")
    assert store.put("a", b"1")
    assert store.get("a") == b"1"


def test_the_sdks_own_endpoint_variable_works(proxy: FaultyProxy, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.url)
    assert S3Store(bucket).put("a", b"1")
    assert urlsplit(proxy.requests[0][1]).path == f"/{bucket}/a"


def test_a_prefix_is_a_folder_not_a_beginning(proxy: FaultyProxy, bucket: str) -> None:
    S3Store(bucket, "lake2", endpoint_url=proxy.url).put("a", b"2")
    store = S3Store(bucket, "lake", endpoint_url=proxy.url)
    store.put("a", b"1")
    assert [info.key for info in store.list("")] == ["a"]
    assert [info.key for info in S3Store(bucket, endpoint_url=proxy.url).list("")] == ["lake/a", "lake2/a"]
