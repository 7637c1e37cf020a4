"""Capture files: opened without copying them, and refused with what they are where they are no Matroska."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import TYPE_CHECKING

from callbeam.errors import UsageError
from callbeam.mkv.foreign import HEAD_BYTES, foreign_format

if TYPE_CHECKING:
    import os


def open_capture(path: str | os.PathLike[str]) -> memoryview:
    """Map a capture into memory, or read what cannot be mapped (a pipe).

    Parameters
    ----------
    path : path-like
        What GetMedia or GetMediaForFragmentList returned, or any Matroska file.

    Returns
    -------
    memoryview
        The file's bytes, read-only; its pages are read as they are looked at.

    Raises
    ------
    UsageError
        If the file cannot be read, is empty, or is something else: one line says what.
    """
    try:
        content = _mapped(Path(path))
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror or error}; name a file that exists and is readable"
        ) from error
    foreign = foreign_format(bytes(content[:HEAD_BYTES]))
    if foreign is not None:
        raise UsageError(f"{path} is no Matroska capture: it is {printable(foreign)}")
    return memoryview(content)


def _mapped(path: Path) -> bytes | mmap.mmap:
    with path.open("rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (ValueError, OSError):
            return file.read()


def printable(text: str) -> str:
    """Keep a capture's own text from steering a terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
