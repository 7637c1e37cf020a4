"""What S3's refusals are worded as, and which of them are tried again."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    FlexibleChecksumError,
    NoCredentialsError,
    SSLError,
    SSOTokenLoadError,
)

from callbeam.storage.s3_errors import explain, is_passing


def refusal(code: str, status: int, message: str = "no", operation: str = "PutObject") -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)


OF_KMS = "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: kms:GenerateDataKey on this resource"
OF_STS = "is not authorized to perform: sts:AssumeRole"
BAD_CERTIFICATE = "[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"


@pytest.mark.parametrize(
    ("error", "done", "told", "passing"),
    [
        (refusal("AccessDenied", 403), "written", "allow s3:PutObject, s3:GetObject", False),
        (refusal("403", 403, "Forbidden", "HeadObject"), "read", "allow s3:GetObject and s3:ListBucket there", False),
        (refusal("AccountProblem", 403), "written", "access is denied", False),
        (refusal("AccessDenied", 403, OF_KMS), "written", "allow kms:GenerateDataKey and kms:Decrypt on it", False),
        (refusal("AccessDenied", 403, OF_STS, "AssumeRole"), "written", "credentials cannot be had or renewed", False),
        (refusal("KMS.DisabledException", 400), "written", "the KMS key cannot be used: enable it", False),
        (refusal("KMS.NotFoundException", 400), "written", "no such KMS key in the bucket's region", False),
        (refusal("InvalidObjectState", 403), "read", "the object is in an archive: restore it", False),
        (refusal("PermanentRedirect", 301), "written", "in another region: set AWS_DEFAULT_REGION to it", False),
        (refusal("NotImplemented", 501), "written", "leave out encryption, storage class and tags", False),
        (refusal("405", 405), "written", "that is no S3, or not its bucket", False),
        (refusal("SlowDown", 503), "written", "S3 asks for fewer requests", True),
        (refusal("502", 502), "written", "the service does not answer as it should", True),
        (refusal("ExpiredToken", 400), "written", "the session's token has expired: log in again", True),
        (refusal("RequestTimeTooSkewed", 403), "written", "the clock of this machine is wrong", True),
        (SSOTokenLoadError(error_msg="none"), "written", "log in again", False),
        (CredentialRetrievalError(provider="pod", error_msg="no"), "written", "log in again, or check the role", False),
        (NoCredentialsError(), "written", "there are no AWS credentials", False),
        (SSLError(endpoint_url="https://x", error=BAD_CERTIFICATE), "written", "in AWS_CA_BUNDLE", False),
        (FlexibleChecksumError(error_msg="other bytes"), "read", "does not answer as it should", True),
    ],
)
def test_errors_are_told_and_tried_again(error: Exception, done: str, told: str, *, passing: bool) -> None:
    text = explain(error, done)
    assert told in text
    assert "\n" not in text
    assert is_passing(error) is passing
