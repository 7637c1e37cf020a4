"""Sessions against moto's STS: the chain's credentials, an assumed role's, and what is told without any."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from builders.stores import aws_server

from callbeam.aws import boto_session
from callbeam.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = "arn:aws:iam::123456789012:role/lake-writer"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with aws_server() as url:
        yield url


@pytest.fixture(autouse=True)
def environment(aws_credentials: None, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "chain")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", endpoint)


def test_without_a_role_the_chain_is_used() -> None:
    session = boto_session(region="eu-west-1")
    assert session.get_credentials().access_key == "chain"
    assert session.region_name == "eu-west-1"


@pytest.mark.parametrize("region", [None, "eu-central-1"])
def test_a_role_is_assumed_and_named(region: str | None) -> None:
    session = boto_session(ROLE, region)
    assert session.get_credentials().access_key != "chain"
    who = session.client("sts", region_name="us-east-1").get_caller_identity()
    assert who["Arn"] == "arn:aws:sts::123456789012:assumed-role/lake-writer/callbeam"
    assert session.region_name == region


def test_an_assumed_role_renews_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = boto_session(ROLE).get_credentials()
    before = credentials.get_frozen_credentials()
    assert credentials.get_frozen_credentials() == before

    def later() -> datetime:
        return datetime.now(timezone.utc) + timedelta(minutes=55)

    monkeypatch.setattr("botocore.credentials._local_now", later)
    monkeypatch.setattr(credentials, "_time_fetcher", later)
    assert credentials.get_frozen_credentials().access_key != before.access_key


def test_no_credentials_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UsageError, match=r"^no AWS credentials found: .*AWS_PROFILE[^\n]*$"):
        boto_session()


def test_an_unknown_profile_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(UsageError, match=r"nobody[^\n]*$"):
        boto_session()


@pytest.mark.parametrize("role", ["lake-writer", "arn:aws:iam::123456789012:user/somebody"])
def test_what_is_no_role_is_named(role: str) -> None:
    with pytest.raises(UsageError, match="not a role's ARN"):
        boto_session(role)


def test_a_role_that_cannot_be_assumed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(UsageError, match=r"lake-writer cannot be assumed: [^\n]*sts:AssumeRole$"):
        boto_session(ROLE)
