"""Metadata of expired snapshots: left for whoever still plans a query by them, and deleted by a later commit."""

from __future__ import annotations

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from pyiceberg.table import Table as IcebergTable

LOGGER = logging.getLogger(__name__)

LEFT: Final = "callbeam.left-metadata"
"""The table's property that names manifest lists of expired snapshots, each with when it expired, in ms."""

GRACE_MS: Final = 86_400_000

READERS: Final = 16


def left_metadata(table: IcebergTable) -> dict[str, int]:
    """Return what earlier commits have left: manifest lists, and when their snapshots expired."""
    return {str(path): int(expired_ms) for path, expired_ms in json.loads(table.properties.get(LEFT, "{}")).items()}


def tidied(table: IcebergTable, expired: Collection[int]) -> dict[str, int]:
    """Delete what was left a day ago; return what is left then, with the lists of snapshots that expire now.

    Parameters
    ----------
    table : pyiceberg.table.Table
    expired : collection of int
        Snapshots that the next commit expires.
    """
    left, now_ms = left_metadata(table), time.time_ns() // 1_000_000
    due = [path for path, expired_ms in left.items() if expired_ms + GRACE_MS <= now_ms]
    if due:
        try:
            _delete(table, due)
        except OSError as error:
            LOGGER.warning("%s: metadata of expired snapshots stay (%s)", table.name(), error)
        else:
            left = {path: expired_ms for path, expired_ms in left.items() if path not in due}
    return left | {one.manifest_list: now_ms for one in table.snapshots() if one.snapshot_id in expired}


def _delete(table: IcebergTable, lists: Collection[str]) -> None:
    """Delete manifest lists, and the manifests that they alone know, manifests first: a killed process loses none."""
    with ThreadPoolExecutor(READERS) as pool:
        known = {
            path
            for paths in pool.map(lambda one: _manifests(table, one.manifest_list), table.snapshots())
            for path in paths
        }
        left = {path for paths in pool.map(lambda one: _manifests_left(table, one), lists) for path in paths}
        for paths in (left - known, lists):
            list(pool.map(lambda path: _delete_file(table, path), paths))


def _manifests(table: IcebergTable, manifest_list: str) -> set[str]:
    from pyiceberg.manifest import read_manifest_list  # noqa: PLC0415

    return {manifest.manifest_path for manifest in read_manifest_list(table.io.new_input(manifest_list))}


def _manifests_left(table: IcebergTable, manifest_list: str) -> set[str]:
    with suppress(FileNotFoundError):  # deleted by a process that was killed before it said so
        return _manifests(table, manifest_list)
    return set()


def _delete_file(table: IcebergTable, path: str) -> None:
    with suppress(FileNotFoundError):
        table.io.delete(path)
