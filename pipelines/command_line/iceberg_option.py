"""The option that has jobs committed to an Iceberg catalog."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def add_iceberg_argument(add: Callable[..., Any]) -> None:
    """Add the option; ``callbeam.tables.kept_catalog`` checks what it says."""
    add(
        "--iceberg",
        metavar="CATALOG",
        help="commit each job's files to this Iceberg catalog as snapshots: CATALOG or CATALOG.NAMESPACE, as "
        "pyiceberg's own configuration names it; the output keeps to it from then on",
    )
