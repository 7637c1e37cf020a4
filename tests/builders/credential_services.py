"""What gives out credentials in AWS, on this machine: STS, an instance's metadata, a pod's agent, SSO's portal."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPIRES = "2099-01-01T00:00:00Z"
SECRET, TOKEN = "the-secret-that-stays", "the-token-that-stays"
EXTERNAL_ID = "our-contract-42"
POD_TOKEN = "the-pods-own-token"
LOGIN_TOKEN = "the-login-of-a-person"

STS_ANSWER = """<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><Credentials>
<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{token}</SessionToken>
<Expiration>{expires}</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>AROA:callbeam</AssumedRoleId>
<Arn>arn:aws:sts::123456789012:assumed-role/x/callbeam</Arn></AssumedRoleUser></{action}Result></{action}Response>"""

STS_REFUSAL = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>AccessDenied</Code><Message>User is not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>"""


@dataclass
class CredentialServices:
    """One server for all of them, told apart by paths.

    Attributes
    ----------
    asked : list of dict
        What STS was asked: parameters by name.
    expires : str
        When STS's credentials do.
    refusing : bool
        Whether everybody is turned away.
    """

    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    expires: str = EXPIRES
    refusing: bool = False

    def get(self, path: str, headers: dict[str, str]) -> tuple[int, str]:
        """Answer as instance metadata, a container's agent or SSO's portal."""
        if path.startswith("/latest/meta-data/iam/security-credentials"):
            if headers.get("x-aws-ec2-metadata-token") != "imds":
                return 401, ""
            return (200, "worker-role") if path.endswith("/") else (200, _document("ASIAINSTANCE", Code="Success"))
        if path == "/pod":
            return (200, _document("ASIACONTAINER")) if headers.get("authorization") == POD_TOKEN else (403, "{}")
        if path == "/federation/credentials":
            if self.refusing or headers.get("x-amz-sso_bearer_token") != LOGIN_TOKEN:
                return 401, json.dumps({"message": "Session token not found or invalid"})
            keys = {"accessKeyId": "ASIASSO", "secretAccessKey": SECRET, "sessionToken": TOKEN}
            return 200, json.dumps({"roleCredentials": {**keys, "expiration": 4_070_908_800_000}})
        return 404, ""

    def post(self, parameters: dict[str, str]) -> tuple[int, str]:
        """Answer as STS."""
        self.asked.append(parameters)
        action, arn = parameters["Action"], parameters["RoleArn"]
        foreign = arn.endswith("role/partner") and parameters.get("ExternalId") != EXTERNAL_ID
        if self.refusing or foreign:
            return 403, STS_REFUSAL
        key = "ASIAWEBIDENTITY" if action == "AssumeRoleWithWebIdentity" else f"ASIA{arn.rpartition('/')[2].upper()}"
        return 200, STS_ANSWER.format(action=action, key=key, secret=SECRET, token=TOKEN, expires=self.expires)


def _document(key: str, **more: str) -> str:
    times = {"Expiration": EXPIRES, "LastUpdated": "2026-01-01T00:00:00Z"}
    return json.dumps({"AccessKeyId": key, "SecretAccessKey": SECRET, "Token": TOKEN, **times, **more})


@contextmanager
def credential_services() -> Iterator[CredentialServices]:
    """Run the server."""
    state = CredentialServices()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.answer(*state.get(urlsplit(self.path).path, headers))

        def do_PUT(self) -> None:
            self.answer(200, "imds")

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(*state.post({name: values[0] for name, values in parse_qs(form).items()}))

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
