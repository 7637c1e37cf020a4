"""boto3 clients for Kinesis Video Streams, one for each service, region and endpoint."""

from __future__ import annotations

import json
import os
import threading
from datetime import datetime, timezone
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.parsers import ResponseParserError
from botocore.utils import parse_timestamp

from callbeam.aws import boto_session
from callbeam.errors import UsageError

if TYPE_CHECKING:
    from callbeam.kvs.config import KvsConfig

CONTROL = "kinesisvideo"
ARCHIVED_MEDIA = "kinesis-video-archived-media"
_ARCHIVED_MEDIA_VARIABLE = "AWS_ENDPOINT_URL_KINESIS_VIDEO_ARCHIVED_MEDIA"


def _utc(value: Any) -> datetime:
    """Read a timestamp of a response: a number into UTC, where botocore goes by way of the local time zone.

    A listing has two for each fragment, and botocore's way takes half of its time.
    """
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, tz=timezone.utc)
    parsed: datetime = parse_timestamp(value)
    return parsed


def _leave_fragments(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Take the fragments of a page as JSON gives them: botocore looks up the shape of each value, for half of the time.

    It is called before botocore parses an answer.
    """
    page = _answer(response_dict)
    if page is not None and isinstance(page.get("Fragments"), list):
        customized_response_dict["Fragments"] = page.pop("Fragments")
        response_dict["body"] = json.dumps(page).encode()


def _refuse_what_is_no_answer(response_dict: dict[str, Any], **_: Any) -> None:
    """Let botocore parse nothing but answers."""
    _answer(response_dict)


def _answer(response_dict: dict[str, Any]) -> dict[str, Any] | None:
    """Return the body of an answer that says that all is well; None of another one.

    Raises
    ------
    ResponseParserError
        If it is no JSON object, as what stands between here and AWS may give. botocore would take it for an answer in
        which nothing is said: a page without fragments.
    """
    if response_dict["status_code"] != HTTPStatus.OK:
        return None
    body = response_dict["body"]
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ResponseParserError(f"what answers with status 200 is not Kinesis Video Streams: {body[:60]!r}")
    return answer


class Clients:
    """boto3 clients of this process; opened when first needed, shared by threads."""

    def __init__(self, config: KvsConfig) -> None:
        self._config = config
        self._lock = threading.RLock()
        self._session: Any = None
        self._clients: dict[tuple[str, str, str | None], Any] = {}
        self._sdk_config = Config(
            connect_timeout=config.connect_timeout_s,
            read_timeout=config.read_timeout_s,
            retries={"mode": "standard", "total_max_attempts": 1},  # retried by ``Patience``, which knows KVS's codes
            max_pool_connections=16,
            tcp_keepalive=True,
            user_agent_extra="callbeam",
        )

    def default_region(self) -> str:
        """Return the region for streams given by name.

        Raises
        ------
        UsageError
            If neither the configuration nor the SDK knows one.
        """
        with self._lock:
            region = self._config.region or self._opened().region_name or os.environ.get("AWS_REGION")
        if not region:
            raise UsageError("no AWS region: set AWS_DEFAULT_REGION, or give streams by their ARNs")
        return str(region)

    def control(self, region: str) -> Any:
        """Return a client for DescribeStream, ListStreams and GetDataEndpoint."""
        return self._client(CONTROL, region, self._config.endpoint_url)

    def archived_media(self, region: str, endpoint_url: str) -> Any:
        """Return a client for ListFragments and GetMediaForFragmentList at a data endpoint."""
        return self._client(ARCHIVED_MEDIA, region, endpoint_url)

    def given_media_endpoint(self) -> str | None:
        """Return the endpoint that the environment names for archived media alone, if any.

        That is more particular than GetDataEndpoint's answer, so it is used instead. The general ``AWS_ENDPOINT_URL``
        only says where to ask: what GetDataEndpoint answers there is followed, as it is for an explicit endpoint.
        """
        ignored = os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true"
        if self._config.endpoint_url or ignored:
            return None
        return os.environ.get(_ARCHIVED_MEDIA_VARIABLE) or None

    def renew(self) -> None:
        """Drop the session: the next call reads credentials anew."""
        with self._lock:
            self._session = None
            self._clients.clear()

    def close(self) -> None:
        """Close every client's connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self.renew()

    def _client(self, service: str, region: str, endpoint_url: str | None) -> Any:
        key = (service, region, endpoint_url)
        with self._lock:  # sessions, unlike clients, are not for several threads
            if key not in self._clients:
                self._clients[key] = self._new_client(service, region, endpoint_url)
            return self._clients[key]

    def _new_client(self, service: str, region: str, endpoint_url: str | None) -> Any:
        try:
            client = self._opened().client(
                service, region_name=region, endpoint_url=endpoint_url, config=self._sdk_config
            )
        except ValueError as error:  # what boto3 raises for a malformed region or URL
            raise UsageError(f"{error}; check the region and the endpoint's URL") from error
        events = client.meta.events
        if service == ARCHIVED_MEDIA:
            events.register(f"before-parse.{ARCHIVED_MEDIA}.ListFragments", _leave_fragments)
        else:
            events.register(f"before-parse.{CONTROL}", _refuse_what_is_no_answer)
        return client

    def _opened(self) -> Any:
        if self._session is None:
            config = self._config
            self._session = boto_session(config.role_arn, config.region, external_id=config.external_id)
            botocore_session = self._session._session  # noqa: SLF001  (boto3 has no public way)
            parsers = botocore_session.get_component("response_parser_factory")
            parsers.set_parser_defaults(timestamp_parser=_utc)
        return self._session
