"""What the last release's tables were, and whether today's still serve who reads them.

At a release, once the version in ``callbeam/__init__.py`` is final::

    python -m callbeam.catalog.table_snapshot tests/schemas/released.json

and, from ``tests/``, ``python -m builders.released_lake schemas/lake-<version>``: tables as that release writes them.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from callbeam import __version__
from callbeam.catalog.page_files import place_asked_for, write_files
from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callbeam.schemas import Table

Snapshot = dict[str, dict[str, Any]]
"""By table: version, key, and columns as ``{name: {"type": ..., "nullable": ...}}``, in order."""


def snapshot(tables: Iterable[Table]) -> Snapshot:
    """Put down what readers of the tables rest on.

    Parameters
    ----------
    tables : iterable of Table
    """
    return {
        table.name: {
            "version": table.version,
            "key": list(table.key),
            "columns": {
                column.name: {"type": str(column.type), "nullable": column.nullable} for column in table.columns
            },
        }
        for table in tables
    }


def breaking_changes(released: Snapshot, now: Snapshot) -> list[str]:
    """Say what would break a reader of the released tables; columns may only be added, and nullable.

    Parameters
    ----------
    released, now : Snapshot

    Returns
    -------
    list of str
        One line for each change; empty if all is well.
    """
    found = []
    for name, old in released.items():
        if name not in now:
            found.append(f"table {name} is gone")
            continue
        found += [f"table {name}: {change}" for change in _changes(old, now[name])]
    return found


def _changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    found = []
    if old["key"] != new["key"]:
        found.append(f"its key was {old['key']}")
    for name, column in old["columns"].items():
        if name not in new["columns"]:
            found.append(f"column {name} is gone")
        elif new["columns"][name] != column:
            found.append(f"column {name} was {column}")
    added = [name for name in new["columns"] if name not in old["columns"]]
    found += [f"new column {name} must be nullable" for name in added if not new["columns"][name]["nullable"]]
    if added and new["version"] <= old["version"]:
        found.append(f"it has new columns, so its version must rise above {old['version']}")
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Write the snapshot of a release."""
    parser = argparse.ArgumentParser(
        prog="python -m callbeam.catalog.table_snapshot", description="A release's tables."
    )
    options = place_asked_for(parser, "the file to write", argv)
    content = {"release": __version__, "tables": snapshot(TABLES.values())}
    write_files(parser, {options.path: json.dumps(content, indent=1) + "\n"})


if __name__ == "__main__":
    main()
