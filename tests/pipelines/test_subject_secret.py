"""The key of pseudonyms: plain or encrypted by KMS, and never shown."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import boto3
import pytest
from builders.stores import aws_server

from callbeam.errors import UsageError
from callbeam.pipelines.subject_secret import ENCRYPTED_VARIABLE, PLAIN_VARIABLE, subject_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "a secret of this test"


@pytest.fixture
def kms(aws_credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run KMS on this machine; give the secret as it encrypts it."""
    with aws_server() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", url)
        client = boto3.client("kms", region_name="us-east-1")
        key = client.create_key()["KeyMetadata"]["KeyId"]
        blob = client.encrypt(KeyId=key, Plaintext=SECRET.encode())["CiphertextBlob"]
        yield base64.b64encode(blob).decode()


def test_an_encrypted_secret_is_the_plain_one(kms: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert subject_secret("us-east-1") == (None, PLAIN_VARIABLE)
    monkeypatch.setenv(PLAIN_VARIABLE, SECRET)
    assert subject_secret("us-east-1") == (SECRET.encode(), PLAIN_VARIABLE)
    monkeypatch.setenv(ENCRYPTED_VARIABLE, kms)
    with pytest.raises(UsageError, match="are both set"):
        subject_secret("us-east-1")
    monkeypatch.delenv(PLAIN_VARIABLE)
    assert subject_secret("us-east-1") == (SECRET.encode(), ENCRYPTED_VARIABLE)


def test_what_kms_refuses_is_one_line(kms: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENCRYPTED_VARIABLE, "no base64!")
    with pytest.raises(UsageError, match="is no base64"):
        subject_secret("us-east-1")
    other = base64.b64encode(base64.b64decode(kms)[::-1]).decode()
    monkeypatch.setenv(ENCRYPTED_VARIABLE, other)
    with pytest.raises(UsageError, match="KMS does not decrypt CALLBEAM_SUBJECT_SECRET_KMS") as error:
        subject_secret("us-east-1")
    assert "\n" not in str(error.value)
    assert other not in str(error.value)
