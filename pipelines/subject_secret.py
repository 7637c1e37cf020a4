"""The key of customers' pseudonyms: from the environment, as it is or encrypted by KMS."""

from __future__ import annotations

import base64
import binascii
import os

from botocore.exceptions import BotoCoreError, ClientError

from callbeam.aws import boto_session
from callbeam.errors import UsageError

PLAIN_VARIABLE = "CALLBEAM_SUBJECT_SECRET"
"""The environment variable with the key itself; with neither variable there are no pseudonyms."""

ENCRYPTED_VARIABLE = "CALLBEAM_SUBJECT_SECRET_KMS"
"""The environment variable with the key as ``aws kms encrypt`` writes it: ``CiphertextBlob`` in base64."""


def subject_secret(region: str | None = None) -> tuple[bytes | None, str]:
    """Return the key of ``subject_key``, and the variable that it comes from.

    Parameters
    ----------
    region : str, optional
        Where KMS is asked; the SDK's own by default.

    Returns
    -------
    (bytes or None, str)

    Raises
    ------
    UsageError
        If both variables are set, or KMS does not decrypt the key: one line that says why, without the key.
    """
    plain, encrypted = (os.environ.get(name, "") for name in (PLAIN_VARIABLE, ENCRYPTED_VARIABLE))
    if plain and encrypted:
        raise UsageError(f"{PLAIN_VARIABLE} and {ENCRYPTED_VARIABLE} are both set: leave one out")
    if encrypted:
        return _decrypted(encrypted, region), ENCRYPTED_VARIABLE
    return plain.encode() or None, PLAIN_VARIABLE


def _decrypted(encrypted: str, region: str | None) -> bytes:
    try:
        blob = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError):
        raise UsageError(f"{ENCRYPTED_VARIABLE} is no base64: give it CiphertextBlob of `aws kms encrypt`") from None
    try:
        answer = boto_session(region=region).client("kms", region_name=region).decrypt(CiphertextBlob=blob)
    except (BotoCoreError, ClientError) as error:
        raise UsageError(
            f"KMS does not decrypt {ENCRYPTED_VARIABLE}: {error}; check the region and the caller's kms:Decrypt"
        ) from error
    return bytes(answer["Plaintext"])
