"""Where files land: one small interface over a local folder and S3."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

from callbeam.errors import UsageError
from callbeam.storage.interface import ObjectStore, StorageConfig, StorageError
from callbeam.storage.local import LocalStore
from callbeam.storage.s3 import PATIENCE_S, S3Store


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


def open_store(config: StorageConfig, *, patience_s: float = PATIENCE_S) -> ObjectStore:
    """Open the store that a configuration names; nothing is written yet.

    Parameters
    ----------
    config : StorageConfig
    patience_s : float, optional
        How long S3 is waited for where it does not answer as it should.

    Raises
    ------
    UsageError
        If the output is of no known kind, or credentials for it are missing or refused.
    """
    config = resolve_config(config)
    if config.output.startswith("s3://"):
        bucket, _, prefix = config.output.removeprefix("s3://").partition("/")
        return S3Store(
            bucket,
            prefix,
            endpoint_url=config.endpoint_url,
            role_arn=config.role_arn,
            external_id=config.external_id,
            requester_pays=config.requester_pays,
            settings=config.settings,
            patience_s=patience_s,
        )
    return LocalStore(Path(config.output))


def check_writable(store: ObjectStore) -> None:
    """Do once what a job does with its files, so that what cannot be done is told of before any work.

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
        store.put(key, b"callbeam looks whether it can write here\n", if_absent=True)
        overwritten = store.put(key, b"callbeam looks who wins\n", if_absent=True)
        store.copy(key, f"{key}-copied")
        list(store.list(key))
        store.delete([key, f"{key}-copied"])
    except StorageError as error:
        raise UsageError(str(error)) from error
    if overwritten:
        raise UsageError(
            f"{store.describe()} overwrites an object that is to be written only if there is none (If-None-Match), so "
            "jobs cannot be kept apart there: use a server that heeds that, as S3 does"
        )
