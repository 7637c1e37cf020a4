"""What a failed call means for who made it, told from the error code's text."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from callbeam.errors import JobError

SDK_ERRORS = (sdk.ClientError, sdk.BotoCoreError, ResponseParserError, HTTPError, OSError)
"""What boto3 raises for a call or a body that failed."""


class KvsError(JobError):
    """KVS could not be asked, or refused for good.

    Attributes
    ----------
    missing : bool
        What was asked about does not exist.
    """

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


class Trouble(Enum):
    """Kinds of failure, by what helps against them."""

    THROTTLED = auto()
    TOO_MANY_FRAGMENTS = auto()
    UNAVAILABLE = auto()
    UNREACHABLE = auto()
    WRONG_ENDPOINT = auto()
    DENIED = auto()
    NO_CREDENTIALS = auto()
    MISSING = auto()
    INVALID = auto()
    OTHER = auto()


# Compared as text: several of these are in the documents but not in botocore's models, so that no exception class
# exists for them, and botocore retries none of the limits by itself (they come as HTTP 400).
_BY_CODE = {
    "ClientLimitExceededException": Trouble.THROTTLED,
    "ConnectionLimitExceededException": Trouble.THROTTLED,
    "ThrottlingException": Trouble.THROTTLED,
    "Throttling": Trouble.THROTTLED,
    "TooManyRequestsException": Trouble.THROTTLED,
    "RequestLimitExceeded": Trouble.THROTTLED,
    "SlowDown": Trouble.THROTTLED,
    "FragmentLimitExceeded": Trouble.TOO_MANY_FRAGMENTS,
    "FragmentLimitExceededException": Trouble.TOO_MANY_FRAGMENTS,
    "InternalFailure": Trouble.UNAVAILABLE,
    "InternalServerError": Trouble.UNAVAILABLE,
    "ServiceUnavailable": Trouble.UNAVAILABLE,
    "RequestTimeout": Trouble.UNAVAILABLE,
    "InvalidEndpointException": Trouble.WRONG_ENDPOINT,
    "UnknownOperationException": Trouble.WRONG_ENDPOINT,
    "404": Trouble.WRONG_ENDPOINT,  # a 404 that KVS did not write: another host answered
    "NotAuthorizedException": Trouble.DENIED,
    "AccessDeniedException": Trouble.DENIED,
    "AccessDenied": Trouble.DENIED,
    "ExpiredTokenException": Trouble.DENIED,
    "ExpiredToken": Trouble.DENIED,
    "UnrecognizedClientException": Trouble.DENIED,
    "InvalidClientTokenId": Trouble.DENIED,
    "401": Trouble.DENIED,
    "403": Trouble.DENIED,
    "ResourceNotFoundException": Trouble.MISSING,
    "InvalidArgumentException": Trouble.INVALID,
}

_WAYS_OUT = {
    Trouble.THROTTLED: "other callers use up the quota: run it again later",
    Trouble.UNAVAILABLE: "the service keeps failing: run it again later",
    Trouble.UNREACHABLE: "check the region, the endpoint and the network",
    Trouble.WRONG_ENDPOINT: "check the endpoint and the region",
    Trouble.DENIED: "check the credentials, and that their policy allows it",
    Trouble.NO_CREDENTIALS: "renew them, or set AWS_PROFILE",
    Trouble.MISSING: "check that the stream exists in this region and is active",
}

_THROTTLED_MEDIA = "other readers use up the quota: lower --fragments-per-second, or run it again later"
"""Of the one call that has a pace."""


def error_code(error: sdk.ClientError) -> str:
    """Return the error code's text, from the older header too, which botocore does not read."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code and not code.isdigit():
        return code
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get("x-amz-errortype", code)).split(":")[0]


def error_message(error: Exception) -> str:
    """Return what the service said, or the SDK, in one line."""
    if isinstance(error, sdk.ClientError):
        text = str(error.response.get("Error", {}).get("Message", ""))
        return " ".join(f"{error_code(error)}: {text}".split()).removesuffix(":")
    return " ".join(f"{error}".split()) or type(error).__name__


def trouble_of(error: Exception) -> Trouble:
    """Tell what kind of failure an error is.

    Parameters
    ----------
    error : Exception
        One of ``SDK_ERRORS``.
    """
    if isinstance(error, sdk.ClientError):
        return _trouble_of_answer(error)
    if isinstance(error, _CREDENTIAL_ERRORS):
        return Trouble.NO_CREDENTIALS
    if isinstance(error, (sdk.ReadTimeoutError, sdk.ResponseStreamingError, ResponseParserError)):
        return Trouble.UNAVAILABLE
    if isinstance(error, (sdk.HTTPClientError, sdk.ConnectionError, HTTPError, OSError)):
        return Trouble.UNREACHABLE
    return Trouble.OTHER


_CREDENTIAL_ERRORS: tuple[Any, ...] = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
    sdk.TokenRetrievalError,
    sdk.NoAuthTokenError,
    sdk.SSOError,
    sdk.ProfileNotFound,
)


def _trouble_of_answer(error: sdk.ClientError) -> Trouble:
    known = _BY_CODE.get(error_code(error))
    if known is not None:
        return known
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == 429:
        return Trouble.THROTTLED
    return Trouble.UNAVAILABLE if status >= 500 else Trouble.OTHER


def explain(what: str, trouble: Trouble, error: Exception) -> KvsError:
    """Word a failure for people: what was asked, what came back, what to do."""
    way_out = _way_out(trouble, error)
    text = f"{what}: {error_message(error)}" + (f"; {way_out}" if way_out else "")
    return KvsError(text, missing=trouble is Trouble.MISSING)


def _way_out(trouble: Trouble, error: Exception) -> str | None:
    is_of_media = isinstance(error, sdk.ClientError) and error.operation_name == "GetMediaForFragmentList"
    return _THROTTLED_MEDIA if trouble is Trouble.THROTTLED and is_of_media else _WAYS_OUT.get(trouble)
