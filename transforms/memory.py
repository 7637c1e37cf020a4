"""Memory that was freed goes back to the system."""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def _trim() -> Any:
    """Return glibc's ``malloc_trim``, None where there is another C library."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def give_back() -> None:
    """Return what the C library keeps of freed memory, when one kind of work is over and another begins.

    Among a piece's samples and frames lie the few rows that outlive it. By itself glibc returns only what is free at
    the end of its heap, and what is free elsewhere is of little use to pyarrow, which has an allocator of its own.
    Between pieces it would be vain: the next takes as much again, and pays 2 % of its time for having it back.
    """
    trim = _trim()
    if trim is not None:
        trim(ctypes.c_size_t(0))
