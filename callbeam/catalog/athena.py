"""``docs/athena.sql`` from the schemas: ``python -m callbeam.catalog.athena docs/athena.sql``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from callbeam.catalog.page_files import place_asked_for, write_files
from callbeam.errors import UsageError
from callbeam.schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.schemas import Column, Table

LOCATION = "s3://BUCKET/PREFIX"
DATABASE = "callbeam"
FIRST_DAY = "2020-01-01"


class Partition(NamedTuple):
    """How the partitions of a table are called, and what they are."""

    key: str
    meaning: str
    format: str
    first: str
    unit: str


DAYS = Partition("dt", "UTC date of the range of the job that wrote the row.", "yyyy-MM-dd", FIRST_DAY, "DAYS")
MONTHS = Partition("month", "Month of the jobs whose files were joined.", "yyyy-MM", FIRST_DAY[:7], "MONTHS")

COMMENT_LENGTH = 255
"""The longest comment that AWS Glue, which keeps Athena's tables, takes."""

PLAIN_TYPES = {
    pa.string(): "string",
    pa.binary(): "binary",
    pa.bool_(): "boolean",
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.date32(): "date",
}

HEADER = """\
-- The tables for Amazon Athena, written from schemas/ by `python -m callbeam.catalog.athena docs/athena.sql`.
--
-- They lie below {location}, the job's --output, in the database {database}. Both can be given:
-- `python -m callbeam.catalog.athena athena.sql --location s3://my-bucket/calls --database my_calls`.
-- Move {first_day} in 'projection.dt.range' to your first day: Athena lists each day that a query does not leave out.
-- Athena runs one statement at a time; the tables hold no data of their own, dropping one deletes no file.
--
-- Partitions are projected: there is nothing to load or repair after a job. dt is the UTC date of the job's range, as a
-- string; name it in WHERE (dt >= '2026-03-01'), and Athena reads only those days. Timestamps are UTC.
"""


JOINED = """\
--
-- Files of months that callbeam compact has joined lie in partitions of their own. So each table here is a view over
-- two: days (dt in WHERE still reads only those), and months, where the day is what job_id begins with.
"""


def athena_ddl(location: str = LOCATION, database: str = DATABASE, *, joined: bool = False) -> str:
    """Return the text of ``docs/athena.sql``: a statement for the database, and one for each table.

    Parameters
    ----------
    location : str
        Where jobs write: their ``--output``, an ``s3://`` URL.
    database : str
        The database of the tables: lower-case letters, digits and underscores.
    joined : bool
        Whether months are or will be joined by ``callbeam compact``: each table is a view over days and months then.

    Raises
    ------
    UsageError
        If one of them cannot be one.
    """
    location = location.rstrip("/")
    if not location.startswith("s3://") or "'" in location or location == "s3:/":
        raise UsageError(f"{location!r} is no s3://bucket/prefix: Athena reads from S3 alone")
    if not (database.isascii() and database.isidentifier() and database == database.lower()):
        raise UsageError(f"{database!r} cannot name a database: use lower-case letters, digits and underscores")
    header = HEADER.format(location=location, database=database, first_day=FIRST_DAY)
    tables = [_create(table, location, database, table.name, DAYS) for table in TABLES.values()]
    if joined:
        header += JOINED
        tables = [statement for table in TABLES.values() for statement in _joined(table, location, database)]
    return "\n".join([header, f"CREATE DATABASE IF NOT EXISTS `{database}`;", *tables])


def athena_type(kind: Any) -> str:
    """Spell an Arrow type as Athena's DDL does.

    Raises
    ------
    TypeError
        If Athena has no such type.

    Examples
    --------
    >>> athena_type(pa.list_(pa.struct([("name", pa.string()), ("value", pa.float32())])))
    'array<struct<name:string,value:float>>'
    """
    if kind in PLAIN_TYPES:
        return PLAIN_TYPES[kind]
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_list(kind):
        return f"array<{athena_type(kind.value_type)}>"
    if pa.types.is_map(kind):
        return f"map<{athena_type(kind.key_type)},{athena_type(kind.item_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{field.name}:{athena_type(field.type)}' for field in kind)}>"
    raise TypeError(f"Athena has no type for {kind}")


def _joined(table: Table, location: str, database: str) -> list[str]:
    """Return the statements of a table of which some months are joined."""
    by_day, by_month = f"{table.name}_by_day", f"{table.name}_by_month"
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    day = "concat(substr(job_id, 1, 4), '-', substr(job_id, 5, 2), '-', substr(job_id, 7, 2))"
    view = f"""
CREATE OR REPLACE VIEW "{database}"."{table.name}" AS
SELECT {columns}, dt FROM "{database}"."{by_day}"
UNION ALL
SELECT {columns}, {day} FROM "{database}"."{by_month}";"""  # noqa: S608  (names of our own, and a database's that was checked)
    return [
        _create(table, location, database, by_day, DAYS),
        _create(table, location, database, by_month, MONTHS),
        view,
    ]


def _create(table: Table, location: str, database: str, name: str, partition: Partition) -> str:
    columns = ",\n".join(f"  {_column(column)}" for column in table.columns)
    place, key = f"{location}/{table.name}/", partition.key
    return f"""
CREATE EXTERNAL TABLE IF NOT EXISTS `{database}`.`{name}` (
{columns}
)
COMMENT {_comment(f"A row is {table.row}. {table.written_when}".strip())}
PARTITIONED BY (`{key}` string COMMENT '{partition.meaning}')
STORED AS PARQUET
LOCATION '{place}'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.{key}.type' = 'date',
  'projection.{key}.format' = '{partition.format}',
  'projection.{key}.range' = '{partition.first},NOW',
  'projection.{key}.interval' = '1',
  'projection.{key}.interval.unit' = '{partition.unit}',
  'storage.location.template' = '{place}{key}=${{{key}}}/'
);"""


def _column(column: Column) -> str:
    return f"`{column.name}` {athena_type(column.type)} COMMENT {_comment(column.meaning)}"


def _comment(text: str) -> str:
    """Return a comment as a literal, cut between words where it is too long for Glue."""
    if len(text) > COMMENT_LENGTH:
        text = text[: COMMENT_LENGTH - 3].rsplit(" ", 1)[0] + "..."
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the statements."""
    parser = argparse.ArgumentParser(prog="python -m callbeam.catalog.athena", description="Athena's DDL.")
    parser.add_argument("--location", default=LOCATION, help="where jobs write (default: %(default)s)")
    parser.add_argument("--database", default=DATABASE, help="database of the tables (default: %(default)s)")
    parser.add_argument("--joined", action="store_true", help="for an output whose months callbeam compact joins")
    options = place_asked_for(parser, "the file to write", argv)
    try:
        statements = athena_ddl(options.location, options.database, joined=options.joined)
    except UsageError as error:
        parser.error(str(error))
    write_files(parser, {options.path: statements + "\n"})


if __name__ == "__main__":
    main()
