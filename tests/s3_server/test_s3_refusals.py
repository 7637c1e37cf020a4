"""Who is not let in, or cannot be served, gets one line that names the cause and the way out, soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders.s3_server import S3Server

from callbeam.errors import UsageError
from callbeam.storage import ObjectSettings, StorageConfig, StorageError, check_writable, open_store

if TYPE_CHECKING:
    from pathlib import Path

READ, WRITE = ("s3:GetObject", "s3:ListBucket"), ("s3:PutObject", "s3:DeleteObject")


def be(monkeypatch: pytest.MonkeyPatch, server: S3Server, access_key: str, secret_key: str = "a-secret") -> None:
    for name, value in server.environment(access_key, secret_key).items():
        monkeypatch.setenv(name, value)


def refusal(config: StorageConfig) -> str:
    """Return what a command would say, in one line."""
    with pytest.raises(UsageError) as told:
        check_writable(open_store(config, patience_s=1.0))
    text = str(told.value)
    assert "\n" not in text
    return text


@pytest.fixture(scope="session")
def user(server: S3Server) -> str:
    """Add a user who may do nothing yet."""
    server.add_user("AKIDSOMEBODY", "a-secret")
    return "AKIDSOMEBODY"


def test_a_wrong_secret(server: S3Server, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    be(monkeypatch, server, "AKIDLAKEOWNER", "another-secret")
    assert "cannot be written: the secret key does not fit: check the credentials" in refusal(StorageConfig(place))


def test_an_unknown_key(server: S3Server, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    be(monkeypatch, server, "AKIDNOBODY")
    assert "the access key is unknown there: check the credentials and the endpoint" in refusal(StorageConfig(place))


def test_an_unknown_key_where_there_is_one_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with S3Server(tmp_path, users=False) as server:
        be(monkeypatch, server, "AKIDNOBODY")
        told = refusal(StorageConfig("s3://lake"))
    assert "the access key is unknown there: check the credentials and the endpoint" in told
    assert "XAdminUserNotFound" in told


def test_a_bucket_that_does_not_exist() -> None:
    told = refusal(StorageConfig("s3://none-such/calls"))
    assert told.startswith("s3://none-such/calls/_jobs/probe-")
    assert "the bucket does not exist: correct its name, or create it" in told


@pytest.mark.parametrize("allowed", [(), READ, WRITE, (*READ, "s3:PutObject")])
def test_not_all_that_a_job_does_is_allowed(
    server: S3Server, user: str, monkeypatch: pytest.MonkeyPatch, place: str, allowed: tuple[str, ...]
) -> None:
    server.client().create_bucket(Bucket="fenced")
    try:
        if allowed:
            server.allow(user, "fenced", *allowed)
        be(monkeypatch, server, user)
        told = refusal(StorageConfig("s3://fenced/calls"))
        assert "access is denied: allow s3:" in told
        assert "s3:GetObject" in told
        monkeypatch.undo()
        server.allow(user, "fenced", *READ, *WRITE)
        be(monkeypatch, server, user)
        check_writable(open_store(StorageConfig("s3://fenced/calls")))
    finally:
        client = server.client()
        for item in client.list_objects_v2(Bucket="fenced").get("Contents", ()):
            client.delete_object(Bucket="fenced", Key=item["Key"])
        client.delete_bucket(Bucket="fenced")


def test_another_prefix_than_the_allowed_one(server: S3Server, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server.client().create_bucket(Bucket="shared")
    server.allow(user, "shared", *READ, *WRITE, below="mine/")
    be(monkeypatch, server, user)
    check_writable(open_store(StorageConfig("s3://shared/mine")))
    assert "s3://shared/hers/_jobs/probe-" in (told := refusal(StorageConfig("s3://shared/hers")))
    assert "access is denied" in told


def test_a_file_in_the_way_of_a_folder(lake: object, place: str, server: S3Server) -> None:
    """A server over a file system cannot have both ``x`` and ``x/y``; S3 itself can."""
    server.client().put_object(Bucket="lake", Key=place.removeprefix("s3://lake/"), Body=b"")
    told = refusal(StorageConfig(place))
    assert place in told
    assert "cannot be written" in told


def test_nothing_listens() -> None:
    told = refusal(StorageConfig("s3://lake/calls", endpoint_url="http://127.0.0.1:9"))
    assert "cannot be written, given up after 1 s: the service does not answer as it should" in told
    assert "http://127.0.0.1:9" in told


def test_a_server_without_a_certificate(server: S3Server) -> None:
    told = refusal(StorageConfig("s3://lake/calls", endpoint_url=server.url.replace("http:", "https:")))
    assert "write http:// if it has none" in told


def test_tags_need_a_permission_of_their_own(server: S3Server, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server.client().create_bucket(Bucket="tagged")
    config = StorageConfig("s3://tagged/calls", settings=ObjectSettings(tags=(("team", "voice + more: a=b"),)))
    server.allow(user, "tagged", *READ, *WRITE)
    be(monkeypatch, server, user)
    assert "and s3:PutObjectTagging for tags" in refusal(config)
    server.allow(user, "tagged", *READ, *WRITE, "s3:PutObjectTagging")
    store = open_store(config)
    check_writable(store)
    store.put("a", b"1")
    store.copy("a", "b")
    for key in ("calls/a", "calls/b"):
        tags = server.client().get_object_tagging(Bucket="tagged", Key=key)["TagSet"]
        assert tags == [{"Key": "team", "Value": "voice + more: a=b"}]


def test_permission_that_is_withdrawn_meanwhile(server: S3Server, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server.client().create_bucket(Bucket="frozen")
    server.allow(user, "frozen", *READ, *WRITE)
    be(monkeypatch, server, user)
    store = open_store(StorageConfig("s3://frozen"))
    store.put("a", b"1")
    server.allow(user, "frozen", *READ)
    for change in (lambda: store.put("b", b"1"), lambda: store.copy("a", "b"), lambda: store.delete(["a"])):
        with pytest.raises(StorageError, match=r"access is denied: allow s3:PutObject[^\n]+$"):
            change()
    assert store.get("a") == b"1"
