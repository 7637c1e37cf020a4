"""Sessions for AWS: the SDK's own credential chain, with a role on top of it where one is given."""

from __future__ import annotations

from functools import partial
from typing import Any

import boto3
import botocore.session
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from callbeam.errors import UsageError

ROLE_SESSION_NAME = "callbeam"
"""How an assumed role's calls are named in CloudTrail."""

STS_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where STS is asked when no region is known, by the partition of the role's ARN."""


def boto_session(
    role_arn: str | None = None, region: str | None = None, *, external_id: str | None = None
) -> boto3.session.Session:
    """Open a session whose clients renew their credentials for as long as they live.

    The session belongs to this process: it cannot be pickled, and its credentials never leave it.

    Parameters
    ----------
    role_arn : str or None
        Role to assume with what the SDK's chain finds; None to use that itself.
    region : str or None
        Region of the session's clients; None for the SDK's own choice.
    external_id : str or None
        What the role's trust policy asks for, if it is another party's.

    Raises
    ------
    UsageError
        If there are no credentials, the profile does not exist or the role cannot be assumed.
    """
    if external_id is not None and role_arn is None:
        raise UsageError(f"external id {external_id} is for assuming a role: give the role's ARN, too")
    base = botocore.session.get_session()
    credentials = _chain_credentials(base)
    if region is not None:
        base.set_config_variable("region", region)
    if role_arn is None:
        return boto3.session.Session(botocore_session=base)
    session = botocore.session.get_session()
    session.register_component("credential_provider", _Fixed(_assume(base, credentials, role_arn, external_id)))
    return boto3.session.Session(botocore_session=session, region_name=region)


class _Fixed:
    """A credential chain of one link."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        return self._credentials


def _chain_credentials(session: Any) -> Any:
    try:
        credentials = session.get_credentials()
    except (BotoCoreError, ClientError) as error:
        raise UsageError(f"AWS credentials cannot be read: {error}") from error
    if credentials is None:
        raise UsageError(
            "no AWS credentials found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or run where an instance or task role is attached"
        )
    return credentials


def _assume(session: Any, credentials: Any, role_arn: str, external_id: str | None) -> Any:
    parts = role_arn.split(":")
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != "iam" or not parts[5].startswith("role/"):
        raise UsageError(f"{role_arn!r} is not a role's ARN: give it as arn:aws:iam::<account>:role/<name>")
    region = session.get_config_variable("region") or STS_REGIONS.get(parts[1], "us-east-1")
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(session.create_client, region_name=region),
        source_credentials=credentials,
        role_arn=role_arn,
        extra_args={"RoleSessionName": ROLE_SESSION_NAME, **({"ExternalId": external_id} if external_id else {})},
    )
    assumed = DeferredRefreshableCredentials(refresh_using=fetcher.fetch_credentials, method="assume-role")
    try:
        assumed.get_frozen_credentials()  # now, so that a role that is refused is told of before any work
    except (BotoCoreError, ClientError) as error:
        way_out = "check its trust policy, the external id that it asks for, and the caller's sts:AssumeRole"
        raise UsageError(f"role {role_arn} cannot be assumed: {error}; {way_out}") from error
    return assumed
