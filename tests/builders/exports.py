"""``callbeam export``, run in this process over an emulator in a thread, and what it left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from callbeam.pipelines import export

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from callbeam.emulator import Emulator


@dataclass(frozen=True)
class ExportResult:
    """What an export left, what it printed, and how many fragments it asked KVS for."""

    code: int
    folder: Path
    out: str
    err: str
    asked: int

    def files(self, suffix: str) -> list[Path]:
        return sorted(self.folder.rglob(f"*{suffix}"))

    def one(self, pattern: str) -> Path:
        (path,) = self.folder.rglob(pattern)
        return path

    def listing(self) -> dict[str, Any]:
        return json.loads(self.one("*-call.json").read_text())

    def audio(self) -> dict[tuple[str, str], bytes]:
        """Return each call's samples by track."""
        found = {}
        for path in sorted(self.folder.rglob("*-call.json")):
            call_id = json.loads(path.read_text())["call_id"]
            for raw in path.parent.glob("*.raw"):
                role = next(role for role in ("customer", "agent") if f"-{role}-" in raw.name)
                found[call_id, role] = raw.read_bytes()
        return found


@dataclass(frozen=True)
class Exporter:
    """Runs exports into a folder each."""

    kvs: Emulator
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str, output: str = "export") -> ExportResult:
        source = ["--kvs-endpoint-url", self.kvs.endpoint_url, "--region", "us-east-1", "--fragments-per-second", "0"]
        if "--tables" in words:
            source = []
        self.capsys.readouterr()
        self.kvs.requests.clear()
        code = export.main([*words, *source, "--output", str(self.folder / output)])
        printed = self.capsys.readouterr()
        asked = sum(request.n for request in self.kvs.requests if request.api == "GetMediaForFragmentList")
        return ExportResult(code, self.folder / output, printed.out, printed.err, asked)
