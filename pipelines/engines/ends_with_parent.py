"""Runs a program that ends when the process that started it does, even if that is killed.

::

    python -I -S ends_with_parent.py PROGRAM [WORD ...]
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the program."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)  # kept by what this process becomes
        if os.getppid() != parent:
            sys.exit(1)  # it has ended meanwhile
    # Whoever runs jobs keeps these to a thread of its own, and programs that it starts inherit that.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606  (what this is for)


if __name__ == "__main__":
    main()
