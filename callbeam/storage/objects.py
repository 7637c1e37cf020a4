"""Where files land: one small interface over a local folder and S3."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

from callbeam.errors import UsageError
from callbeam.storage.interface import ObjectStore, StorageConfig, StorageError
from callbeam.storage.local import LocalStore
from callbeam.storage.s3 import S3Store


def resolve_config(config: StorageConfig) -> StorageConfig:
    """Make the output independent of the folder that a process runs in; do so before a job is submitted.

    Examples
    --------
    >>> resolve_config(StorageConfig("s3://lake/calls/")).output
    's3://lake/calls'

    Raises
    ------
    UsageError
        If the output is neither a local folder nor ``s3://bucket/prefix``.
    """
    output = config.output
    if output.startswith("s3://"):
        bucket, _, prefix = output.removeprefix("s3://").partition("/")
        parts = [part for part in prefix.split("/") if part]
        if not bucket or any(part.startswith(".") for part in parts):
            raise UsageError(f"output {output!r} is not s3://bucket or s3://bucket/prefix")
        return replace(config, output="/".join(("s3:/", bucket, *parts)))
    if not output or "://" in output:
        raise UsageError(f"output {output!r} is neither a local folder nor s3://bucket/prefix")
    return replace(config, output=str(Path(output).expanduser().absolute()))


def open_store(config: StorageConfig) -> ObjectStore:
    """Open the store that a configuration names; nothing is written yet.

    Parameters
    ----------
    config : StorageConfig

    Raises
    ------
    UsageError
        If the output is of no known kind, or credentials for it are missing or refused.
    """
    config = resolve_config(config)
    if config.output.startswith("s3://"):
        bucket, _, prefix = config.output.removeprefix("s3://").partition("/")
        return S3Store(bucket, prefix, endpoint_url=config.endpoint_url, role_arn=config.role_arn)
    return LocalStore(Path(config.output))


def check_writable(store: ObjectStore) -> None:
    """Write and delete a small object, so that what cannot be written is told of before any work.

    Parameters
    ----------
    store : ObjectStore

    Raises
    ------
    UsageError
        One line that names the cause and the way out.
    """
    key = f"_jobs/probe-{uuid.uuid4().hex}"
    try:
        store.put(key, b"callbeam looks whether it can write here\n")
        store.delete([key])
    except StorageError as error:
        raise UsageError(str(error)) from error
