"""Exit codes, and the one line that says why."""

from __future__ import annotations

import functools
import re
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


def root_cause(error: BaseException) -> str:
    """Return in one line what went wrong, without the runner's wrapping.

    An error that was raised on purpose speaks for itself; of others the first one tells most.

    Parameters
    ----------
    error : BaseException
        As a runner raises it.
    """
    import grpc  # noqa: PLC0415  (commands without a runner do without)

    while error.__cause__ is not None and not isinstance(error, CallbeamError):
        error = error.__cause__
    if isinstance(error, grpc.RpcError) and isinstance(error, grpc.Call):  # its text begins with no cause
        return f"the runner's job server answered {error.code().name}: {error.details()}"
    lines = str(error).strip().splitlines() or [type(error).__name__]
    line = _error_line(lines) if lines[0].startswith("Traceback ") else lines[0]
    return re.sub(r" \[while running '[^']*'\]$", "", line)


def _error_line(traceback: Sequence[str]) -> str:
    """Return what a worker's traceback ends in, without the name of the error's class where that is callbeam's."""
    errors = [line for line in traceback if re.match(r"[A-Za-z_][\w.]*(: |$)", line)]
    line = (errors or traceback)[-1]
    return re.sub(r"^callbeam\.[\w.]+: ", "", line)
