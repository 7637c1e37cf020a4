"""Whatever way credentials come, requests to S3 and to KVS are signed with them; what is missing is one line."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from builders.credential_services import EXTERNAL_ID, SECRET, TOKEN
from builders.stores import faulty_proxy

from callbeam.aws import boto_session
from callbeam.emulator import Emulator
from callbeam.errors import UsageError
from callbeam.kvs import KvsClient, KvsConfig
from callbeam.storage import StorageConfig, StorageError, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builders.credential_services import CredentialServices
    from builders.stores import FaultyProxy
    from credentials.conftest import Surroundings

PARTNER = "arn:aws:iam::210987654321:role/partner"


@pytest.fixture(scope="module")
def kvs() -> Iterator[Emulator]:
    with Emulator() as emulator:
        emulator.add_stream("calls-1")
        yield emulator


@pytest.fixture
def kvs_proxy(kvs: Emulator) -> Iterator[FaultyProxy]:
    with faulty_proxy(kvs.endpoint_url) as running:
        yield running


def signed_with(proxy: FaultyProxy) -> set[tuple[str, str | None]]:
    """Return the access keys and tokens that requests came with."""
    return {
        (re.search(r"Credential=(\w+)/", headers["authorization"])[1], headers.get("x-amz-security-token"))
        for headers in proxy.headers
    }


def use_s3(proxy: FaultyProxy, bucket: str, **config: str) -> None:
    store = open_store(StorageConfig(f"s3://{bucket}", endpoint_url=proxy.url, **config))
    store.put("a", b"1")
    assert store.get("a") == b"1"


def use_kvs(proxy: FaultyProxy, **config: str) -> None:
    client = KvsClient(KvsConfig(endpoint_url=proxy.url, region="us-east-1", **config))
    (stream,) = client.resolve_streams(["calls-*"])
    assert stream.name == "calls-1"
    client.close()


def test_s3_is_asked_with_them(access_key: str, bucket: str, proxy: FaultyProxy) -> None:
    use_s3(proxy, bucket)
    assert signed_with(proxy) == {(access_key, TOKEN)}
    assert SECRET not in str(proxy.headers)


def test_kvs_is_asked_with_them(access_key: str, kvs_proxy: FaultyProxy) -> None:
    use_kvs(kvs_proxy)
    assert signed_with(kvs_proxy) == {(access_key, TOKEN)}


def test_a_role_is_assumed_with_them(
    access_key: str, services: CredentialServices, bucket: str, proxy: FaultyProxy, kvs_proxy: FaultyProxy
) -> None:
    role = {"role_arn": PARTNER, "external_id": EXTERNAL_ID}
    use_s3(proxy, bucket, **role)
    use_kvs(kvs_proxy, **role)
    assert signed_with(proxy) == signed_with(kvs_proxy) == {("ASIAPARTNER", TOKEN)}
    assumed = [one for one in services.asked if one["RoleArn"] == PARTNER]
    assert {(one["Action"], one["RoleSessionName"], one["ExternalId"]) for one in assumed} == {
        ("AssumeRole", "callbeam", EXTERNAL_ID)
    }


@pytest.mark.parametrize("external_id", [None, "another"])
def test_a_role_that_asks_for_another_external_id(surroundings: Surroundings, external_id: str | None) -> None:
    surroundings.environment()
    with pytest.raises(UsageError, match=r"role/partner cannot be assumed: .*; check .* the external id that it asks"):
        boto_session(PARTNER, external_id=external_id)


def test_an_external_id_without_a_role(surroundings: Surroundings) -> None:
    surroundings.environment()
    with pytest.raises(UsageError, match="external id our-contract-42 is for assuming a role: give the role's ARN"):
        boto_session(external_id=EXTERNAL_ID)


def test_a_login_that_has_ended(
    surroundings: Surroundings, services: CredentialServices, bucket: str, proxy: FaultyProxy, kvs_proxy: FaultyProxy
) -> None:
    surroundings.sso()
    services.refusing = True
    with pytest.raises(StorageError, match=r"cannot be written: credentials cannot be had or renewed: log in again"):
        use_s3(proxy, bucket)
    with pytest.raises(UsageError, match=r"401: Session token not found or invalid; check the credentials"):
        use_kvs(kvs_proxy)


def test_a_role_that_is_withdrawn_while_a_job_runs(
    surroundings: Surroundings, services: CredentialServices, bucket: str, proxy: FaultyProxy
) -> None:
    surroundings.web_identity()
    soon = datetime.now(timezone.utc) + timedelta(minutes=5)  # by then they must be renewed with each request
    services.expires = soon.isoformat(timespec="seconds")
    store = open_store(StorageConfig(f"s3://{bucket}", endpoint_url=proxy.url))
    store.put("a", b"1")
    services.refusing = True
    with pytest.raises(StorageError, match=r"credentials cannot be had or renewed: .*AssumeRoleWithWebIdentity"):
        store.put("b", b"1")
