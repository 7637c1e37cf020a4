"""Exit codes, and the one line that says why."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence

from callbeam.errors import CallbeamError, UsageError

EXIT_JOB_FAILED = 1
EXIT_USAGE = 2
EXIT_LOSS = 3


def command(name: str) -> Callable[[Callable[[Sequence[str]], int]], Callable[[Sequence[str]], int]]:
    """Make a command's main function: errors raised on purpose become one line and an exit code.

    Parameters
    ----------
    name : str
        What the line begins with.
    """

    def decorate(main: Callable[[Sequence[str]], int]) -> Callable[[Sequence[str]], int]:
        @functools.wraps(main)
        def run(argv: Sequence[str]) -> int:
            try:
                return main(argv)
            except CallbeamError as error:
                print(f"{name}: error: {error}", file=sys.stderr)
                return EXIT_USAGE if isinstance(error, UsageError) else EXIT_JOB_FAILED
            except KeyboardInterrupt:
                print(f"{name}: interrupted", file=sys.stderr)
                return EXIT_JOB_FAILED

        return run

    return decorate
