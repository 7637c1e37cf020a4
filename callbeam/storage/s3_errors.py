"""What S3's errors mean: which pass by themselves, and what to tell a person of the others."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
)
from botocore.exceptions import ConnectionError as BotocoreConnectionError

PASSING_CODES = {
    "BadDigest",
    "ConditionalRequestConflict",
    "ExpiredToken",
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "RequestTimeTooSkewed",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
}
"""Codes that a later attempt may not meet; other errors with a status of 500 and above pass, too."""

WAYS_OUT = {
    "NoSuchBucket": "the bucket does not exist: correct its name, or create it",
    "InvalidBucketName": "that is not a bucket's name: correct it",
    "AccessDenied": "access is denied: allow s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket there",
    "AllAccessDisabled": "all access to the bucket is disabled: ask its owner",
    "InvalidAccessKeyId": "the access key is unknown there: check the credentials and the endpoint",
    "SignatureDoesNotMatch": "the secret key does not fit: check the credentials and the endpoint",
    "ExpiredToken": "the session's token has expired: log in again",
    "InvalidToken": "the session's token is not valid: log in again",
    "PermanentRedirect": "the bucket is in another region: set AWS_REGION to it",
    "AuthorizationHeaderMalformed": "the bucket is in another region: set AWS_REGION to it",
    "IllegalLocationConstraintException": "the bucket is in another region: set AWS_REGION to it",
    "KMS.DisabledException": "the bucket's KMS key is disabled: enable it, or choose another bucket",
}
"""What to do about the errors that do not pass."""

READING = {"read", "listed"}

READERS_WAYS_OUT = {"AccessDenied": "access is denied: allow s3:GetObject and s3:ListBucket there"}
"""What to do instead where nothing was to be written."""


def code_of(error: Exception) -> str:
    """Return S3's error code; the HTTP status where a response had no body, as HEAD's; empty for other errors."""
    return str(_response(error).get("Error", {}).get("Code", ""))


def status_of(error: Exception) -> int:
    """Return the HTTP status; 0 for errors without a response."""
    return int(_response(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_passing(error: Exception) -> bool:
    """Tell whether the same request may succeed later."""
    if isinstance(error, ClientError):
        return code_of(error) in PASSING_CODES or status_of(error) >= 500
    return isinstance(error, (BotocoreConnectionError, HTTPClientError, IncompleteReadError))


def is_missing(error: Exception) -> bool:
    """Tell whether the object, not the bucket, is what is missing."""
    return code_of(error) in {"NoSuchKey", "404", "NotFound"}


def explain(error: Exception, done: str) -> str:
    """Say in one line what is wrong and what to do, of an object that was to be ``done``: written, read, listed ..."""
    code = code_of(error)
    ways_out = WAYS_OUT | READERS_WAYS_OUT if done in READING else WAYS_OUT
    if code in ways_out:
        return ways_out[code]
    if status_of(error) == 403:
        return f"{ways_out['AccessDenied']} ({code})"
    if isinstance(error, (NoCredentialsError, CredentialRetrievalError)):
        return f"there are no AWS credentials: set AWS_PROFILE or attach a role ({_line(error)})"
    if isinstance(error, ParamValidationError):
        return f"{WAYS_OUT['InvalidBucketName']} ({_line(error)})"
    if is_passing(error):
        return f"the service does not answer as it should: check the network and the endpoint ({_line(error)})"
    return _line(error)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _response(error: Exception) -> dict[str, Any]:
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return response
