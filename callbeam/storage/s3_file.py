"""An object in S3 as a file that is read by ranges, one request each."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TAIL_BYTES = 64 * 1024
"""What is fetched first, from the end: there a Parquet file says what lies where; many a small file is whole in it."""


@dataclass(frozen=True, slots=True)
class ObjectPart:
    """What a request for a range gave.

    Attributes
    ----------
    begin : int
        Where in the object the content begins.
    content : bytes
    size : int
        Of the whole object, in bytes.
    version : str
        Names what the object held then (its ETag).
    """

    begin: int
    content: bytes
    size: int
    version: str


class RangedFile(io.RawIOBase):
    """A file over ranges of an object, all of one version.

    Parameters
    ----------
    tail : ObjectPart
        The object's end: reads within it ask for nothing.
    fetch : callable
        Gives the part of a range (``0-99``, as HTTP spells it) of a version.
    """

    def __init__(self, tail: ObjectPart, fetch: Callable[[str, str], ObjectPart]) -> None:
        super().__init__()
        self._tail = tail
        self._fetch = fetch
        self._at = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that any place can be read."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Set where the next read begins; return it."""
        self._at = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._tail.size}[whence] + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or to the end, in at most one request."""
        begin, end = self._at, self._tail.size
        if size >= 0:
            end = min(begin + size, end)
        if end <= begin:
            return b""
        if begin >= self._tail.begin:
            content = self._tail.content[begin - self._tail.begin : end - self._tail.begin]
        else:
            content = self._fetch(f"{begin}-{end - 1}", self._tail.version).content
        self._at = begin + len(content)
        return content
