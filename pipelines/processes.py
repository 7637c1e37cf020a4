"""The processes below this one, as the kernel tells; none where there is no ``/proc``."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path


def descendants(parent: int) -> list[int]:
    """Return the ids of a process's children, their children, and so on, parents first."""
    children: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in parentheses, may hold anything; behind it come the state and the parent's id.
            _, parent_id, *_ = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        children[int(parent_id)].append(int(stat.parent.name))
    found = list(children[parent])
    for process in found:
        found += children[process]
    return found
