"""What a store of whole objects can do; the local folder and S3 both do exactly this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from callbeam.errors import JobError
from callbeam.storage.object_settings import ObjectSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import RawIOBase


class StorageError(JobError):
    """Storage did not do what was asked of it, retries included."""


class UnreachableError(StorageError):
    """Storage did not answer as it should for longer than it was waited for."""


class MissingObjectError(StorageError):
    """An object that was to be copied is not there."""


@dataclass(frozen=True, slots=True)
class StorageConfig:
    """Where output goes and how it is reached; holds no credentials.

    Attributes
    ----------
    output : str
        A local folder or ``s3://bucket/prefix``.
    endpoint_url : str or None
        S3 endpoint other than the SDK's own choice.
    role_arn : str or None
        Role to assume for S3.
    external_id : str or None
        What the role's trust policy asks for, if it is another party's.
    requester_pays : bool
        Whether buckets are read and written at the caller's cost where their owners ask for that.
    settings : ObjectSettings
        Of every object that is written to S3.
    """

    output: str
    endpoint_url: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    requester_pays: bool = False
    settings: ObjectSettings = field(default_factory=ObjectSettings)


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object: its key below the output, its size in bytes, and when it was written, in UTC milliseconds."""

    key: str
    size: int
    written_ms: int = field(default=0, compare=False)


class ObjectStore(Protocol):
    """Whole objects under keys such as ``calls/dt=2026-03-01/x.parquet``; each call retries by itself.

    A reader sees an object whole, as it was or as it is, and never half of it, whatever happens to the writer; one
    that reads ranges and cannot have the rest of what it began with is told so.
    Every method raises StorageError when retries did not help. Methods may be called from several threads.
    """

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool = False) -> bool:
        """Write an object whole; with ``if_absent`` return False, unwritten, where one exists."""

    def get(self, key: str) -> bytes | None:
        """Read an object; None if there is none."""

    def open(self, key: str) -> RawIOBase | None:
        """Open an object to be read by ranges, all of what it held when it was opened; None if there is none."""

    def sha256(self, key: str) -> str | None:
        """Return the hex digest of an object's bytes, without moving them where that can be helped; None if absent."""

    def copy(self, source: str, target: str) -> None:
        """Copy an object, whole or not at all; MissingObjectError if there is no source."""

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; missing ones are no error."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """List the objects whose key begins with ``prefix``, sorted by key."""

    def describe(self, key: str = "") -> str:
        """Spell where a key is, for people."""


def check_key(key: str) -> str:
    """Return the key if it stays below the output.

    Raises
    ------
    StorageError
        If a part of it is empty, begins with a dot (which covers ``..``) or holds a NUL or a backslash.
    """
    if "\0" in key or "\\" in key or any(not part or part.startswith(".") for part in key.split("/")):
        raise StorageError(f"{key!r} is not a key: parts between '/' must not be empty or begin with a dot")
    return key
