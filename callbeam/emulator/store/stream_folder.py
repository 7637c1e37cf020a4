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

_UNDESCRIBED = {"stream.json.new", "media.bin", "fragments.jsonl"}


class StreamGoneError(CallbeamError):
    """The stream was deleted, or its emulator stopped, while somebody still used it."""


class StreamFolder:
    """Files of a stream, which only grow. Media is written before its row, so a row that can be read has its media.

    They are open only while they are used: an account may have more streams than a process may have open files.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._media, self._rows = path / "media.bin", path / "fragments.jsonl"
        self._media.touch()
        self._rows.touch()
        self._media_size = self._media.stat().st_size
        self._rows_size = 0
        self._closed = False

    def read_info(self) -> Row:
        """Read what is known of the stream."""
        info: Row = json.loads((self.path / "stream.json").read_bytes())
        return info

    def write_info(self, info: Row) -> None:
        """Write what is known of the stream, whole or not at all."""
        self.check_open()
        temporary = self.path / "stream.json.new"
        temporary.write_text(json.dumps(info, indent=1))
        temporary.replace(self.path / "stream.json")

    def rows(self) -> Iterator[Row]:
        """Yield the fragments' rows; a last line that a killed process left unfinished is cut off."""
        whole = 0
        with self._rows.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                row: Row = json.loads(line)
                yield row
        os.truncate(self._rows, whole)
        self._rows_size = whole

    def append(self, media: bytes | memoryview, row: Row) -> int:
        """Store a fragment and its row, after ``rows`` has been read; return where its media begins.

        What a failed write leaves (a full disk) lies behind what counts as written, and the next one goes over it.
        """
        self.check_open()
        offset = self._media_size
        line = json.dumps({"offset": offset, "size": len(media), **row}, separators=(",", ":")).encode() + b"\n"
        _write_at(self._media, offset, media)
        _write_at(self._rows, self._rows_size, line)
        self._media_size += len(media)
        self._rows_size += len(line)
        return offset

    def read(self, offset: int, size: int) -> bytes:
        """Read media."""
        self.check_open()
        try:
            with self._media.open("rb", buffering=0) as file:
                return os.pread(file.fileno(), size, offset)
        except FileNotFoundError:
            raise self._gone() from None

    def close(self) -> None:
        """Let nobody use the files any more."""
        self._closed = True

    def remove(self) -> None:
        """Delete the files; the description first, without which a killed process leaves no stream."""
        self.close()
        (self.path / "stream.json").unlink(missing_ok=True)
        shutil.rmtree(self.path)

    def check_open(self) -> None:
        """Raise StreamGoneError if the stream was deleted: its files may be those of a new one of its name."""
        if self._closed:
            raise self._gone()

    def _gone(self) -> StreamGoneError:
        return StreamGoneError(f"the stream in {self.path} is gone; describe the streams again")


def remove_undescribed(path: Path) -> None:
    """Delete what a process left that was killed while it made or removed a stream: nothing of it was acknowledged.

    A folder that holds anything else is not an emulator's, and stays.
    """
    if path.is_dir() and {entry.name for entry in path.iterdir()} <= _UNDESCRIBED:
        shutil.rmtree(path)


def _write_at(path: Path, offset: int, data: bytes | memoryview) -> None:
    with path.open("r+b", buffering=0) as file:
        rest = memoryview(data)
        while rest:
            written = os.pwrite(file.fileno(), rest, offset)
            rest, offset = rest[written:], offset + written
