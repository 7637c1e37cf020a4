"""Which catalog: a name that pyiceberg's own configuration knows, and a namespace in it."""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING

from callbeam.errors import UsageError
from callbeam.iceberg.iceberg_tables import refuse_other_output
from callbeam.schemas import TABLES
from callbeam.storage import StorageError

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

NAMESPACE = "callbeam"
"""Where the name has none."""

_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_]+)?")


def namespace_of(name: str) -> str:
    """Return the namespace of a catalog's name.

    Examples
    --------
    >>> namespace_of("lake"), namespace_of("lake.calls_eu")
    ('callbeam', 'calls_eu')
    """
    return name.partition(".")[2] or NAMESPACE


def open_catalog(name: str) -> Catalog:
    """Open a catalog by its name; how it is reached, and with what credentials, pyiceberg knows.

    Parameters
    ----------
    name : str
        ``<catalog>`` or ``<catalog>.<namespace>``.

    Raises
    ------
    UsageError
        If pyiceberg is missing, or cannot open a catalog of that name.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is neither CATALOG nor CATALOG.NAMESPACE: letters, digits and underscores")
    if importlib.util.find_spec("pyiceberg") is None:
        raise UsageError(f"Iceberg catalog {name} needs pyiceberg: pip install 'callbeam[iceberg]'")
    from pyiceberg.catalog import load_catalog  # noqa: PLC0415  (an extra, and half a second)

    catalog = name.partition(".")[0]
    try:
        return load_catalog(catalog)
    except Exception as error:  # (each kind of catalog has errors of its own)
        raise UsageError(
            f"Iceberg catalog {catalog} cannot be opened ({_line(error)}): name it in .pyiceberg.yaml, or by "
            f"PYICEBERG_CATALOG__{catalog.upper().replace('-', '_')}__URI, on every machine that publishes"
        ) from error


def check_catalog(name: str, output: str) -> None:
    """Refuse a catalog that cannot be written to, or whose namespace has another output's tables, before any work.

    Raises
    ------
    UsageError
        With the cause and the way out.
    """
    catalog, namespace = open_catalog(name), namespace_of(name)
    try:
        catalog.create_namespace_if_not_exists(namespace)
        there = {identifier[-1] for identifier in catalog.list_tables(namespace)}
        first = next((catalog.load_table((namespace, table)) for table in TABLES if table in there), None)
    except Exception as error:
        raise UsageError(f"Iceberg catalog {name} does not take namespace {namespace} ({_line(error)})") from error
    try:
        if first is not None:
            refuse_other_output(first, output)
    except StorageError as error:
        raise UsageError(str(error)) from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
