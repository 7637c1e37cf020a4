"""An object as a file that libsndfile reads: in blocks, and with its failures kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import RawIOBase

BLOCK_BYTES = 1 << 20
"""libsndfile asks for some kilobytes at a time, and each may be a request to S3."""


class ObjectBytes:
    """A file over an object, of which the last block is at hand.

    What goes wrong within libsndfile's call-backs is printed and forgotten there, and the file then seems to end. So a
    failure is kept, for ``check`` to raise.

    Parameters
    ----------
    raw : io.RawIOBase
        The object, as a store opens it.
    """

    def __init__(self, raw: RawIOBase) -> None:
        self._raw = raw
        self._size = raw.seek(0, os.SEEK_END)
        self._at = 0
        self._begin = 0
        self._block = b""
        self._failure: Exception | None = None

    def check(self) -> None:
        """Raise what went wrong while the file was read."""
        if self._failure is not None:
            raise self._failure

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Set where the next read begins; return it."""
        self._at = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence] + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, fewer at the end; none any more once a read has failed."""
        left = max(self._size - self._at, 0)
        size = left if size < 0 else min(size, left)
        try:
            parts = []
            while size > 0 and self._failure is None:
                part = self._within_block(size)
                parts.append(part)
                size -= len(part)
            return b"".join(parts)
        except Exception as error:  # noqa: BLE001  (whatever it is, libsndfile would swallow it)
            self._failure = error
            return b""

    def _within_block(self, size: int) -> bytes:
        """Return what the block at hand holds of the next bytes, after fetching it if need be."""
        if not self._begin <= self._at < self._begin + len(self._block):
            self._raw.seek(self._at)
            self._block = self._raw.read(min(max(size, BLOCK_BYTES), self._size - self._at)) or b""
            self._begin = self._at
            if not self._block:
                raise OSError("the file is shorter than it was")
        offset = self._at - self._begin
        part = self._block[offset : offset + size]
        self._at += len(part)
        return part
