"""Who was erased: hashes of names of calls and subjects, which every later write honours."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from callbeam.storage import ObjectStore

ERASED: Final = "_erased/"
"""Beside the tables: readers of tables pass over what begins with an underscore."""

_NAMED_BY: Final = ("call_id", "subject_key")
"""Columns that tell whose row it is."""

_REFERRING: Final = (
    "contact_id",
    "initial_contact_id",
    "previous_contact_id",
    "next_contact_id",
    "related_contact_id",
    "chime_call_id",
    "aliases",
    "split_group",
    "sources",
    "detail",
    "stream_arn",
    "place",
)
"""Columns in which rows of others may name a call: all of the value, or a word of it."""

_WORD = re.compile(r"[A-Za-z0-9_-]{8,}")


@dataclass(frozen=True, slots=True)
class Tombstones:
    """Names that were erased, as hashes: who reads them learns nobody's name.

    Examples
    --------
    >>> erased = Tombstones(frozenset({erased_name("call-0001")}))
    >>> erased.hold("call-0001"), erased.hold("call-0002"), erased.hold(None)
    (True, False, False)
    >>> erased.masked("contact call-0001: no stream")
    'contact erased-bc2f304246a4: no stream'
    """

    names: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.names)

    def hold(self, name: str | None) -> bool:
        """Tell whether a call or subject was erased."""
        return name is not None and erased_name(name) in self.names

    def masked(self, text: str) -> str:
        """Return a text without the names that were erased: the same token stands for the same name everywhere."""
        if self.hold(text):
            return _token(text)
        return _WORD.sub(lambda word: _token(word.group()) if self.hold(word.group()) else word.group(), text)


def erased_name(name: str) -> str:
    """Return what a name is kept as once it is erased."""
    return hashlib.sha256(name.encode()).hexdigest()


def _token(name: str) -> str:
    return f"erased-{erased_name(name)[:12]}"


def load_tombstones(store: ObjectStore) -> Tombstones:
    """Read who was erased.

    Raises
    ------
    StorageError
        If they cannot be listed.
    """
    keys = (info.key.removeprefix(ERASED) for info in store.list(ERASED))
    return Tombstones(frozenset(key.removesuffix(".json") for key in keys if key.endswith(".json")))


def add_tombstone(store: ObjectStore, name: str, facts: Mapping[str, Any]) -> None:
    """Say that a call or subject is erased; ``facts`` are for people, and hold no names."""
    text = json.dumps(dict(facts), sort_keys=True, indent=1)
    store.put(f"{ERASED}{erased_name(name)}.json", text.encode() + b"\n")


def without_erased(rows: pa.Table, erased: Tombstones) -> pa.Table:
    """Return a table's rows without those of the erased, and without their names in rows of others.

    Parameters
    ----------
    rows : pyarrow.Table
        Of any table of ``schemas/``.
    erased : Tombstones

    Returns
    -------
    pyarrow.Table
        The same object if there is nothing of them in it.
    """
    if not erased:
        return rows
    for name in _NAMED_BY:
        if name in rows.schema.names:
            gone = [value for value in pc.unique(rows[name]).to_pylist() if erased.hold(value)]
            if gone:
                of_them = pc.fill_null(pc.is_in(rows[name], pa.array(gone, pa.string())), False)
                rows = rows.filter(pc.invert(of_them))
    for name in _REFERRING:
        if name in rows.schema.names:
            rows = _masked_column(rows, name, erased)
    return rows


def _masked_column(rows: pa.Table, name: str, erased: Tombstones) -> pa.Table:
    field = rows.schema.field(name)
    if pa.types.is_list(field.type):
        lists = rows[name].to_pylist()
        masked: list[Any] = [None if one is None else [erased.masked(text) for text in one] for one in lists]
        changed = masked != lists
    else:
        texts = pc.unique(rows[name]).to_pylist()
        new = {text: erased.masked(text) for text in texts if text is not None}
        changed = any(old != text for old, text in new.items())
        masked = [new.get(text) for text in rows[name].to_pylist()] if changed else []
    return rows.set_column(rows.schema.get_field_index(name), field, pa.array(masked, field.type)) if changed else rows


def names_in(rows: pa.Table, erased: Tombstones) -> bool:
    """Tell whether a table has rows of the erased, or their names; ``rows`` may hold only the columns concerned."""
    return without_erased(rows, erased) is not rows


def naming_columns(schema: pa.Schema) -> list[str]:
    """Return the columns of a table that may name somebody."""
    wanted: Iterable[str] = (*_NAMED_BY, *_REFERRING)
    return [name for name in wanted if name in schema.names]
