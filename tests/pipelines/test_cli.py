"""How a command is loaded, and what the bare one says."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import callbeam
from callbeam.pipelines import cli


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_while_a_command_loads_no_garbage_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(cli.importlib, "import_module", lambda _: seen.append(gc.isenabled()))
    before = gc.get_freeze_count()
    cli._load("any")
    assert seen == [False]
    assert gc.isenabled()
    assert gc.get_freeze_count() > before


def test_a_command_that_cannot_be_loaded_leaves_the_collector_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> Any:
        raise ImportError("no module")

    monkeypatch.setattr(cli.importlib, "import_module", fail)
    with pytest.raises(ImportError):
        cli._load("any")
    assert gc.isenabled()


def test_the_version_names_what_results_rest_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    first, *libraries = capsys.readouterr().out.splitlines()
    assert first.startswith(f"callbeam {callbeam.__version__} (Python 3.")
    assert {"apache-beam", "numpy", "onnxruntime", "pyarrow"} <= {line.split()[0] for line in libraries}


HEAPS = """
import ctypes, sys, threading
from callbeam.pipelines import cli

libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
try:
    cli.main(sys.argv[1:])
except SystemExit:
    pass
together = threading.Barrier(4)

def allocate():
    together.wait()
    libc.malloc(100)
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
file = libc.fopen(b"/dev/stderr", b"w")
libc.malloc_info(0, ctypes.c_void_p(file))
libc.fclose(ctypes.c_void_p(file))
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="another C library than glibc")
@pytest.mark.parametrize(("words", "are_many"), [(["--version"], True), (["forget"], False)])
def test_threads_of_a_command_share_a_heap(words: list[str], are_many: bool) -> None:
    told = subprocess.run([sys.executable, "-c", HEAPS, *words], capture_output=True, text=True, check=True).stderr
    assert (told.count("<heap nr=") > 1) == are_many
