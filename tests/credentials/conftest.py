"""Each way to credentials that the SDK knows, as a machine or a person would have it, and none besides."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from builders.credential_services import LOGIN_TOKEN, POD_TOKEN, SECRET, TOKEN, CredentialServices, credential_services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROLE = "arn:aws:iam::123456789012:role/"


@pytest.fixture
def services() -> Iterator[CredentialServices]:
    with credential_services() as running:
        yield running


@dataclass
class Surroundings:
    """The SDK's environment, without anything of this machine's."""

    services: CredentialServices
    folder: Path
    set: Callable[[str, str], None]

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def environment(self) -> None:
        self.set("AWS_ACCESS_KEY_ID", "ASIAENVIRONMENT")
        self.set("AWS_SECRET_ACCESS_KEY", SECRET)
        self.set("AWS_SESSION_TOKEN", TOKEN)

    def profile(self) -> None:
        keys = f"aws_access_key_id = ASIAPROFILE\naws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n"
        self.file("aws-credentials", f"[lake]\n{keys}")
        self.set("AWS_PROFILE", "lake")

    def profile_with_a_role(self) -> None:
        self.profile()
        self.file("aws-config", f"[profile writer]\nrole_arn = {ROLE}writer\nsource_profile = lake\n")
        self.set("AWS_PROFILE", "writer")

    def web_identity(self) -> None:
        self.set("AWS_WEB_IDENTITY_TOKEN_FILE", self.file("token", "the-clusters-word"))
        self.set("AWS_ROLE_ARN", f"{ROLE}pod")

    def instance(self) -> None:
        self.set("AWS_EC2_METADATA_DISABLED", "false")
        self.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"{self.services.url}/")

    def container(self) -> None:
        self.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{self.services.url}/pod")
        self.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", self.file("pod-token", POD_TOKEN))

    def sso(self) -> None:
        self.file(
            "aws-config",
            "[profile analyst]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Analyst\n"
            "[sso-session corp]\nsso_region = eu-central-1\nsso_start_url = https://corp.awsapps.com/start\n",
        )
        login = {"accessToken": LOGIN_TOKEN, "expiresAt": "2099-01-01T00:00:00Z", "region": "eu-central-1"}
        self.file(f"sso/{hashlib.sha1(b'corp').hexdigest()}.json", json.dumps(login))
        self.set("AWS_PROFILE", "analyst")
        self.set("AWS_ENDPOINT_URL_SSO", self.services.url)


WAYS = {
    "environment": "ASIAENVIRONMENT",
    "profile": "ASIAPROFILE",
    "profile_with_a_role": "ASIAWRITER",
    "web_identity": "ASIAWEBIDENTITY",
    "instance": "ASIAINSTANCE",
    "container": "ASIACONTAINER",
    "sso": "ASIASSO",
}
"""Ways by name, and the access key that each leads to."""


@pytest.fixture
def surroundings(
    aws_credentials: None, services: CredentialServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Surroundings:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    # Below the home that there was when botocore was imported.
    monkeypatch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", str(tmp_path / "sso"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", services.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return Surroundings(services, tmp_path, monkeypatch.setenv)


@pytest.fixture(params=sorted(WAYS))
def access_key(request: pytest.FixtureRequest, surroundings: Surroundings) -> str:
    """Take each way in turn; return the access key at its end."""
    getattr(surroundings, request.param)()
    return WAYS[request.param]
