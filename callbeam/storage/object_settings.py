"""What S3 is told of every object that is written: its encryption, its storage class, its tags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from callbeam.errors import UsageError

ENCRYPTIONS = ("AES256", "aws:kms", "aws:kms:dsse")

STORAGE_CLASSES = (
    "STANDARD",
    "INTELLIGENT_TIERING",
    "STANDARD_IA",
    "ONEZONE_IA",
    "GLACIER_IR",
    "REDUCED_REDUNDANCY",
)
"""Those whose objects can be read at once: manifests and tables are read again by the jobs that follow."""

ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")

MOST_TAGS = 10
"""Of an object, in S3."""

_TAG_NAME = re.compile(r"[\w \-+=.:/@]{1,128}")
_TAG_VALUE = re.compile(r"[\w \-+=.:/@]{0,256}")
_KMS_KEY = re.compile(r"arn:[\w-]+:kms:[\w-]+:\d{12}:(key|alias)/\S+|alias/\S+|(mrk-)?[0-9a-fA-F-]{32,36}")


@dataclass(frozen=True, slots=True)
class ObjectSettings:
    """Settings of every object that is written, on its way into the tables as within them.

    Attributes
    ----------
    encryption : str or None
        ``AES256``, ``aws:kms`` or ``aws:kms:dsse``; None for the bucket's default.
    kms_key_id : str or None
        The key's id, ARN or alias; None for the bucket's or the account's own.
    storage_class : str or None
        None for the bucket's default.
    tags : tuple of (str, str)
        Names and values.
    """

    encryption: str | None = None
    kms_key_id: str | None = None
    storage_class: str | None = None
    tags: tuple[tuple[str, str], ...] = ()

    def of_put(self) -> dict[str, Any]:
        """Return the parameters of PutObject."""
        asked = {
            "ServerSideEncryption": self.encryption,
            "SSEKMSKeyId": self.kms_key_id,
            "StorageClass": self.storage_class,
            "Tagging": urlencode(self.tags),
        }
        return {name: value for name, value in asked.items() if value}

    def of_copy(self) -> dict[str, Any]:
        """Return the parameters of CopyObject, which takes nothing from the source but metadata and tags."""
        return {**self.of_put(), **({"TaggingDirective": "REPLACE"} if self.tags else {})}


def check_settings(settings: ObjectSettings) -> None:
    """Refuse what cannot work, before any work.

    Parameters
    ----------
    settings : ObjectSettings

    Raises
    ------
    UsageError
        With what is wrong.
    """
    _check_encryption(settings)
    _check_storage_class(settings.storage_class)
    _check_tags(settings.tags)


def _check_encryption(settings: ObjectSettings) -> None:
    encryption, key = settings.encryption, settings.kms_key_id
    if encryption not in (None, *ENCRYPTIONS):
        raise UsageError(f"encryption {encryption!r} is none of {', '.join(ENCRYPTIONS)}")
    if key is None:
        return
    if not (encryption or "").startswith("aws:kms"):
        raise UsageError(f"KMS key {key} is used with encryption aws:kms only: ask for that, or leave the key out")
    if not _KMS_KEY.fullmatch(key):
        raise UsageError(f"{key!r} is no KMS key: give its id, its ARN or alias/<name>")


def _check_storage_class(name: str | None) -> None:
    if name in ARCHIVES:
        raise UsageError(
            f"storage class {name} is an archive: its objects cannot be read until they are restored, and jobs read "
            "their own files and manifests; GLACIER_IR can be read at once, or let a lifecycle rule archive old tables"
        )
    if name not in (None, *STORAGE_CLASSES):
        raise UsageError(f"storage class {name!r} is none of {', '.join(STORAGE_CLASSES)}")


def _check_tags(tags: tuple[tuple[str, str], ...]) -> None:
    if len(tags) > MOST_TAGS:
        raise UsageError(f"{len(tags)} tags are more than the {MOST_TAGS} that an object in S3 can have")
    names = [name for name, _ in tags]
    for name, value in tags:
        if names.count(name) > 1:
            raise UsageError(f"tag {name!r} is given more than once")
        if not _TAG_NAME.fullmatch(name) or not _TAG_VALUE.fullmatch(value) or name.lower().startswith("aws:"):
            raise UsageError(
                f"tag {name}={value} is none of S3's: up to 128 and 256 letters, digits, spaces and + - = . _ : / @, "
                "and a name that does not begin with aws:"
            )
