"""Where files land: one small interface over a local folder and S3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
    """

    output: str
    endpoint_url: str | None = None
    role_arn: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object: its key below the output, and its size in bytes."""

    key: str
    size: int


class ObjectStore(Protocol):
    """Whole objects under keys such as ``calls/dt=2026-03-01/x.parquet``; each call retries by itself."""

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool = False) -> bool:
        """Write an object whole; with ``if_absent`` return False, unwritten, where one exists."""

    def get(self, key: str) -> bytes | None:
        """Read an object; None if there is none."""

    def copy(self, source: str, target: str) -> None:
        """Copy an object, whole or not at all."""

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; missing ones are no error."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """List the objects whose key begins with ``prefix``, sorted by key."""
