"""Freed memory goes back to the system, where the C library would keep it."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from callbeam.transforms.memory import give_back

BLOCK = 100_000
BLOCKS = 800


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has other ways")
def test_what_is_free_between_rows_that_are_kept_goes_back() -> None:
    mixed = [(bytearray(BLOCK), bytes(1000)) for _ in range(BLOCKS)]
    kept = [rows for _, rows in mixed]
    del mixed
    before = resident_bytes()
    give_back()
    assert before - resident_bytes() > BLOCK * BLOCKS / 2
    assert len(kept) == BLOCKS
