"""Freed memory goes back to the system, where the C library would keep it."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# In a process of its own: in a heap with holes, small blocks would not lie between the large ones.
MEASURE = """
import os
from pathlib import Path
from callbeam.transforms.memory import give_back

def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

mixed = [(bytearray(100_000), bytes(1000)) for _ in range(800)]
kept = [rows for _, rows in mixed]
del mixed
before = resident_bytes()
give_back()
print(before - resident_bytes())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has other ways")
def test_what_is_free_between_rows_that_are_kept_goes_back() -> None:
    ran = subprocess.run([sys.executable, "-c", MEASURE], check=True, capture_output=True, text=True)
    assert int(ran.stdout) > 40_000_000
