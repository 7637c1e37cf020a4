"""DuckDB's own extension for Iceberg, which knows nothing of pyiceberg, reads what is committed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from builders.engines import engine
from builders.iceberg_lake import (
    CATALOG,
    DAYS,
    LAKE,
    NAMES,
    Rows,
    again,
    as_set,
    by_manifest,
    join,
    table,
)
from builders.made_lake import spread

from callbeam.erasure import forget
from callbeam.tables import Output, load_manifests

if TYPE_CHECKING:
    from pathlib import Path

    from builders.rest_catalog import RestCatalog

    from callbeam.storage import ObjectStore

PROGRAM = """
import sys, duckdb
folder, *statements = sys.argv[1:]
connection = duckdb.connect(config={"autoinstall_known_extensions": False})
for name in ("avro", "httpfs", "iceberg"):
    connection.execute(f"LOAD '{folder}/duckdb_extension_{name}/extensions/v1.5.5/{name}.duckdb_extension'")
for statement in statements:
    connection.execute(statement)
"""


def duck(*statements: str) -> None:
    """Execute statements by a DuckDB of its own: an extension fits one version."""
    folder = engine(f"duckdb-iceberg-1.5.5-{sys.implementation.cache_tag}")
    command = [sys.executable, "-c", PROGRAM, str(folder), *statements]
    run = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def by_extension(folder: Path, sources: dict[str, str], *before: str) -> Rows:
    folder.mkdir(exist_ok=True)
    copies = [f"COPY (SELECT * FROM {source}) TO '{folder}/{name}.parquet'" for name, source in sources.items()]
    duck(*before, *copies)
    return {name: as_set(pq.read_table(folder / f"{name}.parquet"), name) for name in sources}


def change(store: ObjectStore) -> None:
    """Join a month, run a job of it again, add a month, and forget a call."""
    join(store)
    again(store, DAYS[1])
    spread(LAKE, store, [DAYS[0].replace(month=4)], tables=NAMES, iceberg=CATALOG)
    call_id = Output(store, load_manifests(store), "").read("calls", ["call_id"])["call_id"][0].as_py()
    forget(store, call_ids=[call_id], subject_keys=[], attempt="f", asked="")


def test_it_reads_the_tables_by_the_places_of_their_metadata(store: ObjectStore, tmp_path: Path) -> None:
    change(store)
    scans = {name: f"iceberg_scan('{table(name).metadata_location}')" for name in NAMES}
    assert by_extension(tmp_path / "read", scans) == by_manifest(store)
    april = {name: f"{scan} WHERE job_id >= '202604'" for name, scan in scans.items()}
    expected = by_manifest(store)
    assert all(0 < len(rows) < len(expected[name]) for name, rows in by_extension(tmp_path / "april", april).items())


@pytest.mark.parametrize("catalog", ["rest"], indirect=True)
def test_it_reads_the_tables_of_a_rest_catalog(store: ObjectStore, tmp_path: Path, rest_server: RestCatalog) -> None:
    change(store)
    attach = f"ATTACH '' AS lake (TYPE iceberg, ENDPOINT '{rest_server.url}', AUTHORIZATION_TYPE 'none')"
    assert by_extension(tmp_path / "read", {name: f"lake.calls.{name}" for name in NAMES}, attach) == by_manifest(store)
