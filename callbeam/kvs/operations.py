"""KVS's read operations: each call to the right place, with endpoint and credentials renewed when in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from callbeam.kvs.endpoints import DataEndpoints
from callbeam.kvs.retry import Patience
from callbeam.kvs.service_errors import SDK_ERRORS, KvsError, Trouble, trouble_of
from callbeam.kvs.session import Clients
from callbeam.stream_arns import stream_region

if TYPE_CHECKING:
    from collections.abc import Callable

    from callbeam.kvs.config import KvsConfig
    from callbeam.kvs.lanes import Stream
    from callbeam.kvs.timing import Timing

LIST_FRAGMENTS = "LIST_FRAGMENTS"
GET_MEDIA_FOR_FRAGMENT_LIST = "GET_MEDIA_FOR_FRAGMENT_LIST"

_ENDPOINT_IN_DOUBT = frozenset({Trouble.WRONG_ENDPOINT, Trouble.DENIED, Trouble.UNREACHABLE})
INTERACTIVE_GIVE_UP_S = 20.0
"""How long the first calls of a command wait for a service that fails or throttles: somebody watches."""


class KvsService:
    """Calls of one process to KVS."""

    def __init__(self, config: KvsConfig, timing: Timing) -> None:
        self.config = config
        self.timing = timing
        self.clients = Clients(config)
        self._endpoints = DataEndpoints(self._ask_endpoint, timing)

    def control(self, region: str, operation: str, what: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation of the control plane, retrying for a short while.

        Raises
        ------
        KvsError
            If it is refused, or fails or is throttled for longer than a person waits.
        """
        patience = Patience(f"{operation} of {what}", self.config, self.timing, give_up_after_s=INTERACTIVE_GIVE_UP_S)
        return _persist(lambda: self._control_once(region, operation, parameters), patience, self._renew)

    def list_fragments_page(self, stream: Stream, **parameters: Any) -> dict[str, Any]:
        """Call ListFragments once for a page, retrying what can be retried.

        Raises
        ------
        ClientError
            With ``InvalidArgumentException``: what that means depends on what was asked.
        KvsError
            For everything else that does not pass.
        """
        patience = Patience(f"ListFragments of stream {stream.name}", self.config, self.timing)
        return _persist(
            lambda: self.data_once(stream, LIST_FRAGMENTS, "list_fragments", parameters),
            patience,
            lambda trouble: self.doubt(stream, LIST_FRAGMENTS, trouble),
            passed_on=frozenset({Trouble.INVALID}),
        )

    def data_once(self, stream: Stream, api: str, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Call a data API once, at the stream's endpoint.

        Raises
        ------
        ClientError, BotoCoreError, OSError
            As boto3 raises them.
        """
        endpoint = self.clients.given_media_endpoint() or self._endpoints.get(stream.arn, api)
        client = self.clients.archived_media(stream.region, endpoint)
        answer: dict[str, Any] = getattr(client, method)(StreamARN=stream.arn, **parameters)
        return answer

    def doubt(self, stream: Stream, api: str, trouble: Trouble) -> None:
        """Forget what may have caused a failure: the data endpoint, and after a refusal the credentials."""
        if trouble in _ENDPOINT_IN_DOUBT:
            self._endpoints.forget(stream.arn, api)
        self._renew(trouble)

    def _renew(self, trouble: Trouble) -> None:
        if trouble is Trouble.DENIED:
            self.clients.renew()

    def _ask_endpoint(self, stream_arn: str, api: str) -> str:
        asked = {"StreamARN": stream_arn, "APIName": api}
        answer = self._control_once(stream_region(stream_arn), "GetDataEndpoint", asked)
        endpoint = answer.get("DataEndpoint")
        if not endpoint:
            raise KvsError(f"GetDataEndpoint of {stream_arn}: the answer names no endpoint; check --kvs-endpoint-url")
        return str(endpoint)

    def _control_once(self, region: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        method = _METHODS[operation]
        answer: dict[str, Any] = getattr(self.clients.control(region), method)(**parameters)
        return answer


_METHODS = {
    "DescribeStream": "describe_stream",
    "ListStreams": "list_streams",
    "GetDataEndpoint": "get_data_endpoint",
}


def _persist(
    call: Callable[[], dict[str, Any]],
    patience: Patience,
    doubt: Callable[[Trouble], None],
    passed_on: frozenset[Trouble] = frozenset(),
) -> dict[str, Any]:
    """Call until there is an answer, or no patience left; errors of kinds ``passed_on`` are the caller's."""
    while True:
        answer = _attempt(call, patience, doubt, passed_on)
        if answer is not None:
            return answer


def _attempt(
    call: Callable[[], dict[str, Any]],
    patience: Patience,
    doubt: Callable[[Trouble], None],
    passed_on: frozenset[Trouble],
) -> dict[str, Any] | None:
    try:
        return call()
    except SDK_ERRORS as error:
        trouble = trouble_of(error)
        if trouble in passed_on:
            raise
        doubt(trouble)
        patience.bear(trouble, error)
        return None
