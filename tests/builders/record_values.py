"""Values within records of any form: where they are, and a record with one of them changed."""

from __future__ import annotations

import copy
from typing import Any


def changed(record: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of a record with one value changed, or with ``...`` left out; the path has dots."""
    made = copy.deepcopy(record)
    *parents, name = path.split(".")
    at: Any = made
    for parent in parents:
        at = at[int(parent)] if isinstance(at, list) else at[parent]
    key: Any = int(name) if isinstance(at, list) else name
    if value is ...:
        del at[key]
    else:
        at[key] = value
    return made


def places(record: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values within a record that hold no others."""
    items = record.items() if isinstance(record, dict) else enumerate(record) if isinstance(record, list) else None
    if items is None:
        return [path]
    return [place for name, each in items for place in places(each, (*path, name))]
