"""A table in the catalog: made from its schema, and grown with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from callbeam.storage import StorageError

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table as IcebergTable
    from pyiceberg.table import Transaction

    from callbeam.schemas import Table

PARTITION: Final = "month"
"""The partition of a row: the first six characters of its ``job_id``, which are year and month. So joined files, too,
lie in one partition, and no column is added for it."""

MONTH_CHARACTERS: Final = 6

PROPERTIES: Final = {
    # Bounds of columns in metadata would tell ids of calls after their rows were erased; readers need the job's alone.
    "write.metadata.metrics.default": "counts",
    "write.metadata.metrics.column.job_id": "full",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
}


OUTPUT: Final = "callbeam.output"
"""The table's property that names the output whose files it has. Two outputs may have jobs of the same id, whose files
would take each other's place."""


def open_table(catalog: Catalog, namespace: str, table: Table, output: str) -> IcebergTable:
    """Open an output's table, made if there is none, with all columns that its schema has by now.

    Raises
    ------
    StorageError
        If the table is not this output's.
    """
    from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError  # noqa: PLC0415

    identifier = (namespace, table.name)
    try:
        opened = catalog.load_table(identifier)
    except NoSuchTableError:
        try:
            opened = catalog.create_table(
                identifier, schema=_documented(table), properties={**PROPERTIES, OUTPUT: output}
            )
        except TableAlreadyExistsError:  # another writer was quicker
            opened = catalog.load_table(identifier)
    refuse_other_output(opened, output)
    known = {field.name for field in opened.schema().fields}
    grown = any(column.name not in known for column in table.columns)
    unpartitioned = PARTITION not in {field.name for field in opened.spec().fields}
    if grown or unpartitioned or opened.name_mapping() is None:
        with opened.transaction() as transaction:
            _grow(transaction, table, grown=grown, unpartitioned=unpartitioned)
    return opened


def refuse_other_output(table: IcebergTable, output: str) -> None:
    """Refuse a table that is not an output's.

    Raises
    ------
    StorageError
        With the way out.
    """
    theirs = table.properties.get(OUTPUT)
    if theirs != output:
        raise StorageError(
            f"table {'.'.join(table.name())} of the catalog has what lies at {theirs or 'places of others'}, not at "
            f"{output}: name a namespace of this output's own, --iceberg CATALOG.NAMESPACE"
        )


def _grow(transaction: Transaction, table: Table, *, grown: bool, unpartitioned: bool) -> None:
    from pyiceberg.transforms import TruncateTransform  # noqa: PLC0415

    if grown:
        with transaction.update_schema() as update:
            update.union_by_name(_documented(table))
    if unpartitioned:
        with transaction.update_spec() as spec:
            spec.add_field("job_id", TruncateTransform(MONTH_CHARACTERS), PARTITION)
    # Files have names and no ids: this is how readers know which column is which.
    mapping = transaction.table_metadata.schema().name_mapping.model_dump_json()
    transaction.set_properties({"schema.name-mapping.default": mapping})


def _documented(table: Table) -> pa.Schema:
    """Return the schema with the columns' meanings where pyiceberg looks for them."""
    return pa.schema(
        [
            pa.field(column.name, column.type, nullable=column.nullable, metadata={"doc": column.meaning})
            for column in table.columns
        ]
    )
