"""One stream on disk: ``stream.json``, ``media.bin`` (fragments end to end), ``fragments.jsonl`` (a row for each)."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from callbeam.errors import CallbeamError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Row = dict[str, Any]


class StreamGoneError(CallbeamError):
    """The stream was deleted, or its emulator stopped, while somebody still used it."""


class StreamFolder:
    """Append-only files of a stream. Media is written before its row, so a row that can be read has its media."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._media = os.open(path / "media.bin", os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._rows = os.open(path / "fragments.jsonl", os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._size = os.fstat(self._media).st_size
        self._closed = False

    def read_info(self) -> Row | None:
        """Read what is known of the stream; None if it was never written."""
        try:
            info: Row = json.loads((self.path / "stream.json").read_bytes())
        except FileNotFoundError:
            return None
        return info

    def write_info(self, info: Row) -> None:
        """Write what is known of the stream, whole or not at all."""
        temporary = self.path / "stream.json.new"
        temporary.write_text(json.dumps(info, indent=1))
        temporary.replace(self.path / "stream.json")

    def rows(self) -> Iterator[Row]:
        """Yield the fragments' rows; a last line that a killed process left unfinished is cut off."""
        whole = 0
        with (self.path / "fragments.jsonl").open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                row: Row = json.loads(line)
                yield row
        os.truncate(self._rows, whole)

    def append(self, media: bytes | memoryview, row: Row) -> int:
        """Store a fragment and its row; return where its media begins."""
        self.check_open()
        offset = self._size
        _write_all(self._media, media)
        self._size += len(media)
        line = json.dumps({"offset": offset, "size": len(media), **row}, separators=(",", ":"))
        _write_all(self._rows, line.encode() + b"\n")
        return offset

    def read(self, offset: int, size: int) -> bytes:
        """Read media."""
        self.check_open()
        return os.pread(self._media, size, offset)

    def close(self) -> None:
        """Close the files."""
        self._closed = True
        os.close(self._media)
        os.close(self._rows)

    def remove(self) -> None:
        """Close the files and delete them."""
        self.close()
        shutil.rmtree(self.path)

    def check_open(self) -> None:
        """Raise StreamGoneError if the files are closed: their descriptors may be other files' by now."""
        if self._closed:
            raise StreamGoneError(f"the stream in {self.path} is gone; describe the streams again")


def _write_all(file: int, data: bytes | memoryview) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
