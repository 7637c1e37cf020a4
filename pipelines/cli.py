"""The ``callbeam`` command: one word chooses what to run, each with its own command line."""

from __future__ import annotations

import ctypes
import difflib
import gc
import importlib
import os
import platform
import sys
from collections.abc import Sequence
from types import ModuleType

from callbeam.errors import CallbeamError
from callbeam.pipelines.local_run import configure_logging

COMMANDS = {
    "plan": ("callbeam.pipelines.plan", "what a backfill would read, take and cost; reads no media"),
    "backfill": ("callbeam.pipelines.backfill", "from retained streams to Parquet tables"),
    "inspect": ("callbeam.pipelines.inspect_capture", "what each document of a Matroska capture holds"),
    "emulator": (
        "callbeam.pipelines.run_emulator",
        "Kinesis Video Streams on this machine, with made-up calls",
    ),
    "report": ("callbeam.pipelines.report", "pages that show calls: an index of all, and one for each call asked for"),
    "export": ("callbeam.pipelines.export", "sound files of calls from KVS; labels and manifests from the tables"),
    "enrich": ("callbeam.pipelines.enrich", "what other systems say of calls, into the tables of these calls"),
    "forget": ("callbeam.pipelines.forget", "calls or customers out of every table, and kept out"),
    "compact": ("callbeam.pipelines.compact", "the small files of whole months into large ones"),
    "demo": ("callbeam.pipelines.demo", "a backfill over made-up calls, compared with their truth"),
}

_M_ARENA_MAX = -8  # of glibc's malloc.h


def usage() -> str:
    """Return the help text of the bare command."""
    lines = [f"  {name:<9} {meaning}" for name, (_, meaning) in COMMANDS.items()]
    return (
        "usage: callbeam COMMAND [options]\n\n" + "\n".join(lines) + "\n\n`callbeam COMMAND --help` lists its options."
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The words behind ``callbeam``; those of the process by default.

    Returns
    -------
    int
        The command's own exit code; 2 where there is no such command.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if words else 2
    if words[0] == "--version":
        return _show_versions()
    if words[0] not in COMMANDS:
        near = difflib.get_close_matches(words[0], COMMANDS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        print(f"callbeam: error: no command {words[0]!r}{hint}\n\n{usage()}", file=sys.stderr)
        return 2
    configure_logging()
    # Read when pyarrow is imported, here and in worker processes: an allocator of Arrow's own would keep for itself
    # what Arrow has freed.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    _keep_one_heap()
    try:
        code = int(_load(COMMANDS[words[0]][0]).main(words[1:]))
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("callbeam: error: interrupted", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _keep_one_heap() -> None:
    """Have all threads allocate from one heap, where glibc is: from heaps of their own, none takes what another freed.

    It makes 15 MB of a job's peak, and no time: threads of a job take turns anyway. Workers inherit it.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def _show_versions() -> int:
    """Print what results rest on."""
    from callbeam.pipelines.job_identity import versions  # noqa: PLC0415  (keeps other commands' start free of it)

    try:
        of_libraries = versions()
    except CallbeamError as error:
        print(f"callbeam: error: {error}", file=sys.stderr)
        return 2
    print(f"callbeam {of_libraries.pop('callbeam')} (Python {platform.python_version()})")
    print("\n".join(f"  {name} {version}" for name, version in of_libraries.items()))
    return 0


def _load(name: str) -> ModuleType:
    """Import a command, and keep the garbage collector from looking at what stays for good: it takes 0.5 s in all."""
    gc.disable()
    try:
        module = importlib.import_module(name)
    finally:
        gc.enable()
    gc.freeze()
    return module


if __name__ == "__main__":
    sys.exit(main())
