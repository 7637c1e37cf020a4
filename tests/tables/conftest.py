"""The S3 server on this machine takes any keys."""

import pytest


@pytest.fixture(autouse=True)
def any_keys(aws_credentials: None) -> None:
    """Give the SDK something to sign with."""


@pytest.fixture
def no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the disk: a process is killed here, not a machine."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
