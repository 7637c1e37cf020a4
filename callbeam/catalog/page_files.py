"""The files that this room's commands write: where to is told on their command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence


def place_asked_for(
    parser: argparse.ArgumentParser, what: str, argv: Sequence[str] | None = None
) -> argparse.Namespace:
    """Parse a command line whose only argument is a ``path``, besides options that the parser has."""
    parser.add_argument("path", type=Path, help=what)
    return parser.parse_args(argv)


def write_files(parser: argparse.ArgumentParser, texts: Mapping[Path, str]) -> None:
    """Write files; what cannot be written ends the command with its usage."""
    try:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        parser.error(f"{error.filename} cannot be written: {error.strerror}")
