"""Strict command lines: what is not known is an error with a suggestion, before anything else is looked at."""

from __future__ import annotations

import argparse
import difflib
import math
import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timezone
from typing import NoReturn

from callbeam.errors import UsageError


class StrictParser(argparse.ArgumentParser):
    """An argument parser that neither abbreviates nor exits: it raises UsageError."""

    def __init__(self, prog: str | None = None, description: str | None = None, epilog: str | None = None) -> None:
        super().__init__(prog=prog, description=description, epilog=epilog, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise UsageError(message)

    @property
    def known_options(self) -> list[str]:
        """The options by every name that they have."""
        return list(self._option_string_actions)


def parse(
    parser: StrictParser, argv: Sequence[str], *, others: Collection[str] = ()
) -> tuple[argparse.Namespace, list[str]]:
    """Parse a command line in which every option must be known.

    Parameters
    ----------
    parser : StrictParser
        The command's own options.
    argv : sequence of str
        The words of the command line.
    others : collection of str
        Options that may stand among them and are checked elsewhere.

    Returns
    -------
    options : argparse.Namespace
    rest : list of str
        The words that belong to the others.

    Raises
    ------
    UsageError
        If an option is unknown (with the nearest known one), or has a bad value.
    """
    known = [*parser.known_options, *others]
    for word in argv:
        if word.startswith("--") and word.partition("=")[0] not in known:
            raise UsageError(f"unknown option {word.partition('=')[0]}{suggestion(word.partition('=')[0], known)}")
    options, rest = parser.parse_known_args(argv)
    if rest and not others:
        raise UsageError(f"unexpected argument {rest[0]!r}; `--help` lists the options")
    return options, rest


def suggestion(word: str, known: Collection[str]) -> str:
    """Return what to append to a complaint about a word: the nearest known one, if one is near."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else "; `--help` lists what is known"


def instant(text: str) -> int:
    """Read an ISO 8601 instant with a zone.

    Parameters
    ----------
    text : str
        Such as ``2026-03-02T00:00:00Z`` or ``2026-03-02T01:00+01:00``.

    Returns
    -------
    int
        UTC milliseconds since the epoch.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is no instant, or names no time of day or no zone.
    """
    day = re.fullmatch(r"(\d{4}-?\d{2}-?\d{2})([zZ]|[+-][\d:]+)?", text)  # Python takes a zone behind it for a time
    whole = f"{day[1]}T00:00:00Z" if day else text
    try:
        when = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", whole))  # Python 3.10 reads no Z
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 8601 instant such as 2026-03-02T00:00:00Z") from None
    if day:
        raise argparse.ArgumentTypeError(f"{text!r} names no time of day: write {whole} for where it begins in UTC")
    if when.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no zone: write {text}Z for UTC, or an offset such as +01:00")
    return round(when.timestamp() * 1000)


def show_instant(milliseconds: int) -> str:
    """Write UTC milliseconds as ISO 8601."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def number(least: float, most: float = math.inf) -> Callable[[str], float]:
    """Make an argument type: a finite number from ``least`` to ``most``."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
        return _in_range(value, text, least, most)

    return read


def whole_number(least: int, most: float = math.inf) -> Callable[[str], int]:
    """Make an argument type: a whole number from ``least`` to ``most``."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
        return int(_in_range(value, text, least, most))

    return read


def _in_range(value: float, text: str, least: float, most: float) -> float:
    if not (math.isfinite(value) and least <= value <= most):
        limits = f"at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
        raise argparse.ArgumentTypeError(f"{text} is not {limits}")
    return value


def web_address(text: str) -> str:
    """Read the URL of an endpoint."""
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no URL such as http://127.0.0.1:9400")
    return text
