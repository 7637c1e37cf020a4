"""The tables of an output as a mapping: what is in it is what has been published, and asking reads nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbeam.notebook import open_tables

if TYPE_CHECKING:
    from builders.made_output import MadeOutput


def test_only_what_is_published_is_in_it(made: MadeOutput) -> None:
    made.add_call("call-1")
    folder = made.publish()
    tables = open_tables(folder)
    for path in folder.glob("*/dt=*/*.parquet"):
        path.unlink()
    assert "calls" in tables
    assert "clips" not in tables
    assert "nothing" not in tables
    assert all(name in tables for name in tables)
