"""``docs/tables.md`` from the schemas: ``python -m callbeam.catalog.table_docs docs/tables.md``."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from callbeam.catalog.page_files import place_asked_for, write_files
from callbeam.schemas import STATISTICS, TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.schemas import Table

UNITS = {
    "_db_khz": "dB/kHz",
    "_db_s": "dB/s",
    "_st_s": "semitones/s",
    "_st": "semitones",
    "_z": "standard deviations",
    "_per_min": "1/min",
    "_per_s": "1/s",
    "_dbfs": "dBFS",
    "_db": "dB",
    "_hz": "Hz",
    "_ms": "ms",
    "_hours": "h",
    "_ratio": "0 to 1",
    "_ts": "UTC",
    "bytes": "bytes",
    "samples": "samples",
}
"""Units by the end of a column's name, longer ends first."""

INTRODUCTION = """\
# Tables

Written from `schemas/` by `python -m callbeam.catalog.table_docs docs/tables.md`; a test holds that it is current.

Files are `<table>/dt=YYYY-MM-DD/<job_id>-<shard>.parquet`. `dt`, the UTC date of the job's range by server time, stands
in the path, and `job_id` begins with it. A job's files are those that `_jobs/<job_id>/manifest.json` names. Rows are
sorted by the table's key, which names each row once. Where `callbeam compact` has joined a month, files of many jobs
lie at `<table>/month=YYYY-MM/`, sorted by job. NULL means not computable; there is no 0 or -1 in its place. Offsets
(`_offset_ms`) count from the call's start. Columns are only ever added, and nullable then; a file's metadata hold the
schema's version (`callbeam.schema_version`) and what each column means (`callbeam.columns`).
"""


def tables_markdown() -> str:
    """Return the text of ``docs/tables.md``."""
    listed = [f"| [{table.name}](#{table.name}) | {table.row} |" for table in TABLES.values()]
    index = "\n".join(["| table | a row is |", "|---|---|", *listed])
    return "\n".join([INTRODUCTION, index, *(_section(table) for table in TABLES.values())])


def unit_of(column: str) -> str:
    """Return a column's unit, from its name; empty if it has none.

    Examples
    --------
    >>> unit_of("f0_median_hz_p80")
    'Hz'
    """
    measured = re.sub(rf"_({'|'.join(STATISTICS)})$", "", column)
    return next((unit for end, unit in UNITS.items() if measured.endswith(end)), "")


def type_name(kind: Any) -> str:
    """Spell an Arrow type as SQL engines do.

    Examples
    --------
    >>> type_name(pa.list_(pa.float32()))
    'list<float>'
    """
    if pa.types.is_map(kind):
        return f"map<{type_name(kind.key_type)}, {type_name(kind.item_type)}>"
    if pa.types.is_list(kind):
        return f"list<{type_name(kind.value_type)}>"
    if pa.types.is_timestamp(kind):
        return f"timestamp({kind.unit}, {kind.tz})"
    return str(kind)


def _section(table: Table) -> str:
    when = f" {table.written_when}" if table.written_when else ""
    key = ", ".join(f"`{name}`" for name in table.key)
    rows = [
        f"| `{column.name}` | `{type_name(column.type)}` | {unit_of(column.name)} "
        f"| {'yes' if column.nullable else ''} | {_cell(column.meaning)} |"
        for column in table.columns
    ]
    return "\n".join(
        [
            f"\n## {table.name}\n",
            f"A row is {table.row}.{when} Key: {key}. Schema version {table.version}.\n",
            "| column | type | unit | nullable | meaning |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def main(argv: Sequence[str] | None = None) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m callbeam.catalog.table_docs", description="The tables' page.")
    options = place_asked_for(parser, "the file to write", argv)
    write_files(parser, {options.path: tables_markdown() + "\n"})


if __name__ == "__main__":
    main()
