"""A real REST catalog on this machine: Iceberg's own reference, which can be killed and started again."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from pyiceberg.catalog import load_catalog

from builders.engines import engine, free_port, java

MAIN = "org.apache.iceberg.rest.RestCatalog"
READY_S, PATIENCE_S = 60.0, 10.0


class RestCatalog:
    """A server that keeps its port and its folder from one start to the next.

    The test skips where Java or the server is absent.

    Parameters
    ----------
    folder : pathlib.Path
        Of its own: its database, and the warehouse with the tables' metadata.
    properties : dict of str to str, optional
        More of the catalog's; those that begin with ``vended.`` are told to whoever loads a table.

    Attributes
    ----------
    folder : pathlib.Path
    port : int
    url : str
    """

    def __init__(self, folder: Path, properties: dict[str, str] | None = None) -> None:
        self.folder = folder
        own = {
            "uri": f"jdbc:sqlite:{folder}/catalog.db",
            "warehouse": f"{folder}/warehouse",
            "jdbc.schema-version": "V1",
            "clients": "1",  # two connections to one file may lock each other out for good
        }
        self._properties = own | (properties or {})
        self._command = [java(), "-Xmx256m", "-cp", f"{engine('rest-catalog-1.10.1/lib')}/*", MAIN]
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RestCatalog:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = [str(self.port), *(f"{name}={value}" for name, value in self._properties.items())]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([*self._command, *words], stdout=log, stderr=log)
        end = time.monotonic() + READY_S
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(OSError), urlopen(f"{self.url}/v1/config", timeout=1):
                return
            time.sleep(0.05)
        self.kill()
        raise TimeoutError(f"the REST catalog did not start:\n{(self.folder / 'log').read_text()[-2000:]}")

    def kill(self) -> None:
        """Kill it where it stands, if it runs; ``start`` brings it back."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._process = None

    def settings(self) -> dict[str, Any]:
        """Return what pyiceberg is to know of it."""
        return {"TYPE": "rest", "URI": self.url}

    def clear(self) -> None:
        """Forget every table, with its metadata."""
        catalog = load_catalog("cleared", type="rest", uri=self.url)
        for namespace in catalog.list_namespaces():
            for identifier in catalog.list_tables(namespace):
                catalog.drop_table(identifier)
            catalog.drop_namespace(namespace)
        shutil.rmtree(self.folder / "warehouse", ignore_errors=True)
