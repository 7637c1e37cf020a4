"""What S3's errors mean: which pass by themselves, and what to tell a person of the others."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as BotocoreConnectionError
from botocore.parsers import ResponseParserError

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
"""Codes that a later attempt may not meet; other errors with a status of 500 and above pass, too, save 501."""

PASSING_TROUBLES = (
    BotocoreConnectionError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    ResponseParserError,
)
"""The same where S3 has not answered, or not to the end."""

UNKNOWN_KEY = "the access key is unknown there: check the credentials and the endpoint"

NO_S3 = "that is no S3, or not its bucket: check the endpoint and the bucket's name"

OTHER_REGION = "the bucket is in another region: set AWS_DEFAULT_REGION to it"
"""Said where the SDK was not told which one: else it goes there by itself."""

OTHER_STATE = "the KMS key cannot be used: enable it, or choose another one"

WAYS_OUT = {
    "NoSuchBucket": "the bucket does not exist: correct its name, or create it",
    "NotFound": NO_S3,
    "404": NO_S3,
    "MethodNotAllowed": NO_S3,
    "405": NO_S3,
    "InvalidBucketName": "that is not a bucket's name: correct it",
    "AccessDenied": "access is denied: allow s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket there, "
    "and s3:PutObjectTagging for tags",
    "AllAccessDisabled": "all access to the bucket is disabled: ask its owner",
    "InvalidAccessKeyId": UNKNOWN_KEY,
    "XAdminUserNotFound": UNKNOWN_KEY,  # versitygw's, where it has one user
    "SignatureDoesNotMatch": "the secret key does not fit: check the credentials and the endpoint",
    "SlowDown": "S3 asks for fewer requests: take fewer workers if this goes on",
    "RequestTimeTooSkewed": "the clock of this machine is wrong: set it",
    "InvalidObjectState": "the object is in an archive: restore it",
    "ExpiredToken": "the session's token has expired: log in again",
    "InvalidToken": "the session's token is not valid: log in again",
    "PermanentRedirect": OTHER_REGION,
    "AuthorizationHeaderMalformed": OTHER_REGION,
    "IllegalLocationConstraintException": OTHER_REGION,
    "KMS.NotFoundException": "there is no such KMS key in the bucket's region: correct it",
    "KMS.DisabledException": OTHER_STATE,
    "KMS.KMSInvalidStateException": OTHER_STATE,
    "InvalidStorageClass": "the storage class is unknown there: choose another one",
    "InvalidTag": "the server does not take these tags: correct them",
    "NotImplemented": "the server cannot do what is asked of it: leave out encryption, storage class and tags, or "
    "choose another server",
    "501": "the server cannot do what is asked of it: choose another one",
}
"""What to do about the errors that do not pass."""

READING = {"read", "listed"}

REFUSALS = {"AccessDenied", "403", "Forbidden"}
"""Codes that leave open what was refused: the server's message tells, if anything does."""

FORBIDDEN, NOT_IMPLEMENTED = 403, 501

LOGINS = {"AssumeRole", "AssumeRoleWithWebIdentity", "GetRoleCredentials", "CreateToken"}
"""Calls by which the SDK renews credentials, in the middle of any other."""

LOGIN_ERRORS = (CredentialRetrievalError, TokenRetrievalError, SSOError)

NO_TRUST = (
    "there is no trusted connection: name the authority of the endpoint's certificate in AWS_CA_BUNDLE, or write "
    "http:// if it has none"
)

TROUBLES = (
    (NoCredentialsError, "there are no AWS credentials: set AWS_PROFILE or attach a role"),
    (ParamValidationError, WAYS_OUT["InvalidBucketName"]),
    (ResponseParserError, NO_S3),
    (SSLError, NO_TRUST),
)
"""What to do where S3 has not answered."""

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
        return code_of(error) in PASSING_CODES or (status_of(error) >= 500 and status_of(error) != NOT_IMPLEMENTED)
    if isinstance(error, SSLError):
        return "CERTIFICATE" not in str(error)
    return isinstance(error, PASSING_TROUBLES)


def is_missing(error: Exception) -> bool:
    """Tell whether the object, not the bucket, is what is missing."""
    return code_of(error) in {"NoSuchKey", "404", "NotFound"}


def explain(error: Exception, done: str) -> str:
    """Say in one line what is wrong and what to do, of an object that was to be ``done``: written, read, listed ..."""
    line = " ".join(str(error).split())
    if getattr(error, "operation_name", "") in LOGINS or isinstance(error, LOGIN_ERRORS):
        way_out: str | None = "credentials cannot be had or renewed: log in again, or check the role"
    elif isinstance(error, ClientError):
        way_out = _refusal(error, READERS_WAYS_OUT if done in READING else {})
    else:
        way_out = next((text for kind, text in TROUBLES if isinstance(error, kind)), None)
    if way_out is None and is_passing(error):
        way_out = "the service does not answer as it should: check the network and the endpoint"
    return line if way_out is None else f"{way_out} ({line})"


def _refusal(error: ClientError, of_readers: dict[str, str]) -> str | None:
    """Say what to do about what S3 answers."""
    code = code_of(error)
    ways_out = WAYS_OUT | of_readers
    if code in ways_out and code not in REFUSALS:
        return ways_out[code]
    if code in REFUSALS and "kms:" in str(error):
        return "the KMS key may not be used: allow kms:GenerateDataKey and kms:Decrypt on it"
    return ways_out["AccessDenied"] if code in REFUSALS or status_of(error) == FORBIDDEN else None


def _response(error: Exception) -> dict[str, Any]:
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return response
