"""The errors that KVS answers with: code, HTTP status, message; and their framing on the wire."""

from __future__ import annotations

import json
import uuid

from aiohttp import web

from callbeam.errors import CallbeamError


class ServiceError(CallbeamError):
    """An error answer of the service.

    Attributes
    ----------
    code : str
        What an SDK names the error by, e.g. ``ClientLimitExceededException``.
    status : int
        HTTP status.
    message : str
        Text for people.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status

    def response(self) -> web.Response:
        """Frame the error as AWS does: the documentation's header, the header that botocore reads, a JSON body."""
        headers = {"x-amzn-ErrorType": self.code, "x-amz-ErrorType": self.code, **request_id()}
        body = json.dumps({"Message": self.message}).encode()
        return web.Response(status=self.status, body=body, headers=headers, content_type="application/json")


def request_id() -> dict[str, str]:
    """Make the header that names one answer, in the spellings that SDKs read."""
    identity = str(uuid.uuid4())
    return {"x-amz-RequestId": identity, "x-amzn-RequestId": identity}


def invalid_argument(message: str) -> ServiceError:
    """Make the error for a request that breaks a rule; sending it again does not help."""
    return ServiceError("InvalidArgumentException", message)


def stream_not_found(given: str) -> ServiceError:
    """Make the error for a stream that does not exist."""
    return ServiceError("ResourceNotFoundException", f"The requested stream is not found or not active: {given}", 404)


def client_limit(message: str) -> ServiceError:
    """Make the error for a caller that is too fast."""
    return ServiceError("ClientLimitExceededException", message)


def connection_limit(message: str) -> ServiceError:
    """Make the error for one connection too many."""
    return ServiceError("ConnectionLimitExceededException", message)
