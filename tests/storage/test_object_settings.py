"""What every object is told when it is written, and what cannot work."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from callbeam.errors import UsageError
from callbeam.storage import ObjectSettings, StorageConfig, check_settings, open_store

if TYPE_CHECKING:
    from builders.stores import FaultyProxy

KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def test_all_that_is_written_carries_them(proxy: FaultyProxy, bucket: str) -> None:
    tags = (("team", "voice"), ("cost center", "a=b + c"))
    settings = ObjectSettings("aws:kms", KEY, "STANDARD_IA", tags)
    store = open_store(StorageConfig(f"s3://{bucket}", proxy.url, settings=settings))
    store.put("a", b"1")
    store.put("b", b"1", if_absent=True)
    store.copy("a", "c")
    assert [method for method, _ in proxy.requests] == ["PUT"] * 3
    for headers in proxy.headers:
        assert headers["x-amz-server-side-encryption"] == "aws:kms"
        assert headers["x-amz-server-side-encryption-aws-kms-key-id"] == KEY
        assert headers["x-amz-storage-class"] == "STANDARD_IA"
        assert parse_qs(headers["x-amz-tagging"]) == {name: [value] for name, value in tags}
    # Without it a copy would have the tags of its source, for which reading them must be allowed.
    assert proxy.headers[2]["x-amz-tagging-directive"] == "REPLACE"


def test_they_are_kept(owner: object, proxy: FaultyProxy, bucket: str) -> None:
    settings = ObjectSettings("AES256", None, "GLACIER_IR", (("team", "voice"),))
    store = open_store(StorageConfig(f"s3://{bucket}", proxy.url, settings=settings))
    store.put("a", b"1")
    store.copy("a", "b")
    for key in "ab":
        head = owner.head_object(Bucket=bucket, Key=key)
        assert (head["ServerSideEncryption"], head["StorageClass"]) == ("AES256", "GLACIER_IR")
        assert owner.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == [{"Key": "team", "Value": "voice"}]
        assert store.get(key) == b"1"


def test_nothing_is_told_unless_asked_for(proxy: FaultyProxy, bucket: str) -> None:
    store = open_store(StorageConfig(f"s3://{bucket}", proxy.url))
    store.put("a", b"1")
    store.copy("a", "b")
    told = {name for headers in proxy.headers for name in headers}
    assert not {
        name for name in told if "encryption" in name or "class" in name or "tagging" in name or "payer" in name
    }


def test_the_requester_pays_for_every_request(proxy: FaultyProxy, bucket: str) -> None:
    store = open_store(StorageConfig(f"s3://{bucket}", proxy.url, requester_pays=True))
    store.put("a", b"1")
    store.copy("a", "b")
    assert store.get("a") == b"1"
    assert store.sha256("a") is not None
    assert store.open("a") is not None
    assert len(list(store.list(""))) == 2
    store.delete(["a", "b"])
    assert len(proxy.headers) == 7
    assert {headers["x-amz-request-payer"] for headers in proxy.headers} == {"requester"}


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (ObjectSettings("rot13"), "encryption 'rot13' is none of AES256, aws:kms"),
        (ObjectSettings("AES256", KEY), "is used with encryption aws:kms only"),
        (ObjectSettings(None, KEY), "is used with encryption aws:kms only"),
        (ObjectSettings("aws:kms", "my key"), "is no KMS key: give its id, its ARN or alias/<name>"),
        (ObjectSettings(storage_class="DEEP_ARCHIVE"), "cannot be read until they are restored"),
        (ObjectSettings(storage_class="GLACIER"), "GLACIER_IR can be read at once"),
        (ObjectSettings(storage_class="COLD"), "storage class 'COLD' is none of STANDARD, "),
        (ObjectSettings(tags=(("a", "1"), ("a", "2"))), "tag 'a' is given more than once"),
        (ObjectSettings(tags=(("aws:x", "1"),)), "does not begin with aws:"),
        (ObjectSettings(tags=(("", "1"),)), "is none of S3's"),
        (ObjectSettings(tags=(("a", "b&c"),)), "is none of S3's"),
        (ObjectSettings(tags=tuple((f"t{at}", "") for at in range(11))), "11 tags are more than the 10"),
    ],
)
def test_what_cannot_work_is_refused(settings: ObjectSettings, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        check_settings(settings)


@pytest.mark.parametrize(
    "settings",
    [
        ObjectSettings(),
        *(ObjectSettings("aws:kms", key) for key in (None, KEY, "alias/lake", "1234abcd-12ab-34cd-56ef-1234567890ab")),
        ObjectSettings("aws:kms:dsse", "mrk-1234abcd12ab34cd56ef1234567890ab"),
        ObjectSettings("AES256", None, "INTELLIGENT_TIERING", (("größe", ""),)),
    ],
)
def test_others_are_let_through(settings: ObjectSettings) -> None:
    check_settings(settings)
