"""The S3 server on this machine takes any keys."""

import pytest


@pytest.fixture(autouse=True)
def any_keys(aws_credentials: None) -> None:
    """Give the SDK something to sign with."""
