"""Options that say how S3 is reached, and what it is told of every object that is written."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from callbeam.errors import UsageError
from callbeam.pipelines.command_line.parsing import web_address
from callbeam.storage import ENCRYPTIONS, STORAGE_CLASSES, ObjectSettings, StorageConfig, check_settings, resolve_config


def add_s3_arguments(add: Callable[..., Any], what_for: str) -> None:
    """Add the options that say how S3 is reached; ``s3_config`` reads them."""
    add("--s3-endpoint-url", type=web_address, metavar="URL", help="S3 elsewhere")
    add("--s3-role-arn", metavar="ARN", help=f"role to assume for {what_for} S3")
    add("--s3-role-external-id", metavar="ID", help="what that role's trust policy asks for, if it is another party's")
    add(
        "--s3-requester-pays",
        action="store_true",
        default=False,
        help="pay for requests and transfer where a bucket's owner asks for that",
    )


def add_s3_writing_arguments(add: Callable[..., Any]) -> None:
    """Add the options about every object that is written; ``object_settings`` reads them."""
    add(
        "--s3-sse", choices=ENCRYPTIONS, metavar="KIND", help=f"encryption of what is written: {', '.join(ENCRYPTIONS)}"
    )
    add("--s3-sse-kms-key-id", metavar="KEY", help="id, ARN or alias of the KMS key, with --s3-sse aws:kms")
    add("--s3-storage-class", metavar="CLASS", help=f"of what is written: {', '.join(STORAGE_CLASSES)}")
    add(
        "--s3-tag",
        dest="s3_tags",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="tag of what is written; may be repeated",
    )


def s3_config(options: argparse.Namespace, place: str, settings: ObjectSettings | None = None) -> StorageConfig:
    """Say how a place is reached, if it is on S3.

    Parameters
    ----------
    options : argparse.Namespace
    place : str
    settings : ObjectSettings, optional
        Of what is written there.
    """
    return StorageConfig(
        place,
        endpoint_url=options.s3_endpoint_url,
        role_arn=options.s3_role_arn,
        external_id=options.s3_role_external_id,
        requester_pays=options.s3_requester_pays,
        settings=settings or ObjectSettings(),
    )


def object_settings(options: argparse.Namespace, output: str) -> ObjectSettings:
    """Read the options about every object that is written below an output.

    Parameters
    ----------
    options : argparse.Namespace
    output : str
        A folder or ``s3://bucket/prefix``.

    Raises
    ------
    UsageError
        If they cannot work together, or with a local output.
    """
    tags = []
    for text in options.s3_tags:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--s3-tag {text!r} is not NAME=VALUE")
        tags.append((name, value))
    settings = ObjectSettings(options.s3_sse, options.s3_sse_kms_key_id, options.s3_storage_class, tuple(tags))
    if settings != ObjectSettings() and not output.startswith("s3://"):
        raise UsageError(
            "--s3-sse, --s3-sse-kms-key-id, --s3-storage-class and --s3-tag are about objects in S3, and "
            f"{output} is a local folder: leave them out, or write to s3://bucket/prefix"
        )
    check_settings(settings)
    return settings


def output_config(options: argparse.Namespace, output: str) -> StorageConfig:
    """Say how an output is reached that is written, its objects' settings included.

    Raises
    ------
    UsageError
        As ``object_settings``, and if the output cannot be one.
    """
    return resolve_config(s3_config(options, output, object_settings(options, output)))
