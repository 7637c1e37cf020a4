"""Whether a worker has the memory that its pieces may take: told when it starts, not by the system's killing it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from callbeam.errors import UsageError

MB = 1_000_000

PROCESS_MB = 250
"""A worker process before it reads: imports, sessions of AWS, the model of voice activity (``bench_memory.py``)."""

PIECE_MB = 250
"""A piece of 30 minutes of two channels: its documents, its samples, and what the analysis takes beside them."""


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What a runner starts on one machine or in one container.

    Attributes
    ----------
    threads : int
        Pieces that a process may hold at the same time.
    processes : int or None
        Worker processes that share the memory; None for one each core.
    others_mb : int
        What the runner's own processes beside them take.
    way_out : str
        What to change where there is too little, for people.
    """

    threads: int = 1
    processes: int | None = 1
    others_mb: int = 0
    way_out: str = "give the worker more memory"

    def megabytes(self) -> int:
        """Return the memory that all of it may take."""
        processes = self.processes or os.cpu_count() or 1
        return self.others_mb + processes * (PROCESS_MB + self.threads * PIECE_MB)

    def check(self, root: Path = Path("/")) -> None:
        """Refuse to start where there is too little.

        Parameters
        ----------
        root : Path, optional
            Where the system's files lie.

        Raises
        ------
        UsageError
            With what there is, what may be needed, and what to change.
        """
        there = memory_limit(root) // MB
        if there >= self.megabytes():
            return
        processes = self.processes or os.cpu_count() or 1
        of = "process" if processes == 1 else "processes"
        what = f"{processes} worker {of} of {self.threads} {'piece' if self.threads == 1 else 'pieces'} at a time"
        raise UsageError(f"there are {there} MB of memory, and {what} may need {self.megabytes()} MB: {self.way_out}")


def memory_limit(root: Path = Path("/")) -> int:
    """Return the bytes of memory that this process may take: the machine's, or its container's where that is less.

    Parameters
    ----------
    root : Path, optional
        Where the system's files lie.

    Returns
    -------
    int
        The least of the machine's memory and the limits of the control groups (versions 1 and 2) that it is in.
    """
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limits = [file.read_text(encoding="ascii").strip() for file in _limit_files(root) if file.is_file()]
    return min([machine, *(int(limit) for limit in limits if limit.isdigit())])  # else it is "max"


def _limit_files(root: Path) -> list[Path]:
    """Return where limits may stand: of this process's group and those around it, seen from within or from outside."""
    groups = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        lines = []
    files = [groups / "memory.max", groups / "memory/memory.limit_in_bytes"]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, name = groups, "memory.max"
        elif "memory" in controllers.split(","):
            top, name = groups / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = Path(path.lstrip("/"))
        files += [top / part / name for part in (group, *group.parents)]
    return files
